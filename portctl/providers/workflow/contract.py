"""One contract from end to end: column, key of the body, mapping, property, what the pipeline is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portctl.manifest.lint import Finding, Rule
from portctl.model.diagnostic import Severity
from portctl.model.resource import Management, Resource
from portctl.model.value import Pending, Value
from portctl.providers.servicenow.rules.shapes import mapping
from portctl.providers.servicenow.scripts import read_columns
from portctl.providers.workflow.flow import (
    Delivery,
    Handed,
    blueprints,
    deliveries,
    handed,
    mapped,
    pipeline_texts,
)
from portctl.source import Path

_INPUTS: Path = ("invocationMethod", "body", "inputs")
_OWN = re.compile(r"(u|x_[a-z0-9]+)_")


def contract(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every place where two steps of the way disagree."""
    filled: set[tuple[str, str]] = set()
    for delivery in deliveries(resources):
        yield from _columns(delivery, resources)
        yield from _keys(delivery)
        yield from _signature(delivery)
        filled |= {(delivery.webhook.address.instance, one.blueprint) for one in mapped(delivery.webhook)}
    for one in handed(resources):
        if (one.automation.address.instance, one.blueprint) in filled and _ours(one.automation):
            yield from _property(one, resources)
            yield from _variable(one, resources)


def _columns(delivery: Delivery, resources: Sequence[Resource]) -> Iterator[Finding]:
    """Columns that somebody must have made, and that nobody declares."""
    declared = {
        (resource.address.instance, *resource.identity)
        for resource in resources
        if resource.kind.full_name == "servicenow/Column"
    }
    rule, tree = delivery.rule, delivery.source.tree
    table = rule.attributes.get("collection")
    seen: set[str] = set()
    for column, line in read_columns(tree) if tree and isinstance(table, str) else ():
        if _OWN.match(column) and column not in seen and (rule.address.instance, table, column) not in declared:
            seen.add(column)
            yield Finding(
                resource=rule,
                path=delivery.source.at(line),
                summary="Column is not declared",
                detail=f"the script reads {table}.{column}, and no servicenow/Column makes it",
                hint="Correct the name, or declare the column; `management: observe` is enough.",
            )


def _keys(delivery: Delivery) -> Iterator[Finding]:
    """Keys that a mapping reads and the script does not send become null, and null is stored; others are lost."""
    sent = {key.key: key for key in delivery.keys}
    if not sent:
        return
    read = list(mapped(delivery.webhook))
    for one in read:
        if one.key not in sent and _ours(delivery.webhook):
            yield Finding(
                resource=delivery.webhook,
                path=one.path,
                summary="Key is never sent",
                detail=f"{delivery.rule.address} sends no `{one.key}`: the mapping gives null, and null is stored",
                hint=f"Send it, or map one of: {', '.join(sorted(sent))}.",
            )


def _signature(delivery: Delivery) -> Iterator[Finding]:
    """The header that the webhook asks for, with the secret that it compares with."""
    security = mapping(delivery.webhook.attributes, "security")
    header, algorithm = security.get("signatureHeaderName"), security.get("signatureAlgorithm")
    if not isinstance(header, str) or security.get("secret") is None or not _ours(delivery.message):
        return
    path: Path = ("functions", delivery.function, "headers")
    sent = {**mapping(delivery.message.attributes, "headers"), **mapping(delivery.message.attributes, *map(str, path))}
    name = next((name for name in sent if name.lower() == header.lower()), None)
    if name is None:
        problem = f"the webhook demands the header {header}, and this message does not send it"
    elif algorithm != "plain":
        problem = f"the webhook expects a signature ({algorithm}), and a header of a REST message is always the same"
    elif not _same(sent[name], security["secret"]):
        problem = f"the value of {name} is not the secret that the webhook compares it with"
    else:
        return
    yield Finding(
        resource=delivery.message,
        path=(*path, name) if name else ("functions", delivery.function),
        summary="Port would refuse what is sent",
        detail=f"{delivery.webhook.address}: {problem}",
        hint="Use `signatureAlgorithm: plain` and the same `secret()` in both places.",
    )


def _property(one: Handed, resources: Sequence[Resource]) -> Iterator[Finding]:
    """A property that is passed on and that the blueprint does not have: empty, whatever ServiceNow sends."""
    blueprint = blueprints(resources).get((one.automation.address.instance, one.blueprint))
    if blueprint is None or not _ours(blueprint) or one.property in _property_names(blueprint):
        return
    yield Finding(
        resource=one.automation,
        path=one.path,
        summary="Property does not exist",
        detail=f"{blueprint.address} has no property `{one.property}`: what is sent is empty",
        hint=f"Properties there: {', '.join(sorted(_property_names(blueprint)))}.",
    )


def _variable(one: Handed, resources: Sequence[Resource]) -> Iterator[Finding]:
    """A key that is handed to a pipeline whose files are declared, and that none of them reads."""
    files = pipeline_texts(one.automation, resources)
    is_input = one.path[:-1] == _INPUTS
    reads = _interpolates if is_input else _reads
    if files is not None and not any(reads(text, one.key) for text in files.values()):
        yield Finding(
            resource=one.automation,
            path=one.path,
            summary="Pipeline does not read it",
            detail=f"no file of the pipeline reads {'the input ' if is_input else ''}`{one.key}`",
            hint="Correct the key, or use it in the pipeline.",
        )


def _interpolates(text: str, name: str) -> bool:
    return re.search(rf"\$\[\[\s*inputs\.{re.escape(name)}\s*(?:\]\]|\|)", text) is not None


def _reads(text: str, key: str) -> bool:
    return re.search(rf"(?:[.$\"'\[{{]|\bTRIGGER_){re.escape(key)}\b", text) is not None


def _property_names(blueprint: Resource) -> set[str]:
    attributes = blueprint.attributes
    names = set(mapping(attributes, "schema", "properties"))
    for derived in ("mirrorProperties", "calculationProperties", "aggregationProperties"):
        names |= set(mapping(attributes, derived))
    return names


def _ours(resource: Resource) -> bool:
    return resource.management is not Management.OBSERVE


def _same(first: Value, second: Value) -> bool:
    if isinstance(first, Pending) and isinstance(second, Pending):
        return first.parts == second.parts
    return not isinstance(first, Pending) and not isinstance(second, Pending) and bool(first == second)


RULES: tuple[Rule, ...] = (
    Rule(
        id="workflow/contract",
        severity=Severity.ERROR,
        summary="Two steps between ServiceNow, Port and a pipeline that disagree about a name or a signature",
        check=contract,
    ),
)
