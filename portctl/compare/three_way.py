"""Compare one resource with what lives, and say who moved: three-way, per path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from portctl.compare.canonical import digest, managed_leaves, same
from portctl.compare.diff import Difference, differences
from portctl.compare.fingerprints import sealed_texts
from portctl.compare.normalise import declared_paths, normalise, project, project_of
from portctl.compare.parts import essential_part, parts_around
from portctl.compare.paths import unit_of, value_at
from portctl.model.change import Edit, Why
from portctl.model.kind import Kind, matches
from portctl.model.ledger import Entry
from portctl.model.resource import Live, Management, Resource
from portctl.model.value import MISSING, Attributes, Canonical, Pending, Unknown, Value, get
from portctl.source import Path


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired side of a comparison.

    `canonical` is what the manifest wants, `declared` every path it speaks about (values that equal absence
    included), `sealed` the texts that hold secrets or go to write-only fields.
    """

    resource: Resource
    attributes: Attributes
    canonical: Canonical
    declared: Mapping[Path, Value]
    sealed: Mapping[Path, Pending]

    @property
    def merge(self) -> bool:
        return self.resource.management is not Management.FULL

    def unit(self, path: Path) -> Path:
        """The declared path that `path` is or lies below, else `path` itself."""
        return next((path[:end] for end in range(1, len(path) + 1) if path[:end] in self.declared), path)


def desired_side(resource: Resource, attributes: Attributes) -> Desired:
    """`attributes` are the resource's, with every output filled that is known."""
    kind = resource.kind
    canonical = normalise(kind, attributes)
    declared = declared_paths(kind, attributes)
    if resource.management is not Management.FULL:
        declared = {path: value for path, value in declared.items() if not (isinstance(value, Mapping) and not value)}
        canonical = project(canonical, frozenset(declared))
    return Desired(resource, attributes, canonical, declared, dict(sealed_texts(kind, attributes)))


def live_side(desired: Desired, live: Live, entry: Entry | None = None) -> Canonical:
    """The part of `live` that the manifest speaks for, masked where the manifest has secrets or had some."""
    hidden = entry.fingerprints if entry else ()
    canonical = normalise(desired.resource.kind, live.attributes, like=desired.canonical, hidden=hidden)
    return project_of(desired.resource.kind, canonical, desired.declared) if desired.merge else canonical


def edits(desired: Desired, before: Canonical, entry: Entry | None) -> tuple[Edit, ...]:
    """What differs at paths that can be read, each with its reason."""
    found = []
    for difference in differences(before, desired.canonical, desired.resource.kind.aligned):
        why = _why(difference, desired, before, entry)
        if difference.after is not MISSING:
            found.append(Edit(difference.path, difference.before, difference.after, why))
            continue
        for path in _spoken_of(desired, difference):
            said = desired.declared.get(path, _default(desired.resource.kind, path))
            found.append(Edit(path, value_at(before, path), said, why))
    return tuple(found)


def _default(kind: Kind, path: Path) -> Value:
    """What stands at `path` once nothing is said of it: the service's default, else nothing."""
    found = (value for pattern, value in kind.defaults.items() if matches(pattern, path) and value is not None)
    return next(found, MISSING)


def _spoken_of(desired: Desired, gone: Difference) -> list[Path]:
    """The path that goes, or the paths below it where the manifest says something that equals absence."""
    if not any(path[: len(gone.path)] == gone.path and path != gone.path for path in desired.declared):
        return [gone.path]
    return list(dict.fromkeys(desired.unit((*gone.path, *below)) for below in managed_leaves(gone.before)))


def delta(desired: Desired, before: Canonical) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """What a write must change and what it must clear for `before` to become what is desired, by unit of ownership."""
    changed: dict[Path, None] = {}
    removed: dict[Path, None] = {}
    for difference in differences(before, desired.canonical, desired.resource.kind.aligned):
        top = unit_of(difference.path)
        wanted, there = _units_at(desired.canonical, top), _units_at(before, top)
        for path, value in wanted.items():
            if path not in there or not same(there[path], value):
                changed[path] = None
        replaced = {path for path, value in wanted.items() if not isinstance(value, Mapping)}
        for path in there:
            if path in wanted or any(path[:end] in replaced for end in range(len(path))):
                continue
            unit = desired.unit(path)
            if unit in desired.declared:
                changed[unit] = None
            elif get(desired.canonical, path) is MISSING:
                removed[path] = None
    if desired.merge:
        changed.update(dict.fromkeys(_of_new_parts(desired, before, changed)))
    return tuple(changed), tuple(removed)


def _of_new_parts(desired: Desired, before: Canonical, changed: Iterable[Path]) -> Iterator[Path]:
    """Everything that the manifest says of named parts that are not there yet: what equals absence is said, too."""
    kind = desired.resource.kind
    parts = {part for path in changed for part in parts_around(kind, path) if get(before, part) is MISSING}
    return (path for path in desired.declared if any(path[: len(part)] == part for part in parts))


def _units_at(side: Canonical, path: Path) -> dict[Path, Value]:
    value = get(side, path)
    return {} if value is MISSING else {(*path, *below): leaf for below, leaf in managed_leaves(value).items()}


def creation_edits(desired: Desired) -> tuple[Edit, ...]:
    """Everything that a new object will have."""
    return tuple(Edit(path, MISSING, value, Why.NEW) for path, value in managed_leaves(desired.canonical).items())


def dropped(desired: Desired, live: Live, entry: Entry | None) -> tuple[Edit, ...]:
    """Paths that we created in an object that is only partly ours, and that the manifest no longer names."""
    if entry is None or not desired.merge:
        return ()
    return taken_back(desired.resource.kind, live, entry, desired.declared)


def taken_back(kind: Kind, live: Live, entry: Entry, declared: Mapping[Path, Value]) -> tuple[Edit, ...]:
    """What we created in `live` and is not declared.

    A named part that we made, or of which nothing would be left, goes as a whole, with what others added to it. While
    anything of a part is declared, it keeps what it cannot be without.
    """
    canonical = normalise(kind, live.attributes, hidden=entry.fingerprints)
    gone: dict[Path, Why] = {}
    made: set[Path] = set()
    for path, owned in entry.paths.items():
        value = get(canonical, path)
        if not path or not owned.created or value is MISSING or _is_declared(path, declared):
            continue
        part = essential_part(kind, path)
        if part and _is_declared(part, declared):
            continue
        made |= {part} - {()}
        gone[path] = Why.MANIFEST if digest(value) == owned.hash else Why.CONFLICT
    found: dict[Path, Why] = {}
    for path, why in gone.items():
        whole_parts = (part for part in parts_around(kind, path) if part in made or _goes_whole(canonical, part, gone))
        part = next(whole_parts, path)
        mixed = part != path and not _goes_whole(canonical, part, gone)
        found[part] = Why.CONFLICT if mixed or Why.CONFLICT in (why, found.get(part)) else why
    return tuple(Edit(path, get(canonical, path), MISSING, why) for path, why in found.items())


def _goes_whole(canonical: Canonical, part: Path, gone: Mapping[Path, Why]) -> bool:
    return all((*part, *below) in gone for below in managed_leaves(get(canonical, part)))


def _why(difference: Difference, desired: Desired, live: Canonical, entry: Entry | None) -> Why:
    if isinstance(difference.after, Unknown):
        return Why.UNKNOWN
    if entry is None:
        return Why.NEW
    reasons = {
        _why_leaf(path, desired.canonical, live, entry) for path in _units(unit_of(difference.path), desired, live)
    } - {None}
    if len(reasons) == 1:
        return reasons.pop() or Why.MANIFEST
    return Why.CONFLICT if reasons else Why.MANIFEST


def _units(path: Path, desired: Desired, live: Canonical) -> set[Path]:
    units: set[Path] = set()
    for side in (desired.canonical, live):
        value = get(side, path)
        if value is not MISSING:
            units.update((*path, *below) for below in managed_leaves(value))
    return units


def _why_leaf(path: Path, desired: Canonical, live: Canonical, entry: Entry) -> Why | None:
    wanted, there = (None if value is MISSING else digest(value) for value in (get(desired, path), get(live, path)))
    if wanted == there:
        return None
    owned = entry.paths.get(path)
    applied = owned.hash or None if owned else None
    if entry.claimed:
        return Why.NEW
    if applied == wanted:
        return Why.DRIFT
    if applied == there:
        return Why.MANIFEST
    return Why.CONFLICT


def _is_declared(path: Path, declared: Mapping[Path, Value]) -> bool:
    return any(path[:end] in declared for end in range(len(path) + 1)) or any(
        other[: len(path)] == path for other in declared
    )
