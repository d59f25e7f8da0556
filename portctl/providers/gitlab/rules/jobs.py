"""What GitLab refuses in the jobs of a pipeline: keywords, scripts, stages, and what jobs name of each other.

Source: GitLab docs, "CI/CD YAML syntax reference".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portctl.providers.gitlab.ci import CiFile, Reference
from portctl.providers.gitlab.inputs import holds_input
from portctl.providers.gitlab.rules.includes import Included, included
from portctl.providers.gitlab.rules.keywords import keyword_problems, noun
from portctl.providers.gitlab.rules.problem import Problem
from portctl.providers.gitlab.rules.references import MOST_NESTED, References
from portctl.source import Path

GLOBAL_KEYWORDS = frozenset(
    ("after_script", "before_script", "cache", "default", "image", "include", "services", "spec", "stages", "types")
) | {"variables", "workflow"}
JOB_KEYWORDS = frozenset(
    (
        *("after_script", "allow_failure", "artifacts", "before_script", "cache", "coverage", "dast_configuration"),
        *("dependencies", "environment", "except", "extends", "hooks", "id_tokens", "identity", "image", "inherit"),
        *("inputs", "interruptible", "manual_confirmation", "needs", "only", "pages", "parallel", "publish", "release"),
        *("resource_group", "retry", "rules", "run", "script", "secrets", "services", "stage", "start_in", "tags"),
        *("timeout", "trigger", "type", "variables", "when"),
    )
)
_LONGEST_WORD, _MOST_WORDS = 100, 1000
_MOST_LEVELS = 11
"""Source: GitLab docs, CI/CD YAML syntax reference, `extends`: as many as eleven levels."""
_STAGES = ("build", "test", "deploy")
_WHENS = ("on_success", "on_failure", "always", "manual", "delayed", "never")
_STARTS = ("script", "run", "trigger")
_SCRIPTS = ("before_script", "script", "after_script")
_DEEPEST_SCRIPT = 10
_MOST_DOCUMENTS = 2
"""Source: GitLab's code, `Gitlab::Ci::Config::Yaml::Loader`. Some versions refuse a third one, others
take any one of the three."""


def problems(files: Mapping[str, CiFile], entry: str) -> Iterator[Problem]:
    """Everything wrong with the pipeline that starts with the file `entry`; local includes are among `files`."""
    taking_part = included(files, entry)
    yield from taking_part.problems
    pipeline = _Pipeline(files, taking_part)
    yield from pipeline.shapes()
    if not pipeline.misshapen:
        yield from pipeline.relations()


class _Pipeline:
    """The jobs of all files that take part."""

    def __init__(self, files: Mapping[str, CiFile], taking_part: Included) -> None:
        self._files = files
        self._names, self._complete = taking_part.names, taking_part.complete
        self.misshapen = False
        self._jobs: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._stages: tuple[str, ...] = _STAGES
        self._whole: dict[str, dict[str, Any]] = {}
        self._why_not: dict[str, str] = {}
        self._open_ended: dict[str, bool] = {}
        self._references = References(files, self._names)
        self._extended = frozenset(_extended(files[name].body for name in self._names))

    def shapes(self) -> Iterator[Problem]:
        """Each file and each job by itself."""
        for name in self._names:
            body = self._files[name].body
            if not isinstance(body, Mapping):
                self.misshapen = True
                yield Problem(name, (), "a pipeline is a mapping of jobs and keywords")
                continue
            yield from self._file_problems(name, body)
            self._complete = self._complete and not any(map(holds_input, (*body, body.get("stages"))))
            if "stages" in body and not holds_input(body["stages"]):
                if not _is_texts(body["stages"]) or not body["stages"]:
                    self.misshapen = True
                    yield Problem(name, ("stages",), "stages is a list of names")
                    continue
                self._stages = tuple(body["stages"])
            yield from self._entries(name, body)

    def _file_problems(self, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
        if self._files[name].documents > _MOST_DOCUMENTS:
            yield Problem(
                name, (), "there are more than two documents, and GitLab knows a header with `spec` and the pipeline"
            )
        if "spec" in body:
            yield Problem(name, ("spec",), "`spec` belongs to a header: the document before a line with `---`")
        for key in _SCRIPTS:
            if key in body:
                yield from _script_problems(name, (key,), body[key])
        for key in ("default", "workflow"):
            if isinstance(body.get(key), Mapping):
                yield from (Problem(name, (key, *path), text) for path, text in keyword_problems(body[key]))

    def _entries(self, name: str, body: Mapping[str, Any]) -> Iterator[Problem]:
        """What is no keyword: jobs, templates, and whatever somebody refers to."""
        for job, content in body.items():
            if job in GLOBAL_KEYWORDS:
                continue
            if isinstance(content, Mapping):
                self._jobs[str(job)] = (name, content)
                if not str(job).startswith(".") or str(job) in self._extended:
                    yield from _job_problems(name, str(job), content)
            elif not str(job).startswith(".") and not holds_input(content):
                self.misshapen = True
                hint = _near(str(job), GLOBAL_KEYWORDS)
                yield Problem(name, (str(job),), f"`{job}` is neither a keyword nor a job, which is a mapping.{hint}")

    def relations(self) -> Iterator[Problem]:
        """What jobs name of each other. Where parts of the pipeline are elsewhere, only what is here is judged."""
        yield from self._references.cycles()
        visible = self._visible()
        if not visible and self._complete:
            yield Problem(self._names[0], (), "there is no job: names that begin with a dot are templates only")
        for name in visible:
            file, own = self._jobs[name]
            cycle = self._unextendable(name)
            if cycle:
                yield Problem(file, (name, "extends"), cycle)
                continue
            job = self._merged(name)
            if not any(key in job for key in _STARTS) and not self._may_inherit(name):
                yield Problem(file, (name,), f"job `{name}` has no script, and no trigger or run either")
            if "rules" in job and ("only" in job or "except" in job):
                key = "only" if "only" in job else "except"
                yield Problem(file, (name, key if key in own else "rules"), f"`rules` and `{key}` exclude each other")
            for key in _SCRIPTS:
                if self._references.too_deep(job.get(key)):
                    text = f"`{key}` has `!reference` tags in `!reference` tags, more than {MOST_NESTED} levels deep"
                    yield Problem(file, (name, key if key in own else "extends"), text)
            yield from self._stage_problems(file, name, job)
            yield from self._needs_problems(file, name, job)

    def _visible(self) -> list[str]:
        return [name for name in self._jobs if not name.startswith(".")]

    def _stage_problems(self, file: str, name: str, job: Mapping[str, Any]) -> Iterator[Problem]:
        stage = job.get("stage", "test")
        if (
            isinstance(stage, str)
            and self._complete
            and not holds_input(stage)
            and stage not in (".pre", *self._stages, ".post")
        ):
            known = f"{', '.join(self._stages)}, .pre and .post"
            yield Problem(file, (name, "stage"), f"stage `{stage}` is none of {known}.{_near(stage, self._stages)}")

    def _needs_problems(self, file: str, name: str, job: Mapping[str, Any]) -> Iterator[Problem]:
        needed: set[str] = set()
        for index, need in enumerate(job["needs"] if isinstance(job.get("needs"), list) else []):
            other = need.get("job") if isinstance(need, Mapping) else need
            elsewhere = isinstance(need, Mapping) and ("project" in need or "pipeline" in need)
            if not isinstance(other, str) or elsewhere or holds_input(other):
                continue
            needed.add(other)
            path = (name, "needs", index)
            optional = isinstance(need, Mapping) and need.get("optional") is True
            if other not in self._jobs or other.startswith("."):
                if self._complete and not optional:
                    yield Problem(
                        file, path, f"needs `{other}`, and there is no such job.{_near(other, self._visible())}"
                    )
            elif self._order(self._merged(other)) > self._order(job):
                yield Problem(file, path, f"needs `{other}`, which is in a later stage")
        for index, other in enumerate(job["dependencies"] if isinstance(job.get("dependencies"), list) else []):
            path = (name, "dependencies", index)
            if isinstance(other, Reference) or holds_input(other):
                continue
            if not isinstance(other, str):
                yield Problem(file, path, f"a dependency is the name of a job, not {noun(other)}")
            elif self._complete and other not in self._jobs:
                yield Problem(
                    file, path, f"depends on `{other}`, and there is no such job.{_near(other, self._visible())}"
                )
            elif "needs" in job and other not in needed:
                yield Problem(file, path, f"depends on `{other}`, which is not among its needs")

    def _order(self, job: Mapping[str, Any]) -> int:
        stages = (".pre", *self._stages, ".post")
        stage = job.get("stage", "test")
        return stages.index(stage) if stage in stages else 0

    def _parents(self, name: str) -> tuple[str, ...]:
        return _parents_of(self._jobs[name][1])

    def _unextendable(self, name: str, seen: tuple[str, ...] = ()) -> str:
        """Why the templates of a job cannot be put together, "" when they can."""
        if name in seen:
            return f"`{name}` extends itself"
        if len(seen) > _MOST_LEVELS:
            return f"extends templates more than {_MOST_LEVELS} levels deep"
        if not self._why_not.get(name, "?"):
            return ""
        self._why_not[name] = self._unextendable_parent(name, seen)
        return self._why_not[name]

    def _unextendable_parent(self, name: str, seen: tuple[str, ...]) -> str:
        for parent in self._parents(name):
            if parent not in self._jobs:
                if self._complete and not holds_input(parent):
                    return f"extends `{parent}`, which does not exist.{_near(parent, self._jobs)}"
                continue
            deeper = self._unextendable(parent, (*seen, name))
            if deeper:
                return deeper
        return ""

    def _may_inherit(self, name: str) -> bool:
        """Whether something that is not here may complete the job."""
        if name not in self._open_ended:
            unknown = any(parent not in self._jobs or self._may_inherit(parent) for parent in self._parents(name))
            self._open_ended[name] = unknown or any(key == "<<" for key in self._jobs[name][1])
        return self._open_ended[name]

    def _merged(self, name: str) -> dict[str, Any]:
        if name not in self._whole:
            merged: dict[str, Any] = {}
            for parent in self._parents(name):
                if parent in self._jobs and not self._unextendable(parent):
                    merged |= self._merged(parent)
            self._whole[name] = merged | dict(self._jobs[name][1])
        return self._whole[name]


def _parents_of(job: Mapping[str, Any]) -> tuple[str, ...]:
    extends = job.get("extends")
    named = extends if isinstance(extends, list) else [extends]
    return tuple(name for name in named if isinstance(name, str))


def _extended(bodies: Iterable[Any]) -> Iterator[str]:
    """What jobs extend. Other hidden entries may hold anything: they are there to be referred to."""
    for body in bodies:
        for job in body.values() if isinstance(body, Mapping) else ():
            if isinstance(job, Mapping):
                yield from _parents_of(job)


def _job_problems(file: str, name: str, job: Mapping[str, Any]) -> Iterator[Problem]:
    for key in job:
        if key not in JOB_KEYWORDS and key != "<<":
            hint = _near(str(key), JOB_KEYWORDS)
            yield Problem(file, (name, str(key)), f"job `{name}` has an unknown keyword `{key}`.{hint}")
    for key in _SCRIPTS:
        if key in job:
            yield from _script_problems(file, (name, key), job[key])
    yield from (Problem(file, (name, *path), text) for path, text in keyword_problems(job))
    when = job.get("when", "on_success")
    if when not in _WHENS and not isinstance(when, Reference) and not holds_input(when):
        yield Problem(file, (name, "when"), f"when is one of {', '.join(_WHENS)}, not `{when}`")


def _script_problems(file: str, path: Path, script: Any) -> Iterator[Problem]:
    if script in (None, "", []):
        yield Problem(file, path, f"`{path[-1]}` is empty")
    elif isinstance(script, list):
        yield from _lines_problems(file, path, script, 1)
    elif not isinstance(script, str | Reference):
        yield Problem(file, path, f"`{path[-1]}` is a list of commands, not {noun(script)}")


def _lines_problems(file: str, path: Path, lines: list[Any], depth: int) -> Iterator[Problem]:
    for index, line in enumerate(lines):
        if isinstance(line, list) and depth < _DEEPEST_SCRIPT:
            yield from _lines_problems(file, (*path, index), line, depth + 1)
        elif not isinstance(line, str | Reference):
            more = "; quote the whole line, its colon makes it a mapping" if isinstance(line, Mapping) else ""
            yield Problem(file, (*path, index), f"a command is text, not {noun(line)}{more}")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _near(word: str, known: Iterable[str]) -> str:
    near = [each for each in sorted(known) if each[:1] == word[:1] and len(each) <= _LONGEST_WORD]
    close = difflib.get_close_matches(word[:_LONGEST_WORD], near[:_MOST_WORDS], n=1, cutoff=0.7)
    return f" Did you mean `{close[0]}`?" if close else ""
