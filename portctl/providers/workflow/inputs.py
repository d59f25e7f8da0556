"""Rules about pipelines with inputs: Port sends what they declare, and they take nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from portctl.manifest.lint import Finding, Rule
from portctl.model.diagnostic import Severity
from portctl.model.resource import Management, Resource
from portctl.model.value import MISSING, Pending, Value, get
from portctl.providers.gitlab.inputs import Input, declared_inputs, misfit
from portctl.providers.port.rules.templates import parse
from portctl.providers.workflow.pipelines import Started, pipeline_files, started_pipelines, started_project
from portctl.source import Path

_ROLE = "ci_pipeline_variables_minimum_override_role"
_NOBODY = "no_one_allowed"


def unfitting_inputs(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every input that a call sends and the pipeline would refuse, or misses."""
    for started in started_pipelines(resources):
        if started.caller.management is Management.OBSERVE or not started.call.url:
            continue
        found: Value = get(started.call.sent, ("inputs",))
        sent: Value = {} if found is MISSING else found
        declared = declared_inputs(started.file.text)
        if declared is None:
            if isinstance(sent, Mapping) and sent:
                detail = f"{_name(started)} declares no inputs: GitLab refuses the call"
                yield _finding(started, "", detail, "Declare them in the header of the file, `spec: inputs`.")
        elif isinstance(sent, Mapping):
            yield from _sent(started, sent, declared)


def open_variables(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Projects whose pipelines take inputs of a trigger, and variables beside them."""
    projects = {resource.address: resource for resource in resources if resource.kind.full_name == "gitlab/Project"}
    triggered = {
        resource.meta.within for resource in resources if resource.kind.full_name == "gitlab/PipelineTrigger"
    } | {started_project(started.caller, resources) for started in started_pipelines(resources)}
    seen = set()
    for file in pipeline_files(resources):
        project = projects.get(file.project)
        if project is None or project.address in seen or project.address not in triggered:
            continue
        if file.files.management is Management.OBSERVE or declared_inputs(file.text) is None:
            continue
        role = project.attributes.get(_ROLE)
        observed = project.management is Management.OBSERVE
        if role != _NOBODY or observed:
            seen.add(project.address)
            yield _variables_open(project, role, observed=observed)


def _variables_open(project: Resource, role: Value, *, observed: bool) -> Finding:
    if observed:
        why = "is only observed, so nothing says that it refuses variables"
        hint = f"Take `management: observe` away and set `{_ROLE}: {_NOBODY}`; what you do not name is left as it is."
    else:
        why = (
            f"does not set `{_ROLE}`, so nothing says that it refuses variables"
            if role is None
            else f"has `{_ROLE}: {role}`, so it takes variables of such users"
        )
        hint = f"Set `{_ROLE}: {_NOBODY}`."
    return Finding(
        resource=project,
        path=() if role is None else (_ROLE,),
        summary="Variables beside inputs",
        detail=f"{project.address} {why}: whoever has the trigger token can send some beside the inputs that the "
        "pipeline checks, `BASH_ENV` for one, which runs before the first line of every job",
        hint=hint,
    )


def _sent(started: Started, sent: Mapping[str, Value], declared: Mapping[str, Input]) -> Iterator[Finding]:
    if any("{{" in name for name in sent):
        return
    for name, value in sent.items():
        if name not in declared:
            detail = f"{_name(started)} does not declare `{name}`: GitLab refuses the call"
            yield _finding(started, name, detail, f"Declared there: {', '.join(sorted(declared)) or 'none'}.")
            continue
        for literal, what in _literals(started.caller, value):
            reason = misfit(declared[name], literal)
            if reason:
                detail = f"{what} is refused by {_name(started)}: {reason}"
                yield _finding(started, name, detail, "Correct the value, or the header of the pipeline.")
    missing = [name for name, one in declared.items() if not one.has_default and name not in sent]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        detail = f"{_name(started)} demands {names}: GitLab refuses the call"
        yield _finding(started, "", detail, "Send it, or give it a default in the header of the file.")


def _literals(caller: Resource, value: Value) -> list[tuple[Value, str]]:
    """What is known of a value, and how to call it: itself, or the words that the action's own input offers."""
    if isinstance(value, Pending):
        return []
    if not isinstance(value, str) or "{{" not in value:
        return [(value, "what is sent")]
    program = parse(value).whole
    name = program.removeprefix(".inputs.") if program.startswith(".inputs.") else ""
    words = get(caller.attributes, ("trigger", "userInputs", "properties", name, "enum"))
    return [(word, f"`{word}`, which the action offers,") for word in words] if isinstance(words, tuple) else []


def _finding(started: Started, name: str, detail: str, hint: str) -> Finding:
    path: Path = started.call.path
    if isinstance(get(started.call.sent, ("inputs",)), Mapping):
        path = (*path, "inputs", *((name,) if name else ()))
    elif started.call.sent is MISSING:
        path = (*path[:-1], "url")
    return Finding(
        resource=started.caller, path=path, summary="Input does not fit the pipeline", detail=detail, hint=hint
    )


def _name(started: Started) -> str:
    return f"{started.file.name} of {started.file.project}"


RULES: tuple[Rule, ...] = (
    Rule(
        id="workflow/inputs",
        severity=Severity.ERROR,
        summary="An input that a call of Port sends, or does not, and the pipeline refuses",
        check=unfitting_inputs,
    ),
    Rule(
        id="gitlab/variables-open",
        severity=Severity.ERROR,
        summary="A project whose pipeline checks its inputs and takes variables beside them",
        check=open_variables,
    ),
)
