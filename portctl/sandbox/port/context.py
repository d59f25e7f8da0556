"""What a handler gets: the request, its parts already checked, and the organisation it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Reader
from portctl.sandbox.port.credentials import Credential
from portctl.sandbox.port.errors import PortError, invalid
from portctl.sandbox.port.store.organisation import Cause, Organisation

CHAIN_HEADER = "x-portctl-chain"
"""In what Port calls of itself: the run for which it calls. Ends chains of automations that would never end."""


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request to a known route."""

    request: Request
    params: Mapping[str, str]
    caller: Credential
    organisation: Organisation
    tables: Reader
    """What a read sees: late, where the sandbox lags."""

    @property
    def by(self) -> str:
        """Who is written down as the author of a change: a person's id, or the client of a machine."""
        person = self.organisation.state.get("users", self.caller.email or "")
        return str(person["id"]) if person else self.caller.client_id

    def cause(self, run_id: str | None = None) -> Cause:
        """What a change made by this request goes back to; `run_id`: the run it is made for."""
        behind = self.organisation.state.get("runs", self.request.headers.get(CHAIN_HEADER) or run_id or "")
        chain = tuple(behind["_chain"]) if behind else ()
        return Cause(self.by, run_id=run_id, chain=chain, agent=self.request.headers.get("user-agent", ""))

    @property
    def run_id(self) -> str | None:
        """The run for which a change is made; Port's Terraform provider sends an empty one with every entity."""
        return self.request.query("run_id") or None

    def body(self) -> Any:
        return parse_body(self.request)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean query parameter."""
        value = self.request.query(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise invalid(f"querystring/{name} must be boolean")
        return value == "true"

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.request.query(name)
        if value is not None and value not in allowed:
            raise invalid(f"querystring/{name} must be equal to one of the allowed values")
        return value


Handler = Callable[[Call], Answer]


def parse_body(request: Request) -> Any:
    """The JSON body, None where there is none. Errors: 400 when it is not JSON."""
    if not request.body:
        return None
    try:
        return json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PortError(400, "invalid_request", f"The body is not valid JSON: {error}") from error


def ok(status: int = 200, **parts: Any) -> Answer:
    """A success envelope."""
    return Answer(status, {"ok": True, **parts})


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
