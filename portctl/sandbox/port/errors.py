"""Port's error envelope."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.exchange import Answer


class PortError(Exception):
    """A refusal: HTTP status, Port's error code, message, and details where Port gives some."""

    def __init__(self, status: int, error: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.details = details

    def envelope(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.error, "message": self.message}
        return body if self.details is None else {**body, "details": self.details}

    def answer(self) -> Answer:
        return Answer(self.status, self.envelope())


def not_found(what: str, identifier: str) -> PortError:
    return PortError(404, "not_found", f'{what} with identifier "{identifier}" was not found')


def taken(what: str, identifier: str) -> PortError:
    return PortError(409, "identifier_taken", f'{what} with identifier "{identifier}" already exists')


def invalid(message: str, details: dict[str, Any] | None = None) -> PortError:
    return PortError(422, "invalid_request", message, details)


def mismatch(message: str) -> PortError:
    return PortError(422, "blueprint_schema_mismatch", message)


def protected(message: str) -> PortError:
    return PortError(403, "protected_blueprint_violation", message)


def dependents(message: str, found: dict[str, Any]) -> PortError:
    return PortError(422, "has_dependents", message, found)


def not_emulated(what: str) -> PortError:
    return PortError(501, "not_emulated", f"The sandbox does not emulate {what}")
