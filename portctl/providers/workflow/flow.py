"""The way of a value from a column of ServiceNow into Port and on to a pipeline, as the manifests draw it.

A business rule sends a body with a REST message; the message's endpoint is the output of a webhook of Port; the webhook
maps keys of the body to properties of a blueprint; automations hand properties to what they call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portctl.model.address import Address
from portctl.model.resource import Resource
from portctl.model.value import get, leaves
from portctl.providers.servicenow.rules.shapes import Source, mapping, script_of
from portctl.providers.servicenow.scripts import Message, Sent, messages, sent_keys
from portctl.providers.workflow.pipelines import outputs, started_project
from portctl.source import Path

_BODY_KEY = re.compile(r"\.body\.([A-Za-z_]\w*)|\.body\[\"([^\"]+)\"\]")
_PROPERTY = re.compile(r"\.(?:diff\.(?:after|before)|entity)\.properties\.([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A business rule, the message that it sends with, and the webhook that receives."""

    rule: Resource
    source: Source
    keys: tuple[Sent, ...]
    message: Resource
    function: str
    webhook: Resource


@dataclass(frozen=True, slots=True)
class Mapped:
    """A key of the body that a mapping reads, where, and the property that it becomes ("" for another field)."""

    key: str
    path: Path
    blueprint: str
    property: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A property that an automation passes on: under which key of its body, where, and of which blueprint."""

    automation: Resource
    path: Path
    blueprint: str
    property: str
    key: str


def deliveries(resources: Sequence[Resource]) -> Iterator[Delivery]:
    """Every way from a business rule to a webhook that is declared."""
    by_address = {resource.address: resource for resource in resources}
    named = {
        (message.address.instance, name): message
        for message in _of(resources, "servicenow/RestMessage")
        if isinstance(name := message.attributes.get("name"), str)
    }
    for rule in _of(resources, "servicenow/BusinessRule"):
        source = script_of(rule)
        if source is None or source.tree is None:
            continue
        for used in messages(source.tree):
            message = named.get((rule.address.instance, used.name))
            webhook = by_address.get(_receiver(message, used)) if message else None
            if message and webhook:
                yield Delivery(rule, source, sent_keys(source.tree), message, used.function, webhook)


def mapped(webhook: Resource) -> Iterator[Mapped]:
    """Every key of the body that the webhook's mappings read."""
    mappings = webhook.attributes.get("mappings")
    for index, one in enumerate(mappings if isinstance(mappings, tuple) else ()):
        for path, leaf in leaves(one):
            for found in _BODY_KEY.finditer(leaf) if isinstance(leaf, str) else ():
                name = str(path[2]) if path[:2] == ("entity", "properties") and len(path) > 2 else ""
                blueprint = get(one, ("blueprint",))
                if not isinstance(blueprint, str):
                    continue
                yield Mapped(found[1] or found[2], ("mappings", index, *path), blueprint, name)


def handed(resources: Sequence[Resource]) -> Iterator[Handed]:
    """Every property that an automation or action passes on in its body."""
    for automation in (*_of(resources, "port/Automation"), *_of(resources, "port/Action")):
        blueprint = get(automation.attributes, ("trigger", "event", "blueprintIdentifier"))
        if not isinstance(blueprint, str):
            blueprint = get(automation.attributes, ("trigger", "blueprintIdentifier"))
        body = mapping(automation.attributes, "invocationMethod", "body")
        for path, leaf in leaves(body) if isinstance(blueprint, str) else ():
            for found in _PROPERTY.finditer(leaf) if isinstance(leaf, str) else ():
                where: Path = ("invocationMethod", "body", *path)
                yield Handed(automation, where, blueprint, found[1], str(path[-1]))


def pipeline_texts(automation: Resource, resources: Sequence[Resource]) -> dict[str, str] | None:
    """The files of the project whose pipeline an automation starts, by name; None where they are not declared."""
    project = started_project(automation, resources)
    if project is None:
        return None
    found: dict[str, str] = {}
    for files in _of(resources, "gitlab/Files"):
        if files.meta.within == project:
            for name, file in mapping(files.attributes, "files").items():
                content = get(file, ("content",))
                found[name] = content if isinstance(content, str) else ""
    return found or None


def blueprints(resources: Sequence[Resource]) -> Mapping[tuple[str, str], Resource]:
    """The declared blueprints, by instance and identifier."""
    return {
        (blueprint.address.instance, blueprint.identity[-1]): blueprint
        for blueprint in _of(resources, "port/Blueprint")
        if blueprint.identity
    }


def _of(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource.kind.full_name == kind]


def _receiver(message: Resource, used: Message) -> Address:
    """The webhook whose address is the endpoint of the function, or of the message."""
    own = get(message.attributes, ("functions", used.function, "rest_endpoint"))
    for value in (own, message.attributes.get("rest_endpoint")):
        for address in outputs(value):
            if address.kind_name == "port/Webhook":
                return address
    return message.address
