"""Bodies that write part of an object and leave the rest of it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portctl.model.kind import Kind, matches, pattern_parts
from portctl.model.provider import WriteRequest
from portctl.model.value import MISSING, Attributes, Value, get
from portctl.source import Path


def complete(kind: Kind, attributes: Attributes) -> Attributes:
    """The body that makes an object: null at the top is left out where it says that nothing stands there."""
    return {key: value for key, value in attributes.items() if value is not None or key not in kind.empty}


def merged(kind: Kind, live: Attributes, write: WriteRequest) -> Attributes:
    """`live` with the changes of `write`: the body of a full replacement.

    What the server owns is left out, and so is null at the top: services answer it and refuse it. Parts that are new
    have the defaults of the kind where the draft says nothing.
    """
    body: Attributes = {key: value for key, value in _changed(live, write).items() if value is not None}
    for pattern in kind.server_owned:
        body = _without(body, tuple(pattern.split(".")))
    body = _without_names(kind, body, write.removed)
    for pattern, default in kind.defaults.items():
        body = _with_default(body, live, pattern_parts(pattern), default)
    return body


def _without_names(kind: Kind, body: Attributes, removed: Iterable[Path]) -> Attributes:
    """`body` whose arrays of names do not name the parts that are removed."""
    for path in removed:
        for retype in kind.retyped:
            if not matches(retype.at[: retype.at.rindex("*") + 1], path):
                continue
            for where in map(pattern_parts, retype.named_in):
                names = get(body, where)
                if isinstance(names, tuple) and path[-1] in names:
                    body = _placed(body, where, tuple(name for name in names if name != path[-1]))
    return body


def _with_default(body: Attributes, live: Attributes, pattern: Path, default: Value) -> Attributes:
    """`body` with `default` in every part at `*`, the last but one of `pattern`, that `live` does not have."""
    holder, name = pattern[:-2], pattern[-1]
    parts = get(body, holder)
    if pattern[-2:-1] != ("*",) or not isinstance(parts, Mapping):
        return body
    for key, part in parts.items():
        new = get(live, (*holder, key)) is MISSING
        if new and isinstance(part, Mapping) and name not in part:
            body = _placed(body, (*holder, key, name), default)
    return body


def patch(kind: Kind, live: Attributes, write: WriteRequest) -> Attributes:
    """Only the values that `write` changes, cut at the depth down to which the service merges.

    Below that depth, and for arrays, the value is sent whole; what is cleared is sent as the kind says: as
    what it clears to, else as the default, else as null.
    """
    wanted = _changed(live, write)
    body: Attributes = {}
    for path in (*write.changed, *write.removed):
        shown = write.attributes if get(write.attributes, _mergeable(path)) is not MISSING else live
        for end in _ends(shown, _mergeable(path)[: kind.patch_depth], kind.patch_depth):
            value = get(wanted, end)
            body = _placed(body, end, _cleared(kind, end) if value is MISSING else value)
    return body


def _changed(live: Attributes, write: WriteRequest) -> Attributes:
    """`live` as it should be. What the draft does not have any more goes; a mapping that it has is merged, not put."""
    body = live
    for path in (*write.changed, *write.removed):
        place = _mergeable(path)
        value = get(write.attributes, place)
        body = _without(body, place) if value is MISSING else _placed(body, place, value)
    return body


def _ends(shown: Attributes, path: Path, depth: int) -> list[Path]:
    """`path`, or where it names a whole mapping above the depth, each path below it."""
    value = get(shown, path)
    if len(path) >= depth or not isinstance(value, Mapping) or not value:
        return [path]
    return [end for key in value for end in _ends(shown, (*path, key), depth)]


def _mergeable(path: Path) -> Path:
    """`path` down to the first array: arrays are never merged by position."""
    for end, part in enumerate(path):
        if isinstance(part, int):
            return path[:end]
    return path


def _cleared(kind: Kind, path: Path) -> Value:
    said = (*kind.clear.items(), *kind.defaults.items())
    return next((value for pattern, value in said if matches(pattern, path)), None)


def _placed(value: Value, path: Path, leaf: Value) -> Value:
    """`value` with `leaf` at `path`; a mapping goes in key by key, an empty one is a value of its own."""
    if not path and not (isinstance(leaf, Mapping) and leaf):
        return leaf
    base = dict(value) if isinstance(value, Mapping) else {}
    if path:
        base[path[0]] = _placed(base.get(path[0]), path[1:], leaf)
    else:
        base |= {key: _placed(base.get(key), (), item) for key, item in leaf.items()}
    return base


def _without(value: Value, path: Path) -> Value:
    head, rest = path[0], path[1:]
    if not isinstance(value, Mapping) or head not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != head}
    return {**value, head: _without(value[head], rest)}
