"""Scripts as syntax trees. Source: ECMA-262, edition 5.1, chapters 11 to 14; statements may end at a line's end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portctl.providers.servicenow.es5.words import LATER, NotEs5, Sort, Word, words


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a script.

    `kind`: name, text, value, member (`text`: the name after the dot), index, call, new, function (`text`: its name,
    `names`: its parameters), object, property (`text`: its key), array, assign (`text`: the operator), unary, binary,
    declare (`text`: the variable), catch (`names`: what it catches), label, block.
    """

    kind: str
    line: int
    text: str = ""
    parts: tuple[Node, ...] = ()
    names: tuple[str, ...] = ()

    def all(self) -> Iterator[Node]:
        """This part and all below it, in the order of the script."""
        yield self
        for part in self.parts:
            yield from part.all()


def parse(source: str) -> Node:
    """The script as a block. Raises NotEs5 at the first place that is none."""
    try:
        return _Parser(source).script()
    except RecursionError:
        raise NotEs5("it is nested too deeply", 1) from None


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


class _Parser:
    def __init__(self, source: str) -> None:
        self._words = list(words(source))
        self._at = 0

    def script(self) -> Node:
        statements = []
        while self._word.sort is not Sort.END:
            statements.append(self._statement())
        return Node("block", 1, parts=tuple(statements))

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

    # ---- statements ----

    def _block(self) -> Node:
        line = self._expect("{").line
        statements = []
        while not self._is("}"):
            if self._word.sort is Sort.END:
                raise self._wrong("`}` is missing before")
            statements.append(self._statement())
        self._next()
        return Node("block", line, parts=tuple(statements))

    def _statement(self) -> Node:
        word = self._word
        if word.sort is Sort.KEYWORD and word.text in _STATEMENTS:
            return _STATEMENTS[word.text](self)
        if self._is("{"):
            return self._block()
        if self._take(";"):
            return Node("block", word.line)
        following = self._words[self._at + 1] if word.sort is Sort.NAME else word
        if word.sort is Sort.NAME and following.text == ":" and following.sort is Sort.SIGN:
            self._at += 2
            return Node("label", word.line, word.text, (self._statement(),))
        if word.text in ("let", "async") and following.sort in (Sort.NAME, Sort.KEYWORD) and not following.fresh:
            raise NotEs5(f"`{word.text}` came after ES5" + (": use `var`" if word.text == "let" else ""), word.line)
        expression = self._expression()
        self._end()
        return expression

    def _var(self) -> Node:
        declared = self._declarations()
        self._end()
        return declared

    def _declarations(self, *, without_in: bool = False) -> Node:
        line = self._expect("var").line
        found = []
        while True:
            at = self._word.line
            if self._is("{", "["):
                raise NotEs5("taking objects apart came after ES5: declare the variables one by one", at)
            name = self._name()
            value = (self._assignment(without_in=without_in),) if self._take("=") else ()
            found.append(Node("declare", at, name, value))
            if not self._take(","):
                return Node("block", line, parts=tuple(found))

    def _function_statement(self) -> Node:
        return self._function()

    def _if(self) -> Node:
        line = self._next().line
        parts = [self._condition(), self._statement()]
        if self._take("else"):
            parts.append(self._statement())
        return Node("block", line, parts=tuple(parts))

    def _condition(self) -> Node:
        self._expect("(")
        expression = self._expression()
        self._expect(")")
        return expression

    def _for(self) -> Node:
        line = self._next().line
        self._expect("(")
        parts: list[Node] = []
        if self._is("var"):
            parts.append(self._declarations(without_in=True))
        elif not self._is(";"):
            parts.append(self._expression(without_in=True))
        if self._word.text in ("of", "let"):
            raise NotEs5(f"`for ... {self._word.text}` came after ES5: count, or use forEach", line)
        if self._take("in"):
            parts.append(self._expression())
        else:
            for end in (";", ")"):
                self._expect(";")
                if not self._is(end):
                    parts.append(self._expression())
        self._expect(")")
        return Node("block", line, parts=(*parts, self._statement()))

    def _while(self) -> Node:
        line = self._next().line
        return Node("block", line, parts=(self._condition(), self._statement()))

    def _do(self) -> Node:
        line = self._next().line
        body = self._statement()
        self._expect("while")
        parts = (body, self._condition())
        self._take(";")
        return Node("block", line, parts=parts)

    def _leave(self) -> Node:
        """break, continue, debugger: maybe with a label."""
        line = self._next().line
        if self._word.sort is Sort.NAME and not self._word.fresh:
            self._next()
        self._end()
        return Node("block", line)

    def _return(self) -> Node:
        line = self._next().line
        ends = self._is(";", "}") or self._word.fresh or self._word.sort is Sort.END
        parts = () if ends else (self._expression(),)
        self._end()
        return Node("block", line, parts=parts)

    def _try(self) -> Node:
        line = self._next().line
        parts = [self._block()]
        if self._is("catch"):
            at = self._next().line
            self._expect("(")
            name = self._name()
            self._expect(")")
            parts.append(Node("catch", at, parts=(self._block(),), names=(name,)))
        elif not self._is("finally"):
            raise self._wrong("`catch` is missing before")
        if self._take("finally"):
            parts.append(self._block())
        return Node("block", line, parts=tuple(parts))

    def _switch(self) -> Node:
        line = self._next().line
        parts = [self._condition()]
        self._expect("{")
        while not self._take("}"):
            if self._take("case"):
                parts.append(self._expression())
            else:
                self._expect("default")
            self._expect(":")
            while not self._is("case", "default", "}"):
                parts.append(self._statement())
        return Node("block", line, parts=tuple(parts))

    # ---- expressions ----

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


_STATEMENTS = {
    "var": _Parser._var,
    "function": _Parser._function_statement,
    "if": _Parser._if,
    "for": _Parser._for,
    "while": _Parser._while,
    "with": _Parser._while,
    "do": _Parser._do,
    "break": _Parser._leave,
    "continue": _Parser._leave,
    "debugger": _Parser._leave,
    "return": _Parser._return,
    "throw": _Parser._return,
    "try": _Parser._try,
    "switch": _Parser._switch,
}


def _unquoted(text: str) -> str:
    """What a text literal says, as far as names need it: simple escapes lose their backslash."""
    return text[1:-1].replace("\\'", "'").replace('\\"', '"').replace("\\\\", "\\")
