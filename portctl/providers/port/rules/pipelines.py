"""Rule: one decision that starts two pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import Value, get
from portctl.providers.port.rules.shapes import Organisation, map_at, text_at, texts

_STARTS = re.compile(r"/trigger/pipeline\b|/dispatches\b|/pipelines?(?:\?|$)|/buildWithParameters\b|/build(?:\?|$)")
_TYPE = ("invocationMethod", "type")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "GITLAB": ("groupName", "projectName"),
    "GITHUB": ("org", "repo", "workflow"),
    "AZURE_DEVOPS": ("org", "webhook"),
}


def double_starts(organisation: Organisation) -> Iterator[Finding]:
    """An action and an automation that follows from it, or two automations on one event, that start the same."""
    actions = [(action, _pipeline(action)) for action in organisation.of("Action").values()]
    automations = [(automation, _pipeline(automation)) for automation in organisation.of("Automation").values()]
    for automation, pipeline in automations:
        for action, other in actions:
            link = _link(action, automation)
            if pipeline and pipeline == other and link:
                yield _finding(automation, action, link)
    for (first, pipeline), (second, other) in combinations(automations, 2):
        if pipeline and pipeline == other and _event(first) == _event(second):
            yield _finding(second, first, f"fires on the same event as {first.address}")


def _finding(resource: Resource, other: Resource, link: str) -> Finding:
    return Finding(
        resource=resource,
        path=("invocationMethod", "url" if get(resource.attributes, _TYPE) == "WEBHOOK" else "type"),
        summary="One decision starts two pipelines",
        detail=f"this automation {link}, and {other.address} starts the same pipeline itself",
        hint="Let one of the two start it; the other may call the system that holds the decision.",
    )


def _pipeline(resource: Resource) -> tuple[str, ...]:
    """What names the pipeline that a resource starts; empty when it starts none."""
    backend = map_at(resource.attributes, "invocationMethod")
    kind = text_at(backend, "type")
    if kind == "WEBHOOK":
        url = next((text for path, text in texts(backend) if path == ("url",)), "")
        return (url.partition("?")[0],) if _STARTS.search(url) else ()
    if kind == "INTEGRATION_ACTION":
        inner = map_at(backend, "integrationActionExecutionProperties")
        return (kind, *(str(inner.get(name)) for name in ("org", "repo", "workflow", "project", "ref")))
    return (kind, *(text_at(backend, name) for name in _PARTS[kind])) if kind in _PARTS else ()


def _event(automation: Resource) -> Value:
    return get(automation.attributes, ("trigger", "event"))


def _link(action: Resource, automation: Resource) -> str:
    """How the automation follows from the action, in words; "" when it does not."""
    event: Mapping[str, Any] = map_at(automation.attributes, "trigger", "event")
    if event.get("actionIdentifier") == action.identity[-1]:
        return f"fires on runs of {action.address}"
    blueprint = text_at(action.attributes, "trigger", "blueprintIdentifier")
    if blueprint and event.get("blueprintIdentifier") == blueprint:
        return f'fires when the entity that {action.address} acts on ("{blueprint}") changes'
    return ""
