"""A saved plan: what was decided, on which ground, so that exactly that is applied or nothing.

The file holds operations by hash; values stand only in the part that is shown, where secrets are masked.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portctl.compare.canonical import digest
from portctl.errors import InvalidInput, StalePlan
from portctl.json_text import MOST_DEEP, is_whole, parse
from portctl.model.address import Address
from portctl.model.change import Action
from portctl.model.ledger import Ledger
from portctl.model.plan import Plan, PlanOptions
from portctl.model.resource import Resource
from portctl.model.value import Attributes, Pending, Value, freeze, map_leaves, thaw
from portctl.plan.make import operation
from portctl.source import Path

FORMAT = 2
_MOST_DEEP = 2 * MOST_DEEP
"""Objects stand in it with all that is around them."""

_STALE_HINT = "Nothing was written. Make a new plan and apply that one."


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan read back from its file. `document` is what `show` prints; `operations` what apply compares."""

    id: str
    environment: str
    commit: str
    rendered: str
    lineage: str
    digest: str
    options: PlanOptions
    values: tuple[Attributes, ...]
    """What was given beside the files of the project, the strongest last."""

    operations: tuple[Mapping[str, Any], ...]
    document: Mapping[str, Any]


def rendered_digest(resources: Sequence[Resource]) -> str:
    """One hash over everything that was rendered. Secrets and outputs count by name."""
    return digest(
        [
            [
                str(resource.address),
                list(resource.identity),
                map_leaves(resource.attributes, _by_name),
                str(resource.management),
                str(resource.meta.adopt),
                sorted(resource.meta.protect),
                str(resource.on_delete),
                dict(resource.meta.options),
                dict(resource.meta.labels),
                str(resource.meta.within),
                [str(address) for address in resource.meta.depends_on],
                [[renamed.path, renamed.before] for renamed in resource.meta.renamed],
            ]
            for resource in sorted(resources, key=lambda resource: resource.address)
        ]
    )


def _by_name(_: Path, leaf: Value) -> Value:
    return {"\x00": repr(leaf.parts)} if isinstance(leaf, Pending) else leaf


def dump_plan(
    plan: Plan,
    options: PlanOptions,
    resources: Sequence[Resource],
    ledger: Ledger,
    document: Mapping[str, Any],
    *,
    commit: str,
    values: Sequence[Attributes] = (),
) -> str:
    """The text of a plan file."""
    return (
        json.dumps(
            {
                "portctlPlan": FORMAT,
                "id": uuid.uuid4().hex,
                "environment": plan.environment,
                "commit": commit,
                "rendered": rendered_digest(resources),
                "lineage": ledger.lineage if ledger.serial else "",
                "digest": plan.digest,
                "options": _dump_options(options),
                "values": [thaw(tree) for tree in values],
                "operations": [operation(change) for change in plan.changes if change.action is not Action.NOOP],
                "shown": digest(document),
                "plan": document,
            },
            indent=1,
        )
        + "\n"
    )


def load_plan(text: str, where: str) -> SavedPlan:
    """The plan that `text` spells. Raises InvalidInput when it is not one."""
    try:
        raw = parse(text, most_deep=_MOST_DEEP)
        if not is_whole(json.dumps(raw, ensure_ascii=False)):
            raise ValueError("half a character")
        if type(raw["portctlPlan"]) is not int:
            raise TypeError
        if raw["portctlPlan"] != FORMAT:
            raise InvalidInput(
                "Plan of another version",
                f"{where} has plan format {raw['portctlPlan']}; this version reads {FORMAT}",
                hint="Make the plan and apply it with the same version of portctl.",
            )
        if raw["shown"] != digest(raw["plan"]):
            raise InvalidInput(
                "Plan file was edited",
                f"what {where} shows is not what portctl wrote into it",
                hint="Make the plan again: portctl plan -o FILE.",
            )
        return SavedPlan(
            id=raw["id"],
            environment=_environment(raw),
            commit=raw["commit"],
            rendered=raw["rendered"],
            lineage=raw["lineage"],
            digest=raw["digest"],
            options=_load_options(raw["options"]),
            values=tuple(_tree(tree) for tree in raw["values"]),
            operations=tuple(raw["operations"]),
            document=raw["plan"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            "Not a saved plan", f"{where} was not written by portctl plan -o", hint="portctl plan -o FILE writes one."
        ) from error


def _environment(raw: Mapping[str, Any]) -> str:
    """Plans of older versions name it only in what they show."""
    name = raw["environment"] if "environment" in raw else raw["plan"]["environment"]
    if not isinstance(name, str):
        raise TypeError
    return name


def check_inputs(saved: SavedPlan, resources: Sequence[Resource], ledger: Ledger) -> None:
    """Refuse a plan that was used, belongs to another ledger, or was made from other manifests."""
    if saved.id in ledger.consumed:
        raise StalePlan("Plan was applied already", "a saved plan is good for one apply", hint=_STALE_HINT)
    if saved.lineage and saved.lineage != ledger.lineage:
        raise StalePlan(
            "Plan of another ledger", "the ledger is not the one that this plan was made on", hint=_STALE_HINT
        )
    if saved.rendered != rendered_digest(resources):
        raise StalePlan(
            "Manifests have changed",
            "rendering them again gives something else than the plan was made from",
            hint=_STALE_HINT,
        )


def check_operations(saved: SavedPlan, plan: Plan) -> None:
    """Refuse when anything to be done now was not in the saved plan exactly so; what is done already is fine."""
    known = {json.dumps(operation, sort_keys=True) for operation in saved.operations}
    moved = [
        str(change.address)
        for change in plan.changes
        if change.action is not Action.NOOP and json.dumps(operation(change), sort_keys=True) not in known
    ]
    if moved:
        raise StalePlan(
            "Plan is stale", f"what lives has changed since the plan was made: {', '.join(moved)}", hint=_STALE_HINT
        )


def _dump_options(options: PlanOptions) -> dict[str, Any]:
    return {
        "targets": [str(address) for address in options.targets],
        "labels": list(options.labels),
        "allowDeletes": options.allow_deletes,
        "allowDestroy": sorted(str(address) for address in options.allow_destroy),
        "adopt": sorted(str(address) for address in options.adopt),
        "rotate": sorted(str(address) for address in options.rotate),
        "destroy": options.destroy,
    }


def _load_options(raw: Mapping[str, Any]) -> PlanOptions:
    return PlanOptions(
        targets=tuple(_address(text) for text in raw["targets"]),
        labels=tuple(raw["labels"]),
        allow_deletes=raw["allowDeletes"],
        allow_destroy=frozenset(_address(text) for text in raw["allowDestroy"]),
        adopt=frozenset(_address(text) for text in raw["adopt"]),
        rotate=frozenset(_address(text) for text in raw["rotate"]),
        destroy=raw["destroy"],
    )


def _address(text: str) -> Address:
    address = Address.parse(text)
    if address is None:
        raise ValueError(text)
    return address


def _tree(raw: Mapping[str, Any]) -> Attributes:
    return {name: freeze(value) for name, value in raw.items()}
