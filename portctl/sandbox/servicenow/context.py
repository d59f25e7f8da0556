"""What a handler gets, and the parts of a request that all APIs read alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Reader
from portctl.sandbox.servicenow.errors import SnowError, unreadable
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.records import Records


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request to a known route."""

    request: Request
    params: Mapping[str, str]
    actor: Actor
    records: Records
    reader: Reader
    """What a list sees: late, where the sandbox lags."""

    @property
    def instance(self) -> Instance:
        return self.records.instance

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; empty where nothing was. Errors: 400."""
        kind = self.request.headers.get("content-type", "")
        if self.request.body and "json" not in kind:
            raise unreadable(f"the content type {kind or '(none)'} is not application/json")
        try:
            document = json.loads(self.request.body) if self.request.body.strip() else {}
        except (ValueError, RecursionError) as error:
            raise unreadable(str(error)) from error
        if not isinstance(document, dict):
            raise unreadable("a JSON object is expected")
        return document

    def flag(self, name: str) -> bool:
        return (self.request.query(name) or "").lower() == "true"

    def number(self, name: str, default: int) -> int:
        """A whole number; anything else is as if it had not been sent. Errors: 400 when negative."""
        text = self.request.query(name) or ""
        try:
            value = int(text)
        except ValueError:
            return default
        if value < 0:
            raise SnowError(400, f"Invalid value for parameter {name}", f"{name} must not be negative")
        return value


Handler = Callable[[Call], Answer]


def result(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A success envelope."""
    return Answer(status, {"result": value}, headers=headers or {})
