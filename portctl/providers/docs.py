"""docs/kinds.md from the declarations of the kinds: `python -m portctl.providers.docs` prints it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence

from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Verb
from portctl.model.value import thaw
from portctl.providers.catalogue import catalogue
from portctl.providers.paths import own_path

_INTRODUCTION = """\
# Kinds

This page is made from the declarations below `portctl/providers/*/kinds/` and must not be edited by hand:
`python -m portctl.providers.docs > docs/kinds.md`.

Paths are dotted; `*` stands for any name or position. *Coverage* says what a manifest speaks for: the whole object
(what it leaves out is removed) or only the paths that it names. *Never differs* lists what equals absence, because the
service fills it in or leaves it out. *Loses data* lists the changes that need `--allow-destroy ADDRESS`.
"""

_PRIVILEGES = """\
## Least privilege

What the credentials of an instance must be allowed, and no more. With less, `plan` or `apply` ends with exit code 8 and
says what is missing; the lines are tried on the sandbox with what they name, and with one role less.
"""

_COVERAGE = {Coverage.WHOLE: "the whole object", Coverage.DECLARED: "only the paths that the manifest names"}
_MERGE = {
    Merge.PATCH: "PATCH with what changed",
    Merge.PARTIAL_PUT: "PUT with what changed, the rest stays",
    Merge.READ_MODIFY_WRITE: "read, change, write the whole object",
    Merge.NONE: "not possible",
}


def kinds_page() -> str:
    """The whole page, one section per kind."""
    kinds = catalogue().values()
    index = "\n".join(f"| [{kind.full_name}](#{_anchor(kind)}) | {kind.summary} |" for kind in kinds)
    sections = "\n".join(_section(kind) for kind in kinds)
    return f"{_INTRODUCTION}\n| kind | what it is |\n|---|---|\n{index}\n\n{_privileges()}\n{sections}"


def _privileges() -> str:
    rows = "\n".join(
        f"| {kind.full_name} | {kind.privilege.read} | {kind.privilege.write} |" for kind in catalogue().values()
    )
    return f"{_PRIVILEGES}\n| kind | to plan | to apply |\n|---|---|---|\n{rows}\n"


def _anchor(kind: Kind) -> str:
    return kind.full_name.lower().replace("/", "")


def _section(kind: Kind) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in _rows(kind) if value)
    remarks = "".join(f"\n{remark}\n" for remark in kind.remarks)
    return f"## {kind.full_name}\n\n{kind.summary}\n\n| | |\n|---|---|\n{rows}\n{remarks}"


def _rows(kind: Kind) -> Iterator[tuple[str, str]]:
    yield "Source", kind.source
    yield "Identity", _identity(kind)
    yield "Bare bodies in", f"`{kind.folder}/`" if kind.folder else ""
    yield "Own metadata", _pairs(kind.options)
    yield "Read", _read(kind)
    yield "Created", f"{kind.create} `{own_path(kind.collection, kind)}`" if kind.create else "with its parent"
    yield "Updated", f"{kind.update} `{own_path(kind.item, kind)}`"
    yield "Deleted", _deleted(kind)
    yield "Coverage", _COVERAGE[kind.coverage]
    yield "Defined by the service, only added to", f"identities that match `{kind.shared}`" if kind.shared else ""
    yield "Merging into somebody else's object", _MERGE[kind.merge]
    yield "Server's own", _names(kind.server_owned)
    yield "Never compared", _pairs(kind.excluded)
    yield "Never differs", _never_differs(kind)
    yield "Order does not matter", _names(kind.sets)
    yield "Refers to", "; ".join(f"`{ref.at}` to {' or '.join(ref.kinds)}" for ref in kind.references)
    yield "May be completed later", _names(kind.deferrable)
    yield "Held back", _held(kind)
    yield "Needs a replacement", _names(kind.immutable)
    yield "Removed and made anew when changed", _names([retype.at for retype in kind.retyped])
    yield "A part is nothing without", _names(kind.essential)
    yield "Masked", _names(kind.sensitive)
    yield "Write-only", _names(kind.write_only)
    yield "Read by all who see the object", _shown(kind)
    yield "Outputs", "; ".join(f"`{output.name}` ({output.cls.value})" for output in kind.outputs)
    yield "Can be renamed", _names([rename.at for rename in kind.renames])
    yield "Loses data", "; ".join(f"`{hazard.at}`: {hazard.why}" for hazard in kind.hazards)
    yield "Loses data when deleted", kind.deletion_hazard


def _identity(kind: Kind) -> str:
    own = ", ".join(f"`{name}`" for name in kind.identity)
    if not kind.parent:
        return own
    return f"{own} in its {kind.parent}" if own else f"that of its {kind.parent} (`metadata.in`)"


def _read(kind: Kind) -> str:
    if kind.partial:
        return "only the parts that manifests and the ledger name"
    if kind.search is not None:
        path = own_path(kind.search.path, kind)
        return f"POST `{path}`, {kind.search.size:,} objects a page, once per {', '.join(kind.scope)}"
    if not kind.collection or not kind.listed:
        return f"GET `{own_path(kind.item, kind)}`, one by one"
    query = "&".join(f"{name}={value}" for name, value in kind.list_query.items())
    return f"GET `{own_path(kind.collection, kind)}{'?' if query else ''}{query}`"


def _deleted(kind: Kind) -> str:
    if not kind.deletable:
        return "with its parent only"
    if kind.update is Verb.POST:
        return f"POST `{own_path(kind.collection, kind)}`"
    kept = "; kept unless the manifest says otherwise" if kind.on_delete is OnDelete.KEEP else ""
    return f"DELETE `{own_path(kind.item, kind)}`{kept}"


def _never_differs(kind: Kind) -> str:
    defaults = [f"`{pattern}` = `{json.dumps(thaw(value))}`" for pattern, value in kind.defaults.items()]
    return "; ".join([*defaults, *(f"`{pattern}` when empty" for pattern in kind.empty)])


def _held(kind: Kind) -> str:
    if kind.hold is None:
        return ""
    return f"`{kind.hold.field}` stays `{json.dumps(kind.hold.value)}` until its {kind.hold.until} is written"


def _shown(kind: Kind) -> str:
    at = [each.at for each in kind.readable]
    return "all that is not masked" if "**" in at else _names(at)


def _names(patterns: Sequence[str]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)


def _pairs(pairs: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {text}" for name, text in pairs.items())


if __name__ == "__main__":
    sys.stdout.write(kinds_page())
