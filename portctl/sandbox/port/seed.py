"""What a freshly reset sandbox holds: an organisation that exists and is used, and a second one next door."""

from __future__ import annotations

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.store import blueprints
from portctl.sandbox.port.store.organisation import Organisation

OWNER = "ada.admin@example.com"


def organisation_names(seed: int) -> tuple[str, str]:
    return f"org_{derive(f'{seed}:org:first', 16)}", f"org_{derive(f'{seed}:org:second', 16)}"


def fill(organisation: Organisation) -> None:
    """The organisation of everyday use."""
    _foundation(organisation, "Sandbox")
    for body in (_DOMAIN, _SERVICE):
        blueprints.insert(organisation, body, OWNER)
    organisation.state.load({**organisation.state.dump(), "audit": {}})


def fill_elsewhere(organisation: Organisation) -> None:
    """The organisation that nothing should ever be written to by mistake."""
    _foundation(organisation, "Elsewhere")
    organisation.state.load({**organisation.state.dump(), "audit": {}})


def _foundation(organisation: Organisation, name: str) -> None:
    row = {
        "id": organisation.identifier,
        "name": name,
        "settings": {"hiddenBlueprints": [], "federatedLogout": False, "portalIcon": "", "portalTitle": name},
        "isOnboarded": True,
        "region": "eu",
    }
    organisation.state.put("organisation", "self", organisation.stamped(row, OWNER))
    for role in ("Admin", "Member"):
        organisation.state.put("roles", role, {"name": role, "protected": True})
    for body in blueprints.SYSTEM_BLUEPRINTS.values():
        blueprints.insert(organisation, body, "port")


_DOMAIN: Row = {
    "identifier": "domain",
    "title": "Domain",
    "icon": "TwoUsers",
    "description": "A part of the business",
    "schema": {"properties": {"architecture": {"type": "string", "title": "Architecture", "format": "url"}}},
}
_SERVICE: Row = {
    "identifier": "service",
    "title": "Service",
    "icon": "Microservice",
    "description": "Something that runs",
    "schema": {
        "properties": {
            "tier": {"type": "string", "title": "Tier", "enum": ["gold", "silver", "bronze"]},
            "language": {"type": "string", "title": "Language"},
            "url": {"type": "string", "title": "URL", "format": "url"},
        },
        "required": [],
    },
    "mirrorProperties": {"domainName": {"title": "Domain name", "path": "domain.$title"}},
    "relations": {"domain": {"title": "Domain", "target": "domain", "required": False, "many": False}},
}
