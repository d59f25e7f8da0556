"""The backend UPSERT_ENTITY: Port writes an entity itself. Source: port.md 4.5."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError
from portctl.sandbox.port.schemas import entity as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import entities
from portctl.sandbox.port.store.entities import Mode, Options
from portctl.sandbox.port.store.organisation import Cause, Organisation


def upsert(organisation: Organisation, run: Row, rendered: Row) -> str | None:
    """Write the mapped fields, and no others; the complaint where that is refused."""
    mapping = {"properties": {}, **rendered["mapping"]}
    cause = Cause(run["createdBy"], run["source"], run_id=run["id"], chain=tuple(run["_chain"]))
    try:
        check(schema.PARTIAL, mapping, "mapping")
        entities.write(organisation, rendered["blueprintIdentifier"], None, mapping, Options(Mode.MERGE, cause))
    except PortError as error:
        return f"Failed to upsert the entity: {error.message}"
    return None
