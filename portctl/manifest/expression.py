"""The one Jinja environment of manifests and text templates: what an expression may do, and nothing else.

Expressions see mappings, lists and scalars, never Python objects: `a.b` is always an item, never an attribute; the
only calls are our own functions; the only filters are the ones below; and nothing grows beyond a document's size.
"""

from __future__ import annotations

import inspect
import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, cast
from urllib.parse import quote

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import missing

from portctl.manifest.document import MAX_DOCUMENT_BYTES
from portctl.manifest.findings import did_you_mean
from portctl.model.value import Codec, Encoded, Part, Pending, Value, pending, thaw

_TESTS = ("defined", "undefined", "none", "string", "number", "boolean", "mapping", "sequence", "true", "false")
_LOOP = ("index", "index0", "first", "last", "length")
_MAX_EXPONENT = 64


@dataclass(frozen=True, slots=True)
class Function:
    """Something that an expression may call. `usage` is how it is written, for the message when it is not."""

    usage: str
    run: Callable[..., Value]


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


def _fits(length: int) -> None:
    if length > MAX_DOCUMENT_BYTES:
        raise ValueError(f"the result would have more than {MAX_DOCUMENT_BYTES:,} characters")


class Missing(jinja2.StrictUndefined):
    """What is not there; using it in any way but `default` and `is defined` fails, in words of ours."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if self._undefined_obj is missing:
            return f'nothing is called "{name}"'
        near = did_you_mean(name, self._undefined_obj) if isinstance(self._undefined_obj, Mapping) else ""
        return f'{noun(self._undefined_obj)} has no "{name}"{"." if near else ""}{near}'


class _Generator(CodeGenerator):
    """Compiles joins and items through the environment, where the ready-made one goes around it."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.join_text((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Slice(self, node: nodes.Slice, frame: Frame) -> None:  # noqa: ARG002, N802
        self.fail("slices are not supported", node.lineno)


class RestrictedEnvironment(ImmutableSandboxedEnvironment):
    """See the module. Constant folding is off: it would run before any limit is looked at."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "**", "%"))

    def __init__(self, finalize: Callable[..., Value] | None = None) -> None:
        super().__init__(
            variable_start_string="<%",
            variable_end_string="%>",
            block_start_string="<%%",
            block_end_string="%%>",
            comment_start_string="<%#",
            comment_end_string="#%>",
            keep_trailing_newline=True,
            undefined=Missing,
            finalize=finalize,
            optimized=False,
            cache_size=0,
        )
        self.globals.clear()
        self.filters = dict(FILTERS)
        self.tests = {name: TESTS[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            fail_undefined(obj)
        if isinstance(obj, Pending) or isinstance(argument, Pending):
            raise TypeError(f"{noun(obj)} has no parts, and cannot name one")
        if isinstance(obj, LoopContext) and argument in _LOOP:
            found = getattr(obj, argument)
        elif isinstance(obj, Mapping) and isinstance(argument, str):
            found = obj.get(argument, _NOTHING)
        elif isinstance(obj, str | list | tuple) and type(argument) is int and -len(obj) <= argument < len(obj):
            found = obj[argument]
        else:
            found = _NOTHING
        return self.undefined(obj=obj, name=str(argument)) if found is _NOTHING else found

    def call(self, context: Context, function: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ARG002
        if isinstance(function, Undefined):
            fail_undefined(function)
        if not isinstance(function, Function):
            raise SecurityError("only secret() and output() can be called")
        named = {name: value for name, value in named.items() if not name.startswith("_")}
        try:
            bound = inspect.signature(function.run).bind(*arguments, **named)
        except TypeError:
            raise TypeError(f"it is written {function.usage}") from None
        return function.run(*bound.args, **bound.kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Undefined):
                fail_undefined(side)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self.join_text((left, right))
        if operator == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
            _fits(len(left) + len(right))
            return (*left, *right)
        if any(isinstance(side, bool) or not isinstance(side, int | float) for side in (left, right)):
            raise TypeError(f"`{operator}` does not work on {noun(left)} and {noun(right)}")
        if operator == "**" and (abs(right) > _MAX_EXPONENT or abs(left) > 2**_MAX_EXPONENT):
            raise ValueError(f"powers are limited to an exponent of {_MAX_EXPONENT}")
        return super().call_binop(context, operator, left, right)

    def join_text(self, values: Sequence[Value]) -> str:
        """What `~` does."""
        texts = [text_of(value) for value in values]
        _fits(sum(map(len, texts)))
        return "".join(texts)


_NOTHING = object()


def _text(value: Value, what: str) -> str:
    if isinstance(value, Undefined):
        fail_undefined(value)
    if not isinstance(value, str):
        raise TypeError(f"`{what}` needs text, not {noun(value)}")
    return value


def _parts(value: Value, what: str) -> tuple[Part, ...]:
    return value.parts if isinstance(value, Pending) else (_text(value, what),)


def encode(codec: Codec, parts: tuple[Part, ...]) -> Value:
    """`parts` joined and encoded: text when all are known, else a value that the vault will encode."""
    if not all(isinstance(part, str) for part in parts):
        return pending((Encoded(codec, parts),))
    text = "".join(cast("tuple[str, ...]", parts))
    return quote(text, safe="") if codec is Codec.URL else b64encode(text.encode()).decode()


def _basic_auth(user: Value, password: Value) -> Value:
    return encode(Codec.BASIC_AUTH, (*_parts(user, "basic_auth"), ":", *_parts(password, "basic_auth")))


def _default(value: Value, instead: Value = "") -> Value:
    return instead if isinstance(value, Undefined) else value


def _replace(value: Value, old: Value, new: Value) -> str:
    text, before, after = (_text(item, "replace") for item in (value, old, new))
    _fits(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


def _join(values: Value, separator: Value = "") -> str:
    if not isinstance(values, list | tuple):
        raise TypeError(f"`join` needs a list, not {noun(values)}")
    texts = [text_of(value) for value in values]
    between = _text(separator, "join")
    _fits(sum(map(len, texts)) + len(between) * len(texts))
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
    return tuple(value.items())


def _to_json(value: Value) -> str:
    def refuse(leaf: Any) -> NoReturn:
        if isinstance(leaf, Undefined):
            fail_undefined(leaf)
        raise TypeError(f"{noun(leaf)} cannot be written as JSON")

    return json.dumps(thaw(value), ensure_ascii=False, allow_nan=False, default=refuse)


FILTERS: Mapping[str, Callable[..., Value]] = {
    "b64encode": lambda value: encode(Codec.BASE64, _parts(value, "b64encode")),
    "basic_auth": _basic_auth,
    "urlencode": lambda value: encode(Codec.URL, _parts(value, "urlencode")),
    "default": _default,
    "string": text_of,
    "int": _int,
    "float": _float,
    "upper": lambda value: _text(value, "upper").upper(),
    "lower": lambda value: _text(value, "lower").lower(),
    "trim": lambda value: _text(value, "trim").strip(),
    "replace": _replace,
    "join": _join,
    "length": _length,
    "first": _at(0, "first"),
    "last": _at(-1, "last"),
    "items": _items,
    "tojson": _to_json,
}


@cache
def environment() -> RestrictedEnvironment:
    """The environment that manifests share."""
    return RestrictedEnvironment()
