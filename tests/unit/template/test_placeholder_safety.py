"""Placeholders that try to leave the sandbox, or to take all memory or time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portctl.model.value import Sealed, SecretRef
from portctl.template.expression import Function
from portctl.template.placeholder import PlaceholderError, fill

NAMES: dict[str, Any] = {
    "values": {"text": "a", "list": ("a", "b")},
    "environment": "sandbox",
    "secret": Function("secret('NAME')", lambda name: Sealed((SecretRef(name),))),
}


def complaint(text: str) -> str:
    with pytest.raises(PlaceholderError) as caught:
        fill(text, NAMES)
    return f"{caught.value.summary}: {caught.value.detail}"


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "''['__class__']",
        "values.__class__",
        "values.items()",
        "values.get('text')",
        "secret.run",
        "secret.__globals__",
        "cycler.__init__.__globals__",
        "self.__init__",
        "self",
        "lipsum()",
        "range(10 ** 9)",
        "dict(a=1)",
        "namespace()",
        "'a' * 10 ** 9",
        "[0] * 10 ** 9",
        "10 ** (10 ** 10)",
        "9 ** 65",
        "'%999999999d' % 1",
        "'{:999999999}'.format(1)",
        "'a'.ljust(10 ** 9)",
        "'a' | center(10 ** 9)",
        "'a' | attr('__class__')",
        "[1] | map('abs')",
        "'" + "x" * 900 + "'" + (" | replace('', '" + "y" * 80 + "')") * 10,
        "([''] + [''] + ['']) | join('" + "y" * 1900 + "')" + " | replace('y', 'zzzzzzzzzz')" * 3,
        "(" * 900 + "1" + ")" * 900,
        "values" + ".a" * 900,
        "1" + "+1" * 900,
        "-" * 1900 + "1",
        "not " * 400 + "1",
        "[" * 500 + "]" * 500,
        "1" * 1900,
        "x" * 5000,
        "1()",
        "1[1]",
    ],
)
def test_escapes_and_bombs_are_refused_at_once(expression: str) -> None:
    begin = time.monotonic()
    assert complaint(f"<% {expression} %>")
    assert time.monotonic() - begin < 2


_SIGNS = st.text("<%>()[]{}'|~+-*/.,:=!x1 \n\"", max_size=30)
_WORDS = (
    "<%", "%>", "<%%", "#%>", "-%>", "values", ".text", "['list']", "secret('A')", "|", "upper", "b64encode", "join",
    "~", "(", ")", "if", "else", "not", "in", "is", "defined", "*", "**", "9", "true", "{", "}", ",", ":",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=_SIGNS | st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join))
def test_no_text_raises_anything_but_a_hole_error(text: str) -> None:
    try:
        value = fill(f"<%{text}", NAMES)
    except PlaceholderError as error:
        said = f"{error.summary} {error.detail}"
    else:
        said = repr(value)
    assert said
