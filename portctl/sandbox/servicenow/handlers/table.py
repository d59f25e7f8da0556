"""The Table API. Source: ServiceNow REST API reference, "Table API"."""

from __future__ import annotations

from urllib.parse import urlencode

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.context import Call, result
from portctl.sandbox.servicenow.errors import invalid_table, no_record, query_denied
from portctl.sandbox.servicenow.store import access
from portctl.sandbox.servicenow.store.intake import take
from portctl.sandbox.servicenow.store.query import Matcher, Query, parse_query
from portctl.sandbox.servicenow.store.schema import MASKED
from portctl.sandbox.servicenow.store.values import Display, View

DEFAULT_LIMIT = 10_000
NO_ROWS = "glide.invalid_query.returns_no_rows"


def list_rows(call: Call) -> Answer:
    table = _table(call)
    limit, offset = call.number("sysparm_limit", DEFAULT_LIMIT), call.number("sysparm_offset", 0)
    found = _found(call, table)
    page = [row for row in found[offset : offset + limit] if access.may_read(call.instance, call.actor, row)]
    if not page and call.params.get("version") == "v1":
        raise no_record()
    view = _view(call)
    return result([view.row(row) for row in page], headers=_paging(call, len(found), limit, offset))


def read(call: Call) -> Answer:
    return result(_view(call).row(_row(call)))


def create(call: Call) -> Answer:
    table = _table(call)
    intake = take(
        call.instance, call.actor, table, call.body(), display=call.flag("sysparm_input_display_value"), creating=True
    )
    row = call.records.insert(call.actor, table, intake.values)
    location = f"{call.instance.url}/api/now/table/{table}/{row['sys_id']}"
    return result(_view(call).row(row), 201, {"location": location})


def update(call: Call) -> Answer:
    """PATCH and PUT alike: a column that is absent stays."""
    row = _row(call)
    table = str(row["_table"])
    intake = take(call.instance, call.actor, table, call.body(), display=call.flag("sysparm_input_display_value"))
    stamp = not call.flag("sysparm_suppress_auto_sys_field")
    return result(_view(call).row(call.records.update(call.actor, row, intake.values, stamp=stamp)))


def delete(call: Call) -> Answer:
    call.records.delete(call.actor, _row(call))
    return Answer(204, "")


def _table(call: Call) -> str:
    name = call.params["table"]
    if call.instance.schema.table(name) is None:
        raise invalid_table(name)
    return name


def _row(call: Call) -> Row:
    """The row of the path, as it is now. Errors: 404 when absent or hidden."""
    row = call.instance.get(_table(call), call.params["sys_id"])
    if row is None or not access.may_read(call.instance, call.actor, row):
        raise no_record()
    return row


def _found(call: Call, table: str) -> list[Row]:
    """Every row that the query matches, before access to rows is looked at."""
    matcher = Matcher(call.instance, call.actor, table, call.reader)
    query = parse_query(_query_text(call), matcher.known)
    _refuse_unreadable(call, table, query, matcher)
    rows = list(call.instance.rows(table, call.reader))
    if query.dropped and call.instance.enabled(NO_ROWS, default=False):
        return []
    return matcher.select(query, rows)


def _query_text(call: Call) -> str:
    """`sysparm_query`, or else the parameters that are named like columns."""
    text = call.request.query("sysparm_query")
    if text:
        return text
    plain = [(name, value) for name, value in call.request.queries() if not name.startswith(("sysparm_", "x-sn-"))]
    return "^".join(f"{name}={value}" for name, value in plain)


def _refuse_unreadable(call: Call, table: str, query: Query, matcher: Matcher) -> None:
    columns = query.columns()
    found = (matcher.column(path) for path in columns)
    if any(column is not None and column.type in MASKED for column in found):
        raise query_denied("Fields present in the query do not have permission to be read")
    if call.instance.strict("unreadable-table") or access.may_read_table(call.instance, call.actor, table):
        return
    if columns:
        raise query_denied(f"the table {table} may not be read")


def _view(call: Call) -> View:
    wanted = (call.request.query("sysparm_display_value") or "").lower()
    fields = tuple(name.strip() for name in (call.request.query("sysparm_fields") or "").split(",") if name.strip())
    return View(
        call.instance,
        call.actor,
        display=Display(wanted) if wanted in tuple(Display) else Display.FALSE,
        links=not call.flag("sysparm_exclude_reference_link"),
        fields=fields,
    )


def _paging(call: Call, total: int, limit: int, offset: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    if not call.flag("sysparm_no_count"):
        headers["x-total-count"] = str(total)
    if call.flag("sysparm_suppress_pagination_header") or limit == 0:
        return headers
    last = max(0, (total - 1) // limit * limit)
    pages = {"first": 0}
    if offset > 0:
        pages["prev"] = max(0, offset - limit)
    if offset + limit < total:
        pages["next"] = offset + limit
    pages["last"] = last
    headers["link"] = ",".join(f'<{_page(call, limit, start)}>;rel="{name}"' for name, start in pages.items())
    return headers


def _page(call: Call, limit: int, offset: int) -> str:
    kept = [pair for pair in call.request.queries() if pair[0] not in ("sysparm_limit", "sysparm_offset")]
    query = urlencode([*kept, ("sysparm_limit", limit), ("sysparm_offset", offset)])
    return f"{call.instance.url}{call.request.path}?{query}"
