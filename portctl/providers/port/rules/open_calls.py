"""Rules: calls of GitLab in which whoever runs an action chooses names, and with them the environment of the jobs.

Inputs that are not declared are accepted by Port and passed on. Source: GitLab docs, "Use pipeline variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import Pending, Value, get
from portctl.providers.port.rules.calls import BACKEND, PipelineCall, pipeline_call, started_action
from portctl.providers.port.rules.shapes import Organisation, map_at, text_at, texts
from portctl.providers.port.rules.templates import is_spread, parse
from portctl.source import Path

_OWN = ("id", "ref", "token")
"""Keys that GitLab takes for itself, beside `inputs` and `variables`."""

_INPUT = re.compile(r"\.inputs\b")
_RUN_INPUT = re.compile(r"\.inputs\b|\.diff\b(?:(?!\.diff\b).)*?\.properties\b")
_TOKEN = re.compile(r"[?&]token=\s*\{\{")
_VARIABLE = re.compile(r"[?&]variables\[")
_HARM = (
    "`variables: {BASH_ENV: ...}` among it becomes the environment of every job before its first line, "
    "and the caller's code runs with the secrets of the pipeline"
)
_FIX = (
    'Write each key out: `inputs: {name: "{{ .inputs.name }}"}`, and declare it in `spec: inputs` of the pipeline '
    "with `options` or a `regex`."
)


def open_calls(organisation: Organisation) -> Iterator[Finding]:
    """Every call of GitLab, directly or by way of a second action, that sends more than a closed list of keys."""
    actions = organisation.of("Action")
    for resource in organisation.ours("Action", "Automation"):
        call = pipeline_call(resource)
        if call is not None:
            yield from _unclosed(resource, call)
            yield from _url_parts(resource, call)
        else:
            yield from _two_steps(resource, actions)


def tokens_in_urls(organisation: Organisation) -> Iterator[Finding]:
    """What stands in a query is written into the access logs on the way; what stands in a body is not."""
    for resource in organisation.ours("Action", "Automation"):
        call = pipeline_call(resource)
        if call is not None and _TOKEN.search(call.url):
            yield Finding(
                resource=resource,
                path=(BACKEND, "url"),
                summary="Trigger token in the query",
                detail="proxies and servers write the query of a request into their logs, and the token with it",
                hint="Send it in the body: `token: {{ .secrets.NAME }}`, beside `ref` and `inputs`.",
            )


def _unclosed(resource: Resource, call: PipelineCall) -> Iterator[Finding]:
    if _is_text(call.sent):
        yield _open(resource, call.path, f"the whole of it is an expression: whatever it gives is sent, and {_HARM}")
        return
    if not isinstance(call.sent, Mapping):
        return
    if call.url:
        yield from _reserved(resource, call)
    rest = {key: value for key, value in call.sent.items() if not (call.url and key == "variables")}
    yield from _open_keys(resource, rest, call.path)


def _reserved(resource: Resource, call: PipelineCall) -> Iterator[Finding]:
    """The keys of a trigger's body that are GitLab's own."""
    sent = call.sent
    if "variables" in sent:
        detail = (
            "pipeline variables become the environment of every job before its first line, which can therefore "
            "refuse none of them: `BASH_ENV` runs the caller's code with the secrets of the pipeline"
        )
        yield _open(resource, (*call.path, "variables"), detail, f"Send no variables. {_FIX}")
    if _is_text(sent.get("inputs")):
        detail = "`inputs` is an expression: it sends whatever the caller sends, also inputs meant for others"
        yield _open(resource, (*call.path, "inputs"), detail)
    reads = _RUN_INPUT if _is_about_runs(resource) else _INPUT
    for key in _OWN:
        for _, text in texts(sent.get(key)):
            if any(reads.search(program) for program in parse(text).programs):
                detail = f"`{key}` is GitLab's own, and the caller chooses it: another branch is another pipeline"
                hint = f"Let the environment say it (`<% values... %>`), or send it as an input that is not `{key}`."
                yield _open(resource, (*call.path, key), detail, hint)


def _open_keys(resource: Resource, value: Value, path: Path) -> Iterator[Finding]:
    """Keys that are not known before the call, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if is_spread(key):
                detail = f"spreadValue() sends whatever the caller sends, declared as an input or not; {_HARM}"
                yield _open(resource, (*path, key), detail)
            elif "{{" in key:
                yield _open(resource, (*path, key), f"a key is an expression: its name is not known here; {_HARM}")
            else:
                yield from _open_keys(resource, item, (*path, key))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _open_keys(resource, item, (*path, index))


def _url_parts(resource: Resource, call: PipelineCall) -> Iterator[Finding]:
    """Variables in the query, and inputs that could put some there."""
    if _VARIABLE.search(unquote(call.url)):
        detail = "variables in the query become the environment of every job before its first line"
        yield _open(resource, (BACKEND, "url"), detail, f"Send no variables. {_FIX}")
    reads = _RUN_INPUT if _is_about_runs(resource) else _INPUT
    if any(reads.search(program) and "@uri" not in program for program in parse(call.url).programs):
        detail = (
            "an input stands in the URL as the caller wrote it: `main/trigger/pipeline?variables[BASH_ENV]=...` "
            "is one, too"
        )
        yield _open(resource, (BACKEND, "url"), detail, "Let the environment say it, or encode it: `{{ ... | @uri }}`.")


def _two_steps(resource: Resource, actions: Mapping[str, Resource]) -> Iterator[Finding]:
    """An action that starts a second one with whatever its own caller sends, when that one starts a pipeline."""
    second = actions.get(started_action(resource))
    if second is None or not _starts_a_pipeline(second, actions, ()):
        return
    path: Path = (BACKEND, "body")
    body = get(resource.attributes, path)
    properties = get(body, ("properties",))
    for place, sent in (((*path, "properties"), properties), (path, body)):
        if _is_text(sent):
            detail = _passed_on(resource, second, "an expression gives all of them")
            yield _open(resource, place, detail, _SECOND_FIX)
            return
    top = {key: item for key, item in body.items() if key != "properties"} if isinstance(body, Mapping) else {}
    for found in (*_open_keys(resource, top, path), *_open_keys(resource, properties, (*path, "properties"))):
        yield _open(
            resource, found.path, _passed_on(resource, second, f"`{found.path[-1]}` is not a name"), _SECOND_FIX
        )


_SECOND_FIX = 'Write each key out: `properties: {name: "{{ .inputs.name }}"}`.'


def _passed_on(resource: Resource, second: Resource, why: str) -> str:
    return (
        f"{resource.address} starts {second.address}, which starts a pipeline of GitLab, with properties that its "
        f"caller chooses ({why}); {_HARM}"
    )


def _starts_a_pipeline(action: Resource, actions: Mapping[str, Resource], seen: tuple[str, ...]) -> bool:
    if pipeline_call(action) is not None:
        return True
    name = started_action(action)
    following = actions.get(name)
    return following is not None and name not in seen and _starts_a_pipeline(following, actions, (*seen, name))


def _is_text(value: Value) -> bool:
    return isinstance(value, str | Pending) and any("{{" in text for _, text in texts(value))


def _is_about_runs(resource: Resource) -> bool:
    return "RUN" in text_at(map_at(resource.attributes, "trigger", "event"), "type")


def _open(resource: Resource, path: Path, detail: str, hint: str = _FIX) -> Finding:
    return Finding(resource=resource, path=path, summary="Call that its caller can widen", detail=detail, hint=hint)
