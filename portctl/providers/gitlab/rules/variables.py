"""Rules about CI/CD variables. Source: GitLab docs, "CI/CD variables", mask a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import Pending
from portctl.providers.gitlab.inputs import declared
from portctl.providers.gitlab.rules.pipelines import readable
from portctl.providers.gitlab.rules.shapes import HOLE, Instance, flag, is_secret, shown

_KINDS = ("Variable", "GroupVariable")
_SHORTEST = 8
_PLAIN = re.compile(r"[a-zA-Z0-9_+=/@:.~-]*")
_RAW = re.compile(r"\S*")
_VALUE = ("value",)


def unmaskable(instance: Instance) -> Iterator[Finding]:
    """What is known of the value already breaks the server's rules for masked ones."""
    names = {resource.identity[:-2]: set[str]() for resource in instance.of(*_KINDS)}
    for resource in instance.of(*_KINDS):
        key = resource.attributes.get("key")
        names[resource.identity[:-2]].update({key} if isinstance(key, str) else ())
    for resource in instance.of(*_KINDS):
        value = resource.attributes.get("value")
        text = shown(value)
        if text is None or not flag(resource.attributes, "masked", "hidden"):
            continue
        reason = _reason(text, raw=flag(resource.attributes, "raw"), whole=not isinstance(value, Pending))
        if not reason and text in names[resource.identity[:-2]]:
            reason = "it is the name of another variable"
        if reason:
            yield _finding(resource, f"GitLab refuses to mask this value: {reason}", _HINT)


_HINT = "Encode it (`| b64encode`), set `raw: true`, or make it a protected variable of type `file`."


def _reason(text: str, *, raw: bool, whole: bool) -> str:
    known = text.replace(HOLE, "")
    if re.search(r"\s", known):
        return "it holds a blank or a line end"
    if not (_RAW if raw else _PLAIN).fullmatch(known):
        return "only letters, digits and _ + = / @ : . ~ - are allowed unless `raw` is set"
    return f"it has less than {_SHORTEST} characters" if whole and len(known) < _SHORTEST else ""


def masked_in_clear(instance: Instance) -> Iterator[Finding]:
    """What must not be seen in a job's log must not be seen in git either."""
    for resource in instance.of(*_KINDS):
        value = resource.attributes.get("value")
        if flag(resource.attributes, "masked", "hidden") and shown(value) is not None and not is_secret(value):
            hint = "Use `<% secret('NAME') %>`, or drop `masked` if everybody may know it."
            yield _finding(resource, "the value is masked in logs, and stands in clear text in this manifest", hint)


def secret_unmasked(instance: Instance) -> Iterator[Finding]:
    """A secret that a job would print."""
    for resource in instance.of(*_KINDS):
        guarded = resource.attributes.get("variable_type") == "file" and flag(resource.attributes, "protected")
        if (
            is_secret(resource.attributes.get("value"))
            and not guarded
            and not flag(resource.attributes, "masked", "hidden")
        ):
            hint = "Set `masked: true`; what cannot be masked becomes a protected variable of type `file`."
            yield _finding(resource, "a job that prints it shows the secret in its log", hint)


def secret_expanded(instance: Instance) -> Iterator[Finding]:
    """`$` and what follows it would be taken for a variable."""
    for resource in instance.of(*_KINDS):
        if is_secret(resource.attributes.get("value")) and not flag(resource.attributes, "raw"):
            yield _finding(
                resource, "a `$` in the secret would be expanded, and the job would see other text", _RAW_HINT
            )


_RAW_HINT = "Set `raw: true`."


def refused_triggers(instance: Instance) -> Iterator[Finding]:
    """A trigger in a project whose setting refuses it. One whose pipeline takes inputs has no need of variables."""
    triggered = {resource.identity[0] for resource in instance.of("PipelineTrigger")}
    triggered -= {resource.identity[0] for resource, _, file in readable(instance) if declared(file)}
    name = "ci_pipeline_variables_minimum_override_role"
    for resource in instance.of("Project"):
        role = resource.attributes.get(name)
        if resource.identity[0] in triggered and role in (None, "no_one_allowed"):
            is_ = f"is {role}" if role else "is not set, and `no_one_allowed` in new projects"
            yield Finding(
                resource=resource,
                path=(name,) if role else (),
                summary="Triggers may be refused",
                detail=f"`{name}` {is_}: GitLab then refuses triggers that pass variables, older servers every trigger",
                hint="Declare `spec: inputs` in the pipeline and send those; or set it to `developer` or `maintainer`, "
                "the role of the user who owns the token.",
            )


def _finding(resource: Resource, detail: str, hint: str) -> Finding:
    summary = {_HINT: "Cannot be masked", _RAW_HINT: "Secret may be changed"}.get(hint, "Secret in the open")
    return Finding(resource=resource, path=_VALUE, summary=summary, detail=detail, hint=hint)
