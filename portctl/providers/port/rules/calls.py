"""What actions and automations call: pipelines of GitLab, and other actions through Port's own API.

Sources: GitLab docs, "Pipeline trigger tokens API" and "Pipelines API"; Port docs, "Trigger Port API".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from portctl.model.resource import Resource
from portctl.model.value import MISSING, Value, get
from portctl.providers.port.rules.shapes import map_at, text_at, texts_below
from portctl.providers.port.rules.templates import parse
from portctl.source import Path

BACKEND = "invocationMethod"
_TRIGGER = re.compile(r"/trigger/pipeline\b|/projects/[^/?#]+/pipeline(?:[?#]|$)")
_RUN = re.compile(r"/actions/(?P<name>[^/?#]+)/runs(?:[?#]|$)")
_VARIABLES = "pipelineVariables"
_EXECUTION = "integrationActionExecutionProperties"
_PIPELINE_FIELDS: Mapping[str, Path] = {
    "GITLAB": (BACKEND, _VARIABLES),
    "INTEGRATION_ACTION": (BACKEND, _EXECUTION, _VARIABLES),
}


@dataclass(frozen=True, slots=True)
class PipelineCall:
    """A call that starts a pipeline of GitLab: what it sends stands at `path`; `url` is "" where Port makes it."""

    path: Path
    sent: Value
    url: str = ""


def pipeline_call(resource: Resource) -> PipelineCall | None:
    """How an action or automation starts a pipeline of GitLab, if it does."""
    kind = text_at(resource.attributes, BACKEND, "type")
    if kind == "WEBHOOK":
        url = url_of(resource)
        if not (_TRIGGER.search(url) or _TRIGGER.search(parse(url).rest)):
            return None
        path: Path = (BACKEND, "body")
        return PipelineCall(path, get(resource.attributes, path), url)
    if kind not in _PIPELINE_FIELDS:
        return None
    path = _PIPELINE_FIELDS[kind]
    sent = get(resource.attributes, path)
    return None if kind == "INTEGRATION_ACTION" and sent is MISSING else PipelineCall(path, sent)


def started_action(resource: Resource) -> str:
    """The identifier of the action that a webhook starts through Port's own API; "" where it starts none."""
    if text_at(resource.attributes, BACKEND, "type") != "WEBHOOK":
        return ""
    found = _RUN.search(url_of(resource))
    return found["name"] if found else ""


def url_of(resource: Resource) -> str:
    """The URL of a webhook, placeholders marked."""
    backend = map_at(resource.attributes, BACKEND)
    return next((text for _, text in texts_below(resource, BACKEND, "url")), "") if "url" in backend else ""
