"""Expressions and functions. Source: ECMA-262, edition 5.1, chapters 11 and 13."""

from __future__ import annotations

from abc import ABC, abstractmethod

from portctl.providers.servicenow.es5.node import Node
from portctl.providers.servicenow.es5.words import LATER, NotEs5, Sort, Word, words

_BINARY = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!=", "===", "!=="),
    ("<", ">", "<=", ">=", "instanceof", "in"),
    ("<<", ">>", ">>>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_ASSIGN = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", ">>>=", "&=", "|=", "^="})
_UNARY = frozenset({"!", "~", "+", "-", "++", "--", "typeof", "void", "delete"})
_PLAIN = frozenset({Sort.NUMBER, Sort.PATTERN})


class Expressions(ABC):
    """Goes through the words of a script once, from left to right."""

    def __init__(self, source: str) -> None:
        self._words = list(words(source))
        self._at = 0

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def _next(self) -> Word:
        word = self._word
        self._at += word.sort is not Sort.END
        return word

    def _is(self, *texts: str) -> bool:
        return self._word.sort in (Sort.SIGN, Sort.KEYWORD) and self._word.text in texts

    def _take(self, text: str) -> bool:
        found = self._is(text)
        self._at += found
        return found

    def _expect(self, text: str) -> Word:
        if not self._is(text):
            raise self._wrong(f"`{text}` is missing before")
        return self._next()

    def _wrong(self, what: str = "") -> NotEs5:
        word = self._word
        if word.sort is Sort.KEYWORD and word.text in LATER:
            return NotEs5(LATER[word.text], word.line)
        shown = "the end" if word.sort is Sort.END else f"`{word.text}`"
        return NotEs5(f"{what} {shown}" if what else f"{shown} cannot stand here", word.line)

    def _name(self) -> str:
        if self._word.sort is not Sort.NAME:
            raise self._wrong("a name is missing before")
        return self._next().text

    def _end(self) -> None:
        """The end of a statement: a semicolon, or what may stand for one."""
        if not self._take(";") and not self._is("}") and self._word.sort is not Sort.END and not self._word.fresh:
            raise self._wrong("`;` is missing before")

    @abstractmethod
    def _block(self) -> Node:
        """The statements between two braces."""

    def _expression(self, *, without_in: bool = False) -> Node:
        first = self._assignment(without_in=without_in)
        parts = [first]
        while self._take(","):
            parts.append(self._assignment(without_in=without_in))
        return first if len(parts) == 1 else Node("block", first.line, parts=tuple(parts))

    def _assignment(self, *, without_in: bool = False) -> Node:
        left = self._conditional(without_in=without_in)
        if self._word.sort is not Sort.SIGN or self._word.text not in _ASSIGN:
            return left
        if left.kind not in ("name", "member", "index"):
            raise self._wrong("nothing can be assigned before")
        operator = self._next()
        value = self._assignment(without_in=without_in)
        return Node("assign", operator.line, operator.text, (left, value))

    def _conditional(self, *, without_in: bool) -> Node:
        test = self._binary(0, without_in=without_in)
        if not self._take("?"):
            return test
        yes = self._assignment()
        self._expect(":")
        return Node("binary", test.line, "?", (test, yes, self._assignment(without_in=without_in)))

    def _binary(self, level: int, *, without_in: bool) -> Node:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1, without_in=without_in)
        while self._is(*_BINARY[level]) and not (without_in and self._is("in")):
            operator = self._next()
            right = self._binary(level + 1, without_in=without_in)
            left = Node("binary", left.line, operator.text, (left, right))
        return left

    def _unary(self) -> Node:
        word = self._word
        if word.sort in (Sort.SIGN, Sort.KEYWORD) and word.text in _UNARY:
            self._next()
            return Node("unary", word.line, word.text, (self._unary(),))
        operand = self._suffixed(self._primary())
        if self._is("++", "--") and not self._word.fresh:
            return Node("unary", word.line, self._next().text, (operand,))
        return operand

    def _suffixed(self, node: Node, *, calls: bool = True) -> Node:
        while True:
            line = self._word.line
            if self._take("."):
                if self._word.sort not in (Sort.NAME, Sort.KEYWORD):
                    raise self._wrong("a name is missing before")
                node = Node("member", line, self._next().text, (node,))
            elif self._take("["):
                node = Node("index", line, parts=(node, self._expression()))
                self._expect("]")
            elif calls and self._is("("):
                node = Node("call", line, parts=(node, *self._arguments()))
            else:
                return node

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        found = []
        while not self._take(")"):
            found.append(self._assignment())
            if not self._is(")"):
                self._expect(",")
        return tuple(found)

    def _primary(self) -> Node:
        word = self._word
        if word.sort is Sort.NAME:
            self._next()
            return Node("name", word.line, word.text)
        if word.sort is Sort.TEXT:
            self._next()
            return Node("text", word.line, _unquoted(word.text))
        if word.sort in _PLAIN or self._is("this", "null", "true", "false"):
            self._next()
            return Node("value", word.line, word.text)
        if self._take("("):
            inner = self._expression()
            self._expect(")")
            return inner
        if self._is("["):
            return self._array()
        if self._is("{"):
            return self._object()
        if self._is("function"):
            return self._function()
        if self._take("new"):
            made = self._suffixed(self._primary(), calls=False)
            arguments = self._arguments() if self._is("(") else ()
            return Node("new", word.line, parts=(made, *arguments))
        raise self._wrong()

    def _array(self) -> Node:
        line = self._next().line
        found = []
        while not self._take("]"):
            if self._take(","):
                continue
            found.append(self._assignment())
            if not self._is("]"):
                self._expect(",")
        return Node("array", line, parts=tuple(found))

    def _object(self) -> Node:
        line = self._next().line
        found = []
        while not self._take("}"):
            found.append(self._property())
            if not self._is("}"):
                self._expect(",")
        return Node("object", line, parts=tuple(found))

    def _property(self) -> Node:
        word = self._word
        if word.text == "[":
            raise NotEs5("computed keys came after ES5: assign them afterwards", word.line)
        if word.sort not in (Sort.NAME, Sort.KEYWORD, Sort.TEXT, Sort.NUMBER):
            raise self._wrong()
        self._next()
        key = _unquoted(word.text) if word.sort is Sort.TEXT else word.text
        if word.text in ("get", "set") and not self._is(":", ",", "(", "}"):
            return Node("property", word.line, self._next().text, (self._function_rest("", word.line),))
        if self._is(",", "}", "("):
            raise NotEs5("keys without a value came after ES5: write `key: value`", word.line)
        self._expect(":")
        return Node("property", word.line, key, (self._assignment(),))

    def _function(self) -> Node:
        line = self._expect("function").line
        if self._is("*"):
            raise NotEs5("generators came after ES5", line)
        name = self._next().text if self._word.sort is Sort.NAME else ""
        return self._function_rest(name, line)

    def _function_rest(self, name: str, line: int) -> Node:
        self._expect("(")
        parameters = []
        while not self._take(")"):
            if self._is("{", "["):
                raise NotEs5("taking parameters apart came after ES5", self._word.line)
            parameters.append(self._name())
            if self._is("="):
                raise NotEs5("default values of parameters came after ES5: `a = a || value`", self._word.line)
            if not self._is(")"):
                self._expect(",")
        return Node("function", line, name, (self._block(),), tuple(parameters))


def _unquoted(text: str) -> str:
    """What a text literal says, as far as names need it: simple escapes lose their backslash."""
    return text[1:-1].replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")
