"""ServiceNow's error envelope and the refusals it knows."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer


class SnowError(Exception):
    """A refusal: HTTP status, message, detail (None where ServiceNow gives null)."""

    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(message if detail is None else f"{message}: {detail}")
        self.status = status
        self.message = message
        self.detail = detail

    def answer(self) -> Answer:
        body = {"error": {"message": self.message, "detail": self.detail}, "status": "failure"}
        headers = {"www-authenticate": 'BASIC realm="Service-now"'} if self.status == 401 else {}
        return Answer(self.status, body, headers=headers)


class Vetoed(SnowError):
    """A rule, a data policy or the change model does not let the operation through."""


def unauthenticated() -> SnowError:
    return SnowError(401, "User is not authenticated", "Required to provide Auth information")


def no_record() -> SnowError:
    return SnowError(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def invalid_table(name: str) -> SnowError:
    return SnowError(400, f"Invalid table {name}")


def no_resource() -> SnowError:
    return SnowError(400, "Requested URI does not represent any resource")


def unreadable(text: str) -> SnowError:
    """A body that is not what its content type says."""
    return SnowError(400, "Exception while reading request", text)


def denied(operation: str) -> SnowError:
    """`operation`: Insert, Update or Delete."""
    return SnowError(403, "Operation Failed", f"ACL Exception {operation} Failed due to security constraints")


def aborted(table: str, rule: str, sys_id: str) -> SnowError:
    detail = f"Operation against file '{table}' was aborted by Business Rule '{rule}^{sys_id}'. "
    return Vetoed(403, "Operation Failed", f"{detail}Business Rule Stack:{rule}")


def data_policy(labels: list[str]) -> SnowError:
    detail = f"Data Policy Exception: The following fields are mandatory: {', '.join(labels)}"
    return Vetoed(403, "Operation Failed", detail)


def duplicate(table: str, column: str) -> SnowError:
    return SnowError(403, "Operation Failed", f"Unique Key violation detected by database: {table}.{column}")


def api_denied() -> SnowError:
    return SnowError(403, "User Not Authorized", "Failed API level ACL Validation")


def query_denied(what: str) -> SnowError:
    return SnowError(403, "Insufficient rights to query records", what)


def not_emulated(what: str) -> SnowError:
    return SnowError(501, "Not emulated", f"The sandbox does not emulate {what}")
