"""Which path is answered by which handler. What is not listed here answers 501."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, Handler
from portctl.sandbox.port.errors import not_emulated
from portctl.sandbox.port.handlers import blueprints, organisation, pages


@dataclass(frozen=True, slots=True)
class Route:
    """One route; `reads` may be called by members who are no administrators."""

    method: str
    template: str
    handler: Handler
    reads: bool = False


def _get(template: str, handler: Handler) -> Route:
    return Route("GET", template, handler, reads=True)


def _not_yet(what: str) -> Handler:
    def handler(_call: Call) -> Answer:
        raise not_emulated(what)

    return handler


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/auth/access_token", _not_yet("this"), reads=True),
    _get("/v1/blueprints", blueprints.list_all),
    Route("POST", "/v1/blueprints", blueprints.create),
    _get("/v1/blueprints/{blueprint}", blueprints.read),
    Route("PUT", "/v1/blueprints/{blueprint}", blueprints.replace),
    Route("PATCH", "/v1/blueprints/{blueprint}", blueprints.merge),
    Route("DELETE", "/v1/blueprints/{blueprint}", blueprints.delete),
    Route("PATCH", "/v1/blueprints/{blueprint}/properties/{property}/rename", blueprints.rename_property),
    Route("PATCH", "/v1/blueprints/{blueprint}/mirror/{property}/rename", blueprints.rename_mirror),
    Route("PATCH", "/v1/blueprints/{blueprint}/relations/{relation}/rename", blueprints.rename_relation),
    _get("/v1/blueprints/system/{blueprint}/structure", blueprints.structure),
    _get("/v1/pages", pages.list_all),
    _get("/v1/pages/{page}", pages.read),
    _get("/v1/organization", organisation.read),
)
