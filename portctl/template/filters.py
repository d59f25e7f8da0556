"""The filters that expressions may use, and how values are told apart and written out."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast
from urllib.parse import quote

from jinja2.runtime import Undefined

from portctl.model.value import Codec, Encoded, Part, Pending, Value, pending, thaw
from portctl.template.budget import used

_MOST_CODINGS = 8
_MOST_BITS = 1024


def noun(value: Value) -> str:
    """What kind of value it is, in a user's words."""
    if isinstance(value, Pending):
        return "a value that is not known yet"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return "null" if value is None else "something else"


def text_of(value: Value) -> str:
    """How a value reads inside text. Errors: TypeError for everything that has no one obvious text."""
    if isinstance(value, Undefined):
        fail_undefined(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, Pending):
        str(value)
    raise TypeError(f"{noun(value)} cannot be joined to text; `| tojson` writes it out")


def fail_undefined(value: Undefined) -> NoReturn:
    value._fail_with_undefined_error()
    raise AssertionError("unreachable")


def number_of_json(value: Value) -> Value:
    """`value`, a number. Errors: ValueError for a number that JSON cannot hold; those also take the longest."""
    if isinstance(value, int) and value.bit_length() >= _MOST_BITS:
        raise ValueError("the result is not a number of JSON")
    return value


def _made(text: str) -> str:
    used().make(len(text))
    return text


def _text(value: Value, what: str) -> str:
    if isinstance(value, Undefined):
        fail_undefined(value)
    if not isinstance(value, str):
        raise TypeError(f"`{what}` needs text, not {noun(value)}")
    return value


def _parts(value: Value, what: str) -> tuple[Part, ...]:
    return value.parts if isinstance(value, Pending) else (_text(value, what),)


def _encode(codec: Codec, parts: tuple[Part, ...]) -> Value:
    """`parts` joined and encoded: text when all are known, else a value that the vault will encode."""
    if not all(isinstance(part, str) for part in parts):
        if _codings(parts) >= _MOST_CODINGS:
            raise ValueError(f"a secret or an output can be encoded {_MOST_CODINGS} times")
        return pending((Encoded(codec, parts),))
    text = "".join(cast("tuple[str, ...]", parts))
    return _made(quote(text, safe="") if codec is Codec.URL else b64encode(text.encode()).decode())


def _codings(parts: tuple[Part, ...]) -> int:
    """How often the innermost part is encoded already."""
    return max((1 + _codings(part.parts) for part in parts if isinstance(part, Encoded)), default=0)


def _basic_auth(user: Value, password: Value) -> Value:
    return _encode(Codec.BASIC_AUTH, (*_parts(user, "basic_auth"), ":", *_parts(password, "basic_auth")))


def _default(value: Value, instead: Value = "") -> Value:
    return instead if isinstance(value, Undefined) else value


def _replace(value: Value, old: Value, new: Value) -> str:
    text, before, after = (_text(item, "replace") for item in (value, old, new))
    used().look_at(text)
    used().make(max(len(text), len(text) + text.count(before) * (len(after) - len(before))))
    return text.replace(before, after)


def _join(values: Value, separator: Value = "") -> str:
    if not isinstance(values, list | tuple):
        raise TypeError(f"`join` needs a list, not {noun(values)}")
    used().look_at(values)
    texts = [text_of(value) for value in values]
    between = _text(separator, "join")
    used().make(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _int(value: Value) -> int:
    if isinstance(value, str):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"`int` needs a whole number or its text, not {noun(value)}")


def _float(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"`float` needs a number or its text, not {noun(value)}")
    return float(value)


def _length(value: Value) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        raise TypeError(f"`length` needs text, a list or a mapping, not {noun(value)}")
    return len(value)


def _at(index: int, what: str) -> Callable[[Value], Value]:
    def pick(values: Value) -> Value:
        if not isinstance(values, str | list | tuple) or not values:
            raise TypeError(f"`{what}` needs a list or text that is not empty, not {noun(values)}")
        return values[index]

    return pick


def _items(value: Value) -> Value:
    if not isinstance(value, Mapping):
        raise TypeError(f"`items` needs a mapping, not {noun(value)}")
    pairs = tuple(value.items())
    used().hold(pairs)
    return pairs


def _to_json(value: Value) -> str:
    def refuse(leaf: Any) -> NoReturn:
        if isinstance(leaf, Undefined):
            fail_undefined(leaf)
        raise TypeError(f"{noun(leaf)} cannot be written as JSON")

    used().look_at(value)
    return _made(json.dumps(thaw(value), ensure_ascii=False, allow_nan=False, default=refuse))


FILTERS: Mapping[str, Callable[..., Value]] = {
    "b64encode": lambda value: _encode(Codec.BASE64, _parts(value, "b64encode")),
    "basic_auth": _basic_auth,
    "urlencode": lambda value: _encode(Codec.URL, _parts(value, "urlencode")),
    "default": _default,
    "string": text_of,
    "int": lambda value: number_of_json(_int(value)),
    "float": _float,
    "upper": lambda value: _made(_text(value, "upper").upper()),
    "lower": lambda value: _made(_text(value, "lower").lower()),
    "trim": lambda value: _made(_text(value, "trim").strip()),
    "replace": _replace,
    "join": _join,
    "length": _length,
    "first": _at(0, "first"),
    "last": _at(-1, "last"),
    "items": _items,
    "tojson": _to_json,
}
