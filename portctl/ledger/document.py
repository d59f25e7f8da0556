"""A ledger as the JSON text that backends keep, and back. Its format is versioned: older ledgers must load."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from portctl.errors import PortctlError
from portctl.json_text import parse
from portctl.ledger.form import misfit, misnamed
from portctl.model.address import Address
from portctl.model.kind import Kind, OnDelete
from portctl.model.ledger import Entry, Ledger, Owned, Run
from portctl.model.resource import RemoteKey
from portctl.source import Path

FORMAT = 1


def new_ledger(project: str, environment: str) -> Ledger:
    return Ledger(project=project, environment=environment, lineage=uuid.uuid4().hex, salt=uuid.uuid4().hex)


def dump_ledger(ledger: Ledger) -> str:
    """The ledger as the JSON text that backends keep."""
    document = {
        "format": FORMAT,
        "tool": ledger.tool,
        "project": ledger.project,
        "environment": ledger.environment,
        "lineage": ledger.lineage,
        "serial": ledger.serial,
        "salt": ledger.salt,
        "instances": dict(ledger.instances),
        "entries": [_dump_entry(ledger.entries[key]) for key in sorted(ledger.entries)],
        "runs": [
            {
                "id": run.id,
                "who": run.who,
                "commit": run.commit,
                "started": run.started,
                "operations": dict(run.operations),
            }
            for run in ledger.runs
        ],
        "consumed": list(ledger.consumed),
        "deleted": [[*_dump_key(key), at] for key, at in sorted(ledger.deleted.items())],
    }
    return json.dumps(document, indent=1) + "\n"


def load_ledger(text: str, where: str, catalogue: Mapping[str, Kind] = MappingProxyType({})) -> Ledger:
    """The ledger that `text` spells. Raises PortctlError when it is not one, or is from a newer portctl.

    The identities in it must be such as the kinds of `catalogue` have.
    """
    try:
        document = parse(text)
        written = document["format"] if isinstance(document, dict) else None
        if isinstance(written, int) and written > FORMAT:
            raise PortctlError(
                "Ledger from a newer portctl",
                f"{where} has format {written}; this version reads up to {FORMAT}",
                hint="Upgrade portctl.",
            )
        wrong = misfit(document)
        if wrong:
            raise unreadable(where, f"{wrong} has another form than portctl writes")
        ledger = _parse_ledger(document)
    except json.JSONDecodeError as error:
        raise unreadable(where, f"it is not JSON (line {error.lineno}, column {error.colno})") from error
    except KeyError as error:
        raise unreadable(where, f"it lacks {json.dumps(error.args[0])}") from error
    except _Twice as error:
        raise unreadable(where, str(error)) from error
    except (TypeError, ValueError, IndexError) as error:
        raise unreadable(where, "something in it has another form than portctl writes") from error
    wrong = misnamed(_keys(ledger), catalogue)
    if wrong:
        raise unreadable(where, wrong)
    return ledger


class _Twice(Exception):
    """Two entries of one object. The text says which."""


def unreadable(where: str, why: str) -> PortctlError:
    return PortctlError(
        "Unreadable ledger",
        f"{where} is not a ledger of portctl: {why}",
        hint="Restore it from a backup; without it portctl does not know what it created.",
    )


def _parse_ledger(document: Any) -> Ledger:
    entries: dict[RemoteKey, Entry] = {}
    for index, row in enumerate(document["entries"]):
        entry = _parse_entry(row)
        if entry.key in entries:
            raise _Twice(f"entries[{index}] is of the same object as entries[{list(entries).index(entry.key)}]")
        entries[entry.key] = entry
    return Ledger(
        project=document["project"],
        environment=document["environment"],
        lineage=document["lineage"],
        salt=document["salt"],
        serial=document["serial"],
        tool=document["tool"],
        instances=document["instances"],
        entries=entries,
        runs=tuple(Run(**run) for run in document["runs"]),
        consumed=tuple(document["consumed"]),
        deleted={_parse_key(row[:3]): float(row[3]) for row in document["deleted"]},
    )


def _keys(ledger: Ledger) -> Iterator[tuple[str, RemoteKey]]:
    """The objects with their places in the document that was read."""
    yield from ((f"entries[{index}].identity", key) for index, key in enumerate(ledger.entries))
    yield from ((f"deleted[{index}][2]", key) for index, key in enumerate(ledger.deleted))


def _dump_key(key: RemoteKey) -> list[Any]:
    return [key[0], key[1], list(key[2])]


def _parse_key(row: Any) -> RemoteKey:
    return (str(row[0]), str(row[1]), tuple(row[2]))


def _dump_entry(entry: Entry) -> dict[str, Any]:
    return {
        "address": str(entry.address),
        "identity": list(entry.identity),
        "created": entry.created,
        "claimed": entry.claimed,
        "made": entry.made,
        "depends": [_dump_key(key) for key in entry.depends],
        "protect": sorted(entry.protect),
        "onDelete": str(entry.on_delete) if entry.on_delete else "",
        "labels": dict(entry.labels),
        "merge": entry.merge,
        "paths": [[list(path), owned.hash, owned.created] for path, owned in sorted_paths(entry.paths)],
        "fingerprints": [[list(path), print_] for path, print_ in sorted_paths(entry.fingerprints)],
        "around": [[list(path), hash_] for path, hash_ in sorted_paths(entry.around)],
        "witness": entry.modified_marker,
        "remote": entry.remote,
        "former": list(entry.former),
        "makers": list(entry.makers),
        "before": list(entry.before),
        "after": entry.after,
        "written": entry.written,
    }


def _parse_entry(row: Any) -> Entry:
    address = Address.parse(row["address"])
    if address is None:
        raise ValueError("address")
    return Entry(
        address=address,
        identity=tuple(row["identity"]),
        created=row["created"],
        claimed=row["claimed"],
        made=row["made"],
        depends=tuple(_parse_key(key) for key in row["depends"]),
        protect=frozenset(row["protect"]),
        on_delete=OnDelete(row["onDelete"]) if row["onDelete"] else None,
        labels=row["labels"],
        merge=row["merge"],
        paths={tuple(path): Owned(hash_, created) for path, hash_, created in row["paths"]},
        fingerprints={tuple(path): print_ for path, print_ in row["fingerprints"]},
        around={tuple(path): hash_ for path, hash_ in row.get("around", ())},
        modified_marker=row["witness"],
        remote=row.get("remote", ""),
        former=tuple(row.get("former", ())),
        makers=tuple(row.get("makers", ())),
        before=tuple(row["before"]),
        after=row["after"],
        written=row["written"],
    )


def sorted_paths(paths: Mapping[Path, Any]) -> list[tuple[Path, Any]]:
    return sorted(paths.items(), key=lambda item: [str(part) for part in item[0]])
