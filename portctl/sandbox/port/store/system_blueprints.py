"""Port's own blueprints."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.store.blueprint_defaults import completed


def system_structure(identifier: str) -> Row:
    """What Port itself defines on a system blueprint. Errors: 404."""
    if identifier not in SYSTEM_BLUEPRINTS:
        raise not_found("System blueprint", identifier)
    return completed(SYSTEM_BLUEPRINTS[identifier])


def _system(identifier: str, title: str, properties: Row, relations: Row | None = None) -> Row:
    return {
        "identifier": identifier,
        "title": title,
        "schema": {"properties": properties, "required": []},
        "relations": relations or {},
    }


def _to(target: str, *, many: bool = False) -> Row:
    return {"target": target, "required": False, "many": many}


_TEXT = {"type": "string"}
SYSTEM_BLUEPRINTS: dict[str, Row] = {
    row["identifier"]: row
    for row in (
        _system("_team", "Team", {"description": _TEXT, "size": {"type": "number"}}),
        _system(
            "_user",
            "User",
            {
                "status": {"type": "string", "enum": ["Active", "Invited", "Disabled", "Staged"]},
                "port_role": {"type": "string"},
                "port_type": {"type": "string"},
            },
        ),
        _system("_scorecard", "Scorecard", {"blueprint": _TEXT, "levels": {"type": "array"}}),
        _system("_rule", "Rule", {"level": _TEXT, "query": {"type": "object"}}, {"scorecard": _to("_scorecard")}),
        _system(
            "_rule_result",
            "Rule Result",
            {"result": {"type": "string", "enum": ["Passed", "Not passed"]}, "entity": _TEXT},
            {"rule": _to("_rule")},
        ),
    )
}
