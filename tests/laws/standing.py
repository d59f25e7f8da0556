"""What stands at all services of a sandbox, without what differs between two runs that did the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from portctl.sandbox.server import Sandbox

_BOOKS = frozenset(
    {"tokens", "audit", "sequences", "sys_update_xml", "_jobs", "jobs", "runs", "sys_rest_transaction_log", "timers"}
)
"""Tables in which services write down what happened: a request that came twice stands there twice."""

_TOLD = frozenset({"id", "sys_id", "token", "webhookKey", "url"})
"""What a service makes up for a new object. Wherever it stands, it is named by the object that it belongs to."""

_WHEN = (
    "_at",
    "At",
    "_on",
    "sys_mod_count",
    "sys_updated_by",
    "last_activity_at",
    "updatedBy",
    "createdBy",
    "last_used",
    "runners_token",
)
_NAMES = ("identifier", "secretName", "name", "path", "function_name", "key", "description", "element", "username")


Tables: TypeAlias = Mapping[str, Mapping[str, Any]]


def tables_of(sandbox: Sandbox) -> Tables:
    """Table -> key -> row, of all services."""
    sandbox.settle()
    with sandbox.world.lock:
        return dict(_tables({name: service.dump() for name, service in sandbox.services.items()}))


def standing(sandbox: Sandbox, seeded: Tables) -> dict[str, list[Any]]:
    """Table -> its rows but for those that were `seeded` and stayed so, in an order of their own; the repositories."""
    tables = tables_of(sandbox)
    changed = {
        table: {key: row for key, row in rows.items() if row != seeded.get(table, {}).get(key)}
        for table, rows in tables.items()
    }
    gone = {table: sorted({*rows} - {*tables.get(table, {})}) for table, rows in seeded.items()}
    names = _told(changed)
    found = {
        table: sorted((_plain(row, names) for row in rows.values()), key=lambda row: json.dumps(row, sort_keys=True))
        for table, rows in changed.items()
    }
    return {
        **{table: rows for table, rows in found.items() if rows},
        **{f"gone from {table}": keys for table, keys in gone.items() if keys},
        "repositories": _repositories(sandbox, names),
    }


def _tables(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, item in value.items():
        if name in _BOOKS or not isinstance(item, dict):
            continue
        below = (*path, name)
        if name in ("port", "gitlab", "servicenow", "tables", "organisations") or name.startswith("org_"):
            yield from _tables(item, below)
        else:
            yield " ".join(below), {key: row for key, row in item.items() if isinstance(row, dict)}


def _told(tables: Tables) -> dict[str, str]:
    """What was made up -> whose it is."""
    found: dict[str, str] = {}
    for table, rows in tables.items():
        for row in rows.values():
            name = next((str(row[key]) for key in _NAMES if row.get(key)), "?")
            for key in _TOLD & row.keys():
                if isinstance(row[key], str | int) and (isinstance(row[key], int) or len(row[key]) > 8):
                    found[str(row[key])] = f"<{key} of {table} {name}>"
    return found


def _plain(value: Any, names: Mapping[str, str], key: str = "") -> Any:
    """`value` with names in place of what was made up; `key` is where it stands. Numbers of two tables may be equal."""
    if isinstance(value, dict):
        return {
            _plain(k, names): _plain(v, names, k)
            for k, v in sorted(value.items())
            if not k.endswith(_WHEN) and (k != "id" or str(v) in names)
        }
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    if isinstance(value, str) and value not in names:
        for told in names:
            if len(told) > 8 and told in value:
                value = value.replace(told, names[told])
        return value
    return names.get(str(value), value) if isinstance(value, str) or key in ("id", "project_id") else value


def _repositories(sandbox: Sandbox, names: Mapping[str, str]) -> list[Any]:
    """Every branch of every repository with its files, by content."""
    found = []
    folder = sandbox.gitlab.instance.repositories.path(0).parent
    for path in folder.iterdir() if folder.is_dir() else ():
        branches = _git(path, "for-each-ref", "--format=%(refname)", "refs/heads").split()
        files = {branch: _git(path, "ls-tree", "-r", branch).splitlines() for branch in branches}
        found.append([names.get(path.stem, path.stem), files])
    return sorted(found, key=json.dumps)


def _git(path: Any, *arguments: str) -> str:
    command = ["git", "--git-dir", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
