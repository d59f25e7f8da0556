"""Routes of CI lint. Source: GitLab docs, "CI Lint API"."""

from __future__ import annotations

import yaml

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.lint import Linted, NotEmulated, lint
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import not_emulated, not_found
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import BOOLEAN, NEEDED, TEXT
from portctl.sandbox.gitlab.store.access import Level


class _Plain(yaml.SafeDumper):
    """YAML that says the same thing twice rather than by an alias."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_FLAGS = {"dry_run": BOOLEAN, "include_jobs": BOOLEAN, "ref": TEXT}
CONTENT = {**_FLAGS, "content": NEEDED}
COMMITTED = {**_FLAGS, "content_ref": TEXT, "sha": TEXT, "dry_run_ref": TEXT}
_FILE = ".gitlab-ci.yml"


def check_content(call: Call) -> Answer:
    """Lint what is sent; a file that is not valid is still answered with 200."""
    project = call.project(Level.DEVELOPER)
    values = call.values(CONTENT)
    _refuse_simulation(values)
    if call.instance.strict("lint-empty-repository") and not call.instance.repository(project).heads():
        return _answer(Linted(("Reference not found",)))
    return _linted(values["content"])


def check_committed(call: Call) -> Answer:
    """Lint the file of a branch, tag or commit."""
    project, repository = code(call)
    values = call.values(COMMITTED)
    _refuse_simulation(values)
    sha = repository.resolve(values.get("content_ref") or values.get("sha") or project["default_branch"])
    if sha is None:
        raise not_found("Commit")
    entry = repository.entry(sha, project["ci_config_path"] or _FILE)
    return _linted("" if entry is None else repository.blob(entry.sha).decode("utf-8", "replace"))


def _refuse_simulation(values: Row) -> None:
    for name in ("dry_run", "include_jobs"):
        if values.get(name):
            raise not_emulated(f"{name} of CI lint: pipelines come later")


def _linted(content: str) -> Answer:
    try:
        return _answer(lint(content))
    except NotEmulated as error:
        raise not_emulated(str(error)) from error


def _answer(linted: Linted) -> Answer:
    merged = None if linted.merged is None else yaml.dump(dict(linted.merged), Dumper=_Plain, sort_keys=False)
    body = {
        "valid": linted.valid,
        "errors": list(linted.errors),
        "warnings": [],
        "merged_yaml": merged,
        "includes": [],
        "jobs": None,
    }
    return Answer(200, body)
