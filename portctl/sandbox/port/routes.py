"""Which path is answered by which handler. What is not listed here answers 501."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, Handler
from portctl.sandbox.port.errors import not_emulated
from portctl.sandbox.port.handlers import (
    actions,
    audit,
    blueprints,
    entities,
    migrations,
    organisation,
    pages,
    people,
    runs,
    secrets,
    webhooks,
)
from portctl.sandbox.port.ingest.receiving import ROUTE as INGEST_ROUTE

TOKEN = "/v1/auth/access_token"


@dataclass(frozen=True, slots=True)
class Route:
    """One route; `reads` may be called by members who are no administrators."""

    method: str
    template: str
    handler: Handler
    reads: bool = False


def _get(template: str, handler: Handler) -> Route:
    return Route("GET", template, handler, reads=True)


def _not_yet(method: str, template: str, what: str) -> Route:
    def handler(_call: Call) -> Answer:
        raise not_emulated(what)

    return Route(method, template, handler)


_BLUEPRINT = "/v1/blueprints/{blueprint}"
_ENTITIES = f"{_BLUEPRINT}/entities"
_ENTITY = f"{_ENTITIES}/{{entity}}"
_ACTION = "/v1/actions/{action}"
_SECRET = "/v1/organization/secrets/{secret}"
_WEBHOOK = "/v1/webhooks/{webhook}"
_TEAM = "/v1/teams/{team}"
_USER = "/v1/users/{user}"
_RUN = "/v1/actions/runs/{run}"

_BLUEPRINTS = (
    _get("/v1/blueprints", blueprints.list_all),
    Route("POST", "/v1/blueprints", blueprints.create),
    _get(_BLUEPRINT, blueprints.read),
    Route("PUT", _BLUEPRINT, blueprints.replace),
    Route("PATCH", _BLUEPRINT, blueprints.merge),
    Route("DELETE", _BLUEPRINT, blueprints.delete),
    Route("PATCH", f"{_BLUEPRINT}/properties/{{property}}/rename", blueprints.rename_property),
    Route("PATCH", f"{_BLUEPRINT}/mirror/{{property}}/rename", blueprints.rename_mirror),
    Route("PATCH", f"{_BLUEPRINT}/relations/{{relation}}/rename", blueprints.rename_relation),
    _get(f"{_BLUEPRINT}/permissions", actions.read_blueprint_permissions),
    Route("PATCH", f"{_BLUEPRINT}/permissions", actions.change_blueprint_permissions),
    _get("/v1/blueprints/system/{blueprint}/structure", blueprints.structure),
)
_CATALOGUE = (
    Route("POST", _ENTITIES, entities.create),
    _get(_ENTITIES, entities.list_all),
    _get(_ENTITY, entities.read),
    Route("PUT", _ENTITY, entities.overwrite),
    Route("PATCH", _ENTITY, entities.update),
    Route("DELETE", _ENTITY, entities.delete),
    Route("POST", f"{_ENTITIES}/bulk", entities.bulk),
    Route("POST", f"{_BLUEPRINT}/bulk/entities/delete", entities.bulk_delete),
    Route("DELETE", f"{_BLUEPRINT}/all-entities", entities.delete_all),
    _get(f"{_BLUEPRINT}/entities-count", entities.count),
    Route("POST", f"{_ENTITIES}/search", entities.search, reads=True),
    Route("POST", "/v1/entities/search", entities.search_all, reads=True),
    _get("/v1/migrations", migrations.list_all),
    _get("/v1/migrations/{migration}", migrations.read),
)
_SELF_SERVICE = (
    _get("/v1/actions", actions.list_all),
    Route("POST", "/v1/actions", actions.create),
    _get(_ACTION, actions.read),
    Route("PUT", _ACTION, actions.replace),
    Route("PATCH", _ACTION, actions.no_patch),
    Route("DELETE", _ACTION, actions.delete),
    _get(f"{_ACTION}/permissions", actions.read_permissions),
    Route("PATCH", f"{_ACTION}/permissions", actions.change_permissions),
)
_ADMINISTRATION = (
    _get("/v1/organization", organisation.read),
    Route("PUT", "/v1/organization", organisation.change),
    Route("PATCH", "/v1/organization", organisation.change),
    _get("/v1/organization/secrets", secrets.list_all),
    Route("POST", "/v1/organization/secrets", secrets.create),
    _get(_SECRET, secrets.read),
    Route("PATCH", _SECRET, secrets.change),
    Route("DELETE", _SECRET, secrets.delete),
    _get("/v1/webhooks", webhooks.list_all),
    Route("POST", "/v1/webhooks", webhooks.create),
    _get(_WEBHOOK, webhooks.read),
    Route("PUT", _WEBHOOK, webhooks.replace),
    Route("PATCH", _WEBHOOK, webhooks.change),
    Route("DELETE", _WEBHOOK, webhooks.delete),
    _get("/v1/teams", people.list_teams),
    Route("POST", "/v1/teams", people.create_team),
    _get(_TEAM, people.read_team),
    Route("PUT", _TEAM, people.replace_team),
    Route("PATCH", _TEAM, people.change_team),
    Route("DELETE", _TEAM, people.delete_team),
    _get("/v1/users", people.list_users),
    Route("POST", "/v1/users/invite", people.invite),
    _get(_USER, people.read_user),
    Route("PATCH", _USER, people.change_user),
    Route("DELETE", _USER, people.delete_user),
    _get("/v1/audit-log", audit.list_all),
    _get("/v1/pages", pages.list_all),
    _get("/v1/pages/{page}", pages.read),
)
_RUNS = (
    Route("POST", f"{_ACTION}/runs", runs.create, reads=True),
    _get("/v1/actions/runs", runs.list_all),
    _get(_RUN, runs.read),
    Route("PATCH", _RUN, runs.change, reads=True),
    Route("PATCH", f"{_RUN}/approval", runs.decide, reads=True),
    _get(f"{_RUN}/approvers", runs.approvers),
    Route("POST", f"{_RUN}/logs", runs.add_log, reads=True),
    _get(f"{_RUN}/logs", runs.list_logs),
)
_LATER = (
    _not_yet("POST", "/v1/actions/runs/claim-pending", "the execution agent"),
    _not_yet("PATCH", "/v1/actions/runs/ack", "the execution agent"),
    _not_yet("PATCH", f"{_RUN}/response", "the execution agent"),
    _not_yet("GET", f"{_BLUEPRINT}/scorecards", "scorecards"),
    _not_yet("GET", "/v1/scorecards", "scorecards"),
    _not_yet("GET", "/v1/integration", "integrations"),
    _not_yet("POST", INGEST_ROUTE, "deliveries here: the service takes them without a caller"),
    _not_yet("POST", TOKEN, "the token endpoint here: the service answers it before there is a caller"),
)

ROUTES: tuple[Route, ...] = (*_BLUEPRINTS, *_CATALOGUE, *_SELF_SERVICE, *_RUNS, *_ADMINISTRATION, *_LATER)
