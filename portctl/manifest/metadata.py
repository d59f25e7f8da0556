"""The `metadata` of a manifest: a closed list of keys, each checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from portctl.config.section import Section
from portctl.findings import listing
from portctl.model.address import DEFAULT_INSTANCE, Address, is_name
from portctl.model.kind import Coverage, Kind, Merge, OnDelete, pattern_parts
from portctl.model.resource import Adopt, Management, Meta, Renamed
from portctl.model.value import MISSING, Attributes, get
from portctl.template.filters import noun
from portctl.template.placeholder import has_placeholder

KEYS = (
    "name",
    "in",
    "instance",
    "labels",
    "dependsOn",
    "management",
    "adopt",
    "protect",
    "onDelete",
    "moved",
    "renamed",
    "options",
)
_RESERVED = "forEach"
_PROTECTED = ("delete", "replace")
_INSTANCE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What `metadata` says: the address of the resource (None when it cannot be told) and the rest."""

    address: Address | None
    meta: Meta


def read_metadata(section: Section, kind: Kind, body: Attributes) -> Envelope:
    """`section` may be empty: everything in it has a default. Wrong values are findings and read as the default."""
    section.close((*KEYS, _RESERVED), "metadata")
    if _RESERVED in section.value:
        section.complain_key(_RESERVED, "Reserved key", f"{_RESERVED} is reserved for a later version.")
    section.refuse_placeholders("metadata is literal: it says which manifest this is, in every environment.")
    instance = section.text("instance", DEFAULT_INSTANCE)
    if _INSTANCE.fullmatch(instance) is None:
        section.complain(("instance",), "Malformed name", "Instance names have letters, digits, `_` and `-`.")
        instance = DEFAULT_INSTANCE
    within = _parent(section, kind, instance)
    name = _name(section, kind, body, within)
    address = Address(kind.provider, kind.name, name, instance) if name else None
    meta = Meta(
        within=within,
        labels=_labels(section),
        depends_on=_addresses(section, "dependsOn"),
        management=_management(section, kind),
        adopt=section.choice("adopt", Adopt) or Adopt.EQUAL,
        protect=_protect(section),
        on_delete=_on_delete(section, kind),
        moved=_moved(section, kind, address),
        renamed=_renamed(section),
        options=_options(section, kind),
    )
    return Envelope(address, meta)


def default_name(kind: Kind, body: Attributes, within: Address | None) -> str:
    """The name of a manifest without one: its identity, percent-encoded; empty when that cannot be told yet.

    A kind without an identity of its own is called like its parent. A part that is left to its default is not said.
    """
    if not kind.identity:
        return within.name if within else ""
    known = {path: get(body, pattern_parts(path)) for path in kind.identity}
    parts = [part for path, part in known.items() if part is not MISSING or path not in kind.defaults]
    if not all(isinstance(part, str) and part and not has_placeholder(part) for part in parts):
        return ""
    return quote("/".join(parts), safe="").replace("~", "%7E")


def _name(section: Section, kind: Kind, body: Attributes, within: Address | None) -> str:
    if "name" in section.value:
        name = section.text("name")
        if name and not is_name(name):
            section.complain(("name",), "Malformed name", "A name has letters, digits, `_`, `.`, `%` and `-`.")
            return ""
        return name
    name = default_name(kind, body, within)
    if not name:
        section.complain((), *_no_name(kind, body))
    return name


def _no_name(kind: Kind, body: Attributes) -> tuple[str, str, str]:
    """Why there is no default name: summary, detail and hint."""
    for path in kind.identity:
        part = get(body, pattern_parts(path))
        if part is not MISSING and part is not None and not isinstance(part, str):
            shown = f"{noun(part)}, {json.dumps(part)}," if isinstance(part, bool | int | float) else noun(part)
            hint = (
                f'Quote it: "{json.dumps(part)}".' if isinstance(part, bool | int | float) else f"Write {path} as text."
            )
            return "Wrong type", f"{path} names the object, and {shown} stands there; text is needed.", hint
    source = " and ".join(kind.identity) or "the parent"
    detail = f"The manifest has no metadata.name, and {source} gives none: it is missing or holds a placeholder."
    return "Name is missing", detail, "Write metadata.name."


def _address(section: Section, path: tuple[str | int, ...], text: str) -> Address | None:
    address = Address.parse(text)
    if address is None:
        section.complain(path, "Malformed address", f'"{text}" is not an address such as port/Action:deploy.')
    return address


def _addresses(section: Section, key: str) -> tuple[Address, ...]:
    found = (_address(section, (key, index), text) for index, text in enumerate(section.texts(key)))
    return tuple(address for address in found if address is not None)


def _parent(section: Section, kind: Kind, instance: str) -> Address | None:
    if "in" not in section.value:
        if kind.parent:
            detail = f"A {kind.full_name} stands in a {kind.parent}: metadata.in is missing."
            section.complain((), "Parent is missing", detail, f"Write `in: {kind.parent}:NAME`.")
        return None
    if not kind.parent:
        section.complain_key("in", "No parent", f"A {kind.full_name} has no parent.")
        return None
    text = section.text("in")
    address = _address(section, ("in",), text) if text else None
    if address is None:
        return None
    if address.kind_name != kind.parent:
        detail = f"A {kind.full_name} stands in a {kind.parent}, not in a {address.kind_name}."
        section.complain(("in",), "Wrong parent", detail)
        return None
    if (address.provider, address.instance) != (kind.provider, instance):
        detail = f"{address} is in another instance than this manifest, which is in {kind.provider}@{instance}."
        section.complain(("in",), "Wrong parent", detail)
        return None
    return address


def _labels(section: Section) -> Mapping[str, str]:
    labels = section.section("labels")
    for key, value in labels.value.items():
        if not isinstance(value, str):
            labels.wrong((key,), value, "Text (quote it)")
    return {key: value for key, value in labels.value.items() if isinstance(value, str)}


def _management(section: Section, kind: Kind) -> Management | None:
    chosen = section.choice("management", Management)
    if chosen is Management.MERGE and kind.merge is Merge.NONE:
        detail = f"A {kind.full_name} can only be written as a whole."
        section.complain(("management",), "Value not accepted", detail, "Use full or observe.")
    if chosen is Management.FULL and kind.coverage is Coverage.DECLARED:
        detail = f"Of a {kind.full_name} only what the manifest names is managed."
        section.complain(("management",), "Value not accepted", detail, "Use merge or observe.")
    return chosen


def _on_delete(section: Section, kind: Kind) -> OnDelete | None:
    chosen = section.choice("onDelete", OnDelete)
    if chosen is OnDelete.DELETE and not kind.deletable:
        detail = f"A {kind.full_name} goes with its parent; it cannot be deleted by itself."
        section.complain(("onDelete",), "Value not accepted", detail)
    return chosen


def _protect(section: Section) -> frozenset[str]:
    words = section.texts("protect")
    for index, word in enumerate(words):
        if word not in _PROTECTED:
            section.complain(("protect", index), "Value not accepted", f"protect lists {listing(_PROTECTED)}.")
    return frozenset(words) & frozenset(_PROTECTED)


def _moved(section: Section, kind: Kind, address: Address | None) -> tuple[Address, ...]:
    moved = _addresses(section, "moved")
    for index, old in enumerate(moved):
        if old.kind_name != kind.full_name:
            section.complain(("moved", index), "Wrong kind", f"{old} was never a {kind.full_name}.")
        elif old == address:
            section.complain(("moved", index), "Moved to itself", f"{old} is the address of this manifest.")
    return moved


def _renamed(section: Section) -> tuple[Renamed, ...]:
    found: list[Renamed] = []
    for index, _ in section.sections("renamed"):
        below = Section(section.document, section.findings, (*section.path, "renamed", index))
        below.close(("path", "from"), "An entry of renamed")
        path, before = below.text("path"), below.text("from")
        if path and before:
            found.append(Renamed(path, before))
        elif not {"path", "from"} <= set(below.value):
            detail = "An entry has `path`, where it stands now, and `from`, its former name."
            below.complain((), "Missing key", detail)
    return tuple(found)


def _options(section: Section, kind: Kind) -> Mapping[str, bool | str]:
    options = section.section("options")
    if kind.options:
        options.close(kind.options, f"options of a {kind.full_name}")
    for key, value in options.value.items():
        if not kind.options:
            options.complain_key(key, "Unknown key", f"A {kind.full_name} has no options.")
        elif not isinstance(value, bool | str):
            options.wrong((key,), value, "true, false or text")
    return {key: value for key, value in options.value.items() if isinstance(value, bool | str)}
