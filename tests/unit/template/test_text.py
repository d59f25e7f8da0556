"""Text templates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.errors import InvalidInput
from portctl.model.address import Address
from portctl.model.value import Awaited, Codec, Encoded, OutputRef, freeze
from portctl.model.values import Values
from portctl.template.context import RenderContext
from portctl.template.text import render_text
from tests.unit.examples.files import complaint
from tests.unit.examples.manifest_kinds import CATALOGUE

VALUES = Values(
    freeze({"name": "checkout", "on": True, "list": ["a", "b"], "map": {"k": 1}, "none": None, "long": "x" * 100_000}),
    {},
)
CONTEXT = RenderContext("test", {"port": {"url": "https://api.port.io"}}, frozenset({"TOKEN"}))
URL = OutputRef(Address("port", "Webhook", "a"), "url")


def text(template: str) -> Any:
    return render_text(template, "pipelines/run.sh", values=VALUES, context=CONTEXT, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", ""),
        ("plain\n", "plain\n"),
        ("${#x} {%d} {{ y }} $[[ z ]] [[ -f a ]] {# c #}\n\n", "${#x} {%d} {{ y }} $[[ z ]] [[ -f a ]] {# c #}\n\n"),
        ("a <% values.name | upper %> b", "a CHECKOUT b"),
        ("<% port.url %>/<% environment %>/<% values.on %>", "https://api.port.io/test/true"),
        ("<%# note #%>x", "x"),
        ("<%% if values.on %%>yes<%% else %%>no<%% endif %%>", "yes"),
        ("<%% for x in values.list %%><% loop.index %><% x %><% ',' if not loop.last %%><%% endfor %%>", None),
        ("<%% for x in values.list %%><% loop.index %><% x %><%% endfor %%>", "1a2b"),
        ("<%% for k, v in values.map | items %%><% k %>=<% v %><%% endfor %%>", "k=1"),
        ("<%% set x = values.name ~ values.on %%><% x %>", "checkouttrue"),
        ("<%% raw %%><% values.name %><%% endraw %%>", "<% values.name %>"),
        ("a\r\n<%% if values.on -%%>\r\nb\r\n<%% endif %%>\r\nc\n", "a\r\nb\r\n\r\nc\n"),
        ("<% 'a'\r\n ~ 'b' %>\r", "ab\r"),
    ],
)
def test_a_template_gives(template: str, expected: str | None) -> None:
    if expected is None:
        assert complaint(lambda: text(template)).startswith("pipelines/run.sh:1:1 [template] Broken template: ")
    else:
        assert text(template) == expected


def test_outputs_are_filled_later() -> None:
    found = text("url=<% output('port/Webhook:a', 'url') %>\n<% output('port/Webhook:a', 'url') | b64encode %>")
    assert isinstance(found, Awaited)
    assert found.parts == ("url=", URL, "\n", Encoded(Codec.BASE64, (URL,)))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            "a\n<% secret('TOKEN') %>",
            "2:1 [template] Secret in a template: What a template gives is committed; a secret would be, too.",
        ),
        (
            "<% output('port/Webhook:a', 'key') %>",
            "1:1 [template] Secret in a template: The output key is secret, and would be committed.",
        ),
        ("\n\n<% values.nam %>", '3:1 [template] Template failed: A mapping has no "nam". Did you mean "name"?'),
        (
            "<% values.none %>",
            "1:1 [template] Template failed: Null cannot be joined to text; `| tojson` writes it out.",
        ),
        ("<%% if x %%>", "1:1 [template] Broken template: Unexpected end of expression."),
        ("a\n<%% for %%>", "2:1 [template] Broken template: "),
        ("\n<% values.__class__ %>", '2:1 [template] Template failed: A mapping has no "__class__".'),
        ("<% ''.join(values.list) %>", '1:1 [template] Template failed: Text has no "join".'),
        ("<%% macro m() %%>x<%% endmacro %%><% m() %>", "1:1 [template] Template failed: Only secret() and output()"),
        ("<%% include 'x' %%>", "1:1 [template] Template failed: No loader for this environment specified."),
        ("<%% for x in values.list %%><% loop.cycle('a') %><%% endfor %%>", "1:1 [template] Template failed: "),
        ("<%% for x in range(9) %%><%% endfor %%>", '1:1 [template] Template failed: Nothing is called "range".'),
        (
            "<% output('port/Webhook:a', 'url') | upper %>",
            "1:1 [template] Template failed: `upper` needs text, not a value",
        ),
        ("<% values.name | items %>", "1:1 [template] Template failed: `items` needs a mapping, not text."),
        (
            "<%% for x in values.long %%><% values.long %><%% endfor %%>",
            "1:1 [template] Limit met: The result would have more than 1,048,576 characters.",
        ),
        ("a\x1cb", "1:1 [template] Unprintable character: U+001C may not stand in a template."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(template: str, expected: str) -> None:
    assert complaint(lambda: text(template)).startswith(f"pipelines/run.sh:{expected}")


@given(template=st.text("ab\r\n\t {}#$%<>[]'\"", max_size=40))
def test_text_without_our_delimiters_is_kept_to_the_letter(template: str) -> None:
    if "<%" in template:
        template = template.replace("<%", "<")
    if "<%" not in template:
        assert text(template) == template


@given(template=st.text("<%> #for if x%in values.list-'\n\r", max_size=40))
def test_no_template_raises_anything_but_invalid_input(template: str) -> None:
    try:
        found = text(f"<%{template}")
    except InvalidInput as error:
        found = error.summary
    assert isinstance(found, str)
