"""Columns of tables. The column itself appears some time after its record: it is waited for.

Source: ServiceNow docs, "Data dictionary".
"""

from __future__ import annotations

from portctl.errors import ApiError
from portctl.model.kind import Kind
from portctl.model.provider import WriteRequest
from portctl.model.resource import Live
from portctl.providers.servicenow.objects import Objects
from portctl.providers.servicenow.refusals import API

_WAITS_SECONDS = (0.5, 1.0, 2.0, *(5.0,) * 12)


class Columns(Objects):
    """See the module."""

    table = "sys_dictionary"

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        live = super().create(kind, write)
        if live.attributes.get("active") != "false":
            self._wait_for(*write.identity)
        return live

    def populated(self, kind: Kind, live: Live, *, besides: int = 0) -> bool:  # noqa: ARG002
        """Whether a record has a value in the column, or may have one that cannot be seen."""
        table, element = live.identity
        # A dropped term would count every record, which only asks for consent once more than needed.
        _, total = self._tables.glance(table, [element], f"{element}ISNOTEMPTY", limit=1)
        return total > 0

    def _wait_for(self, table: str, element: str) -> None:
        """Until a record of the table shows the column. A table without records that may be read shows nothing."""
        for wait in (*_WAITS_SECONDS, None):
            rows, _ = self._tables.glance(table, [element])
            if all(element in row for row in rows):
                return
            if wait is not None:
                self._sleep(wait)
        raise ApiError(
            "Column does not appear",
            f"{table}.{element} is in the dictionary, and after a minute records do not show it",
            method="GET",
            path=f"{API}/{table}",
            status=200,
            hint="Large tables take longer, and this user must be able to read the column. Apply again in a while.",
        )
