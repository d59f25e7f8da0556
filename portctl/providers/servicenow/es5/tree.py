"""Scripts as syntax trees. Source: ECMA-262, edition 5.1, chapters 12 and 14; statements may end at a line's end."""

from __future__ import annotations

from portctl.providers.servicenow.es5.expressions import Expressions
from portctl.providers.servicenow.es5.node import Node
from portctl.providers.servicenow.es5.words import NotEs5, Sort


def parse(source: str) -> Node:
    """The script as a block. Raises NotEs5 at the first place that is none."""
    try:
        return _Parser(source).script()
    except RecursionError:
        raise NotEs5("it is nested too deeply", 1) from None


class _Parser(Expressions):
    def script(self) -> Node:
        statements = []
        while self._word.sort is not Sort.END:
            statements.append(self._statement())
        return Node("block", 1, parts=tuple(statements))

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
