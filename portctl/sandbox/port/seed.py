"""What a freshly reset sandbox holds: an organisation that exists and is used, and a second one next door."""

from __future__ import annotations

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.credentials import SERVICE_ACCOUNTS
from portctl.sandbox.port.store import actions, blueprints, entities, people, secrets, webhooks
from portctl.sandbox.port.store.entities import Mode, Options
from portctl.sandbox.port.store.organisation import Cause, Organisation
from portctl.sandbox.port.store.system_blueprints import SYSTEM_BLUEPRINTS

ADMIN = "ada.admin@example.com"
PLATFORM_ENGINEER = "pat.platform@example.com"
DEVELOPER = "dev.dora@example.com"
GATE = f"deployment-gate@{SERVICE_ACCOUNTS}"
GATE_MEMBER = f"deployment-gate-member@{SERVICE_ACCOUNTS}"
PEOPLE = {"developer": DEVELOPER, "engineer": PLATFORM_ENGINEER, "gate": GATE, "gate-member": GATE_MEMBER}
"""Who has credentials of their own, people and service accounts: name of the credential, e-mail."""
_AGE_SECONDS = 30 * 86_400


def organisation_names(seed: int) -> tuple[str, str]:
    return f"org_{derive(f'{seed}:org:first', 16)}", f"org_{derive(f'{seed}:org:second', 16)}"


def fill(organisation: Organisation) -> None:
    """The organisation of everyday use, made a month ago by people who are not portctl."""
    organisation.world.clock.advance(-_AGE_SECONDS)
    _foundation(organisation, "Sandbox")
    for body in (_DOMAIN, _SERVICE):
        blueprints.insert(organisation, body, ADMIN)
    for user in _USERS:
        people.put_user(organisation, None, {"id": organisation.world.ids.prefixed("auth0"), **user}, "port")
    for team in _TEAMS:
        people.create_team(organisation, team, ADMIN)
    for body in (_SHOP, *_SERVICES):
        entities.write(organisation, body["blueprint"], None, body, Options(Mode.CREATE, Cause(PLATFORM_ENGINEER)))
    actions.create(organisation, _SCAFFOLD, PLATFORM_ENGINEER)
    secrets.create(organisation, {"secretName": "SCAFFOLD_TOKEN", "secretValue": "not-ours"}, PLATFORM_ENGINEER)
    webhooks.create(organisation, _DEPLOYMENTS, PLATFORM_ENGINEER)
    organisation.world.clock.advance(_AGE_SECONDS)
    organisation.state.forget()


def fill_elsewhere(organisation: Organisation) -> None:
    """The organisation that nothing should ever be written to by mistake."""
    organisation.world.clock.advance(-_AGE_SECONDS)
    _foundation(organisation, "Elsewhere")
    organisation.world.clock.advance(_AGE_SECONDS)
    organisation.state.forget()


def _foundation(organisation: Organisation, name: str) -> None:
    row: Row = {
        "id": organisation.identifier,
        "name": name,
        "settings": {"hiddenBlueprints": [], "federatedLogout": False, "portalIcon": "", "portalTitle": name},
        "isOnboarded": True,
        "region": "eu",
    }
    organisation.state.put("organisation", "self", organisation.stamped(row, ADMIN))
    for role in ("Admin", "Member"):
        organisation.state.put("roles", role, {"name": role, "protected": True})
    for body in SYSTEM_BLUEPRINTS.values():
        blueprints.insert(organisation, body, "port")


def _service_account(email: str, first: str, role: str) -> Row:
    return {**_user(email, first, "", role, []), "type": people.SERVICE_ACCOUNT}


def _user(email: str, first: str, last: str, role: str, teams: list[str]) -> Row:
    return {
        "email": email,
        "firstName": first,
        "lastName": last,
        "picture": "",
        "status": "ACTIVE",
        "type": "STANDARD",
        "providers": ["port"],
        "roles": [role],
        "teams": teams,
    }


_USERS = (
    _user(ADMIN, "Ada", "Admin", "Admin", ["platform"]),
    _user(PLATFORM_ENGINEER, "Pat", "Platform", "Admin", ["platform"]),
    _user(DEVELOPER, "Dora", "Dev", "Member", ["shop"]),
    _service_account(GATE, "Deployment gate", "Admin"),
    _service_account(GATE_MEMBER, "Deployment gate (member)", "Member"),
)
_TEAMS = (
    {"name": "platform", "description": "Runs the portal", "users": [ADMIN, PLATFORM_ENGINEER]},
    {"name": "shop", "description": "Sells things", "users": [DEVELOPER]},
)
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
            "repository": {"type": "string", "title": "Repository"},
            "branch": {"type": "string", "title": "Branch"},
            "buildCommand": {"type": "string", "title": "Build command"},
            "testCommand": {"type": "string", "title": "Test command"},
            "deployCommand": {"type": "string", "title": "Deploy command"},
            "coverageReport": {"type": "string", "title": "Coverage report"},
        },
        "required": [],
    },
    "mirrorProperties": {"domainName": {"title": "Domain name", "path": "domain.$title"}},
    "relations": {"domain": {"title": "Domain", "target": "domain", "required": False, "many": False}},
}
_SHOP: Row = {"blueprint": "domain", "identifier": "shop", "title": "Shop", "team": ["shop"], "properties": {}}


def _service(name: str, title: str, tier: str, language: str, **more: str) -> Row:
    properties = {"tier": tier, "language": language, "url": f"https://gitlab.example.com/shop/{name}", **more}
    return {
        "blueprint": "service",
        "identifier": f"shop/{name}",
        "title": title,
        "icon": "Microservice",
        "team": ["shop"],
        "properties": properties,
        "relations": {"domain": "shop"},
    }


_NODE_TESTS = (
    "node --test --experimental-test-coverage --test-reporter=spec --test-reporter-destination=stdout"
    " --test-reporter=./cobertura.mjs --test-reporter-destination=coverage.xml"
)
_PYTEST = "python3 -m coverage run --source=pricing -m pytest -q && python3 -m coverage xml -q"
_SERVICES = (
    _service("checkout", "Checkout", "gold", "Python"),
    _service("payments", "Payments", "gold", "Go"),
    _service("catalog", "Catalog", "silver", "TypeScript"),
    _service("storefront", "Storefront", "silver", "JavaScript", testCommand=_NODE_TESTS),
    _service("pricing", "Pricing", "silver", "Python", testCommand=_PYTEST),
    _service("ghost", "Ghost", "bronze", "Python"),
)
"""There is no repository of `ghost`."""
_SCAFFOLD: Row = {
    "identifier": "scaffold_service",
    "title": "Scaffold a service",
    "icon": "Microservice",
    "trigger": {
        "type": "self-service",
        "operation": "CREATE",
        "blueprintIdentifier": "service",
        "userInputs": {
            "properties": {"name": {"type": "string", "title": "Name"}},
            "required": ["name"],
            "order": ["name"],
        },
    },
    "invocationMethod": {
        "type": "WEBHOOK",
        "url": "https://scaffold.example.com/services",
        "headers": {"Authorization": "Bearer {{ .secrets.SCAFFOLD_TOKEN }}"},
        "body": {"name": "{{ .inputs.name }}"},
    },
}
_DEPLOYMENTS: Row = {
    "identifier": "catalogSync",
    "title": "Catalogue sync",
    "enabled": True,
    "mappings": [
        {
            "blueprint": "service",
            "filter": '.body.kind == "service"',
            "entity": {"identifier": ".body.id", "title": ".body.name"},
        }
    ],
    "security": {"secret": "not-ours-either", "signatureHeaderName": "x-signature", "signatureAlgorithm": "sha256"},
}
