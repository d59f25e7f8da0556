"""The expressions of `rules:if` and `only:variables`: variables, texts, patterns, `==`, `!=`, `=~`, `!~`, `&&`, `||`.

Source: GitLab docs, "CI/CD job rules", variable expressions. Values of variables are compared as they are, unexpanded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portctl.sandbox.gitlab.ci.patterns import BadPattern, parse_pattern

_TOKEN = re.compile(
    r"""\s*(?:
      \$(?P<variable>\w+)
    | "(?P<double>[^"]*)" | '(?P<single>[^']*)'
    | (?P<pattern>/(?:[^/\\]|\\.)+/[ismU]*)
    | (?P<null>null\b)
    | (?P<operator>==|!=|=~|!~|&&|\|\||\(|\))
    )\s*""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS = ("==", "!=", "=~", "!~")

Values = Mapping[str, str]
_Value = str | bool | None
_Node = Callable[[Values], _Value]


class BadExpression(ValueError):
    """Not an expression."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    _root: _Node

    def holds(self, values: Values) -> bool:
        return _present(self._root(values))


def parse_expression(text: str) -> Expression:
    """Errors: BadExpression, UnreadPattern."""
    reader = _Reader(_tokens(text), text)
    root = reader.disjunction()
    if reader.left():
        raise BadExpression(text)
    return Expression(text, root)


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or token.lastgroup is None:
            raise BadExpression(text)
        found.append((token.lastgroup, token[token.lastgroup]))
        position = token.end()
    return found


class _Reader:
    """`||` binds weaker than `&&`, and both weaker than comparisons."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self._tokens = tokens
        self._position = 0
        self._text = text

    def left(self) -> bool:
        return self._position < len(self._tokens)

    def disjunction(self) -> _Node:
        node = self._conjunction()
        while self._takes("||"):
            node = _either(node, self._conjunction())
        return node

    def _conjunction(self) -> _Node:
        node = self._comparison()
        while self._takes("&&"):
            node = _both(node, self._comparison())
        return node

    def _comparison(self) -> _Node:
        node = self._operand()
        for operator in _COMPARISONS:
            if self._takes(operator):
                return _COMPARE[operator](node, self._operand())
        return node

    def _operand(self) -> _Node:
        if self._takes("("):
            node = self.disjunction()
            if not self._takes(")"):
                raise BadExpression(self._text)
            return node
        if not self.left():
            raise BadExpression(self._text)
        kind, value = self._tokens[self._position]
        self._position += 1
        match kind:
            case "variable":
                return lambda values: values.get(value)
            case "double" | "single":
                return lambda _values: value
            case "null":
                return lambda _values: None
            case "pattern":
                try:
                    parse_pattern(value)
                except BadPattern as error:
                    raise BadExpression(self._text) from error
                return lambda _values: value
        raise BadExpression(self._text)

    def _takes(self, operator: str) -> bool:
        if self.left() and self._tokens[self._position] == ("operator", operator):
            self._position += 1
            return True
        return False


def _present(value: _Value) -> bool:
    return value if isinstance(value, bool) else bool(value and value.strip())


def _both(left: _Node, right: _Node) -> _Node:
    return lambda values: _present(left(values)) and _present(right(values))


def _either(left: _Node, right: _Node) -> _Node:
    return lambda values: _present(left(values)) or _present(right(values))


def _equal(left: _Node, right: _Node) -> _Node:
    return lambda values: left(values) == right(values)


def _unequal(left: _Node, right: _Node) -> _Node:
    return lambda values: left(values) != right(values)


def _matches(left: _Node, right: _Node) -> _Node:
    def node(values: Values) -> bool:
        text, pattern = left(values), right(values)
        if not isinstance(text, str) or not isinstance(pattern, str):
            return False
        try:
            return parse_pattern(pattern).search(text) is not None
        except BadPattern:
            return False

    return node


def _differs(left: _Node, right: _Node) -> _Node:
    found = _matches(left, right)
    return lambda values: not found(values)


_COMPARE = {"==": _equal, "!=": _unequal, "=~": _matches, "!~": _differs}
