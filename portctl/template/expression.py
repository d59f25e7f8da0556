"""The one Jinja environment of manifests and text templates: what an expression may do, and nothing else.

Expressions see mappings, lists and scalars, never Python objects: `a.b` is always an item, never an attribute; the
only calls are our own functions; the only filters are our own; and whatever can grow is charged to a budget.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import missing

from portctl.findings import did_you_mean
from portctl.model.value import Pending, Value
from portctl.template.budget import used
from portctl.template.filters import FILTERS, fail_undefined, noun, number_of_json, text_of

_TESTS = ("defined", "undefined", "none", "string", "number", "boolean", "mapping", "sequence", "true", "false")
_LOOP = ("index", "index0", "first", "last", "length")
_MAX_EXPONENT = 64
_ROUNDS = "rounds of"
"""The filter around what a loop goes through. Nobody can write its name: it has a blank."""


@dataclass(frozen=True, slots=True)
class Function:
    """Something that an expression may call. `usage` is how it is written, for the message when it is not."""

    usage: str
    run: Callable[..., Value]


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
    """Compiles through the environment what the ready-made one does in Python, where nothing could be counted."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.join_text((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Slice(self, node: nodes.Slice, frame: Frame) -> None:  # noqa: ARG002, N802
        self.fail("slices are not supported", node.lineno)

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:  # noqa: N802
        if isinstance(node.value, float) and not math.isfinite(node.value):
            self.fail("a number does not fit a number of JSON", node.lineno)
        super().visit_Const(node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self.write("environment.held(")
        super().visit_List(node, frame)
        self.write(")")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self.write("environment.held(")
        super().visit_Dict(node, frame)
        self.write(")")

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx != "load":  # the names on the left of an assignment
            super().visit_Tuple(node, frame)
            return
        self.write("environment.held(")
        super().visit_Tuple(node, frame)
        self.write(")")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("(environment.looked_at(")
        self.visit(node.expr, frame)
        self.write(")")
        for operand in node.ops:
            self.visit(operand, frame)
        self.write(")")

    def visit_Operand(self, node: nodes.Operand, frame: Frame) -> None:  # noqa: N802
        self.write(f" {operators[node.op]} environment.looked_at(")
        self.visit(node.expr, frame)
        self.write(")")

    def buffer(self, frame: Frame) -> None:
        """Where the text of a `set` or `filter` block is gathered."""
        super().buffer(frame)
        self.writeline(f"{frame.buffer} = environment.gathered()")


class _Gathered(list[str]):
    """The pieces of a text that is put together inside a template; what `_Generator` writes only ever adds to it."""

    def append(self, piece: str) -> None:
        used().make(len(piece))
        super().append(piece)

    def extend(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            self.append(piece)


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
        self.filters = {**FILTERS, _ROUNDS: _rounds}
        self.tests = {name: TESTS[name] for name in _TESTS}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree of a template, whose loops are charged for all their rounds before the first one."""
        tree = Parser(self, source, name, filename).parse()
        used().spend(cost(tree))
        for loop in tree.find_all(nodes.For):
            once = 1 + sum(map(cost, (*loop.body, *([loop.test] if loop.test else ()))))
            loop.iter = nodes.Filter(loop.iter, _ROUNDS, [nodes.Const(once)], [], None, None, lineno=loop.lineno)
        return tree

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
            used().spend(len(left) + len(right))
            return self.held((*left, *right))
        if any(isinstance(side, bool) or not isinstance(side, int | float) for side in (left, right)):
            raise TypeError(f"`{operator}` does not work on {noun(left)} and {noun(right)}")
        if operator == "**" and (abs(right) > _MAX_EXPONENT or abs(left) > 2**_MAX_EXPONENT):
            raise ValueError(f"powers are limited to an exponent of {_MAX_EXPONENT}")
        return number_of_json(super().call_binop(context, operator, left, right))

    def join_text(self, values: Sequence[Value]) -> str:
        """What `~` does."""
        texts = [text_of(value) for value in values]
        used().make(sum(map(len, texts)))
        return "".join(texts)

    def held(self, value: Value) -> Value:
        """`value`, just put together from others."""
        used().hold(value)
        return value

    def looked_at(self, value: Value) -> Value:
        """`value`, about to be compared or searched. Errors: TypeError where a part of it is not known."""
        used().look_at(value)
        placeholder = used().weigh(value).placeholder
        if placeholder is not None:
            str(placeholder)
        return value

    def gathered(self) -> list[str]:
        return _Gathered()


_NOTHING = object()


def cost(node: nodes.Node) -> int:
    """The parts of a tree that are evaluated when it is, once; of a loop in it, not what stands inside."""
    below = node.iter_child_nodes(exclude=("body", "test")) if isinstance(node, nodes.For) else node.iter_child_nodes()
    return 1 + sum(map(cost, below))


def _rounds(value: Value, once: int) -> Value:
    """`value`, about to be gone through; a round takes `once` steps."""
    if isinstance(value, Undefined):
        fail_undefined(value)
    if not isinstance(value, str | list | tuple | Mapping):
        raise TypeError(f"a loop goes through a list, a mapping or text, not {noun(value)}")
    used().spend(len(value) * once)
    return value


@cache
def environment() -> RestrictedEnvironment:
    """The environment that manifests share."""
    return RestrictedEnvironment()
