"""Scalars with placeholders: what they give, and every way in which they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.model.address import Address
from portctl.model.value import Awaited, Codec, Encoded, OutputRef, Pending, Sealed, SecretRef, freeze
from portctl.template.expression import Function
from portctl.template.placeholder import PlaceholderError, fill, paths_read

HOOK = OutputRef(Address("port", "Webhook", "snow"), "url")
NAMES: dict[str, Any] = {
    "values": freeze(
        {
            "text": "héllo",
            "number": 8,
            "ratio": 0.5,
            "flag": True,
            "nothing": None,
            "list": ["a", "b"],
            "items": {"keys": "mine"},
            "placeholders": "<% values.text %>",
            "with-dash": 1,
            "words": ["<%", "%>"],
        }
    ),
    "environment": "sandbox",
    "port": {"api_url": "https://api.port.io/v1"},
    "secret": Function("secret('NAME')", lambda name: Sealed((SecretRef(name),))),
    "output": Function("output('a', 'f')", lambda address, field: Awaited((HOOK,)) if address and field else None),
}


def shape(value: Any) -> Any:
    """A value with its open parts visible, for comparing."""
    return (type(value).__name__, value.parts) if isinstance(value, Pending) else value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ .x }} ${{ y }} $[[ z ]] [[ -f a ]] %> #%>", "{{ .x }} ${{ y }} $[[ z ]] [[ -f a ]] %> #%>"),
        ("<% values.number %>", 8),
        ("<%values.number%>", 8),
        ("<% values.ratio %>", 0.5),
        ("<% values.flag %>", True),
        ("<% values.nothing %>", None),
        ("<% values.list %>", ("a", "b")),
        ("<% values.items.keys %>", "mine"),
        ("<% values['with-dash'] %>", 1),
        ("<% values.list[1] %>", "b"),
        ("<% values.placeholders %>", "<% values.text %>"),
        ("<% '<%' %> x <% '%>' %>", "<% x %>"),
        ("<% values.text %><% values.number %>", "héllo8"),
        ("<% values.flag %>-<% values.ratio %>", "true-0.5"),
        (" <% values.number %>", " 8"),
        (" \r\n <%- values.number -%> \r\n ", 8),
        ("a\r\n<% values.text\r\n | upper %>\r\n", "a\r\nHÉLLO\r\n"),
        ("<% values.number | string %>", "8"),
        ("<% values.flag ~ '/' ~ values.ratio %>", "true/0.5"),
        ("<% values.number * 2 + 1 %>", 17),
        ("<% 2 ** 10 // 3 %>", 341),
        ("<% 'a' + 'b' %>", "ab"),
        ("<% values.list + ['c'] %>", ("a", "b", "c")),
        ("<% {'a': [values.flag, none]} %>", {"a": (True, None)}),
        ("<% 'x' if values.flag and 'a' in values.list else 'y' %>", "x"),
        ("<% values.missing is defined %>", False),
        ("<% values.missing | default('d') %>", "d"),
        ("<% values.text | default('d') %>", "héllo"),
        ("<% 'a b/ü' | urlencode %>", "a%20b%2F%C3%BC"),
        ("<% 'héllo' | b64encode %>", "aMOpbGxv"),
        ("<% 'user' | basic_auth('pass') %>", "dXNlcjpwYXNz"),
        ("<% ' A ' | trim | lower | replace('a', 'b') %>", "b"),
        ("<% ['a', 1, true] | join('-') %>", "a-1-true"),
        ("<% '12' | int + (3.0 | int) + (4 | int) %>", 19),
        ("<% ('1.5' | float) + (1 | float) %>", 2.5),
        ("<% values.list | length %><% values.list | first %><% values.list | last %>", "2ab"),
        ("<% {'a': [1, 'ü']} | tojson %>", '{"a": [1, "ü"]}'),
        ("<% port.api_url %>/actions in <% environment %>", "https://api.port.io/v1/actions in sandbox"),
    ],
)
def test_a_scalar_gives(text: str, value: object) -> None:
    found = fill(text, NAMES)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<% secret('A') %>", ("Sealed", (SecretRef("A"),))),
        ("x-<% secret('A') %>-<% values.number %>", ("Sealed", ("x-", SecretRef("A"), "-8"))),
        ("<% output('a', 'url') %>", ("Awaited", (HOOK,))),
        ("<% output('a', 'url') %>/<% secret('A') %>", ("Sealed", (HOOK, "/", SecretRef("A")))),
        ("<% output('a', 'url') | urlencode %>", ("Awaited", (Encoded(Codec.URL, (HOOK,)),))),
        ("<% secret('A') | b64encode %>", ("Sealed", (Encoded(Codec.BASE64, (SecretRef("A"),)),))),
        (
            "Basic <% secret('U') | basic_auth(secret('P')) %>",
            ("Sealed", ("Basic ", Encoded(Codec.BASIC_AUTH, (SecretRef("U"), ":", SecretRef("P"))))),
        ),
        (
            "<% 'me' | basic_auth(secret('P')) %>",
            ("Sealed", (Encoded(Codec.BASIC_AUTH, ("me", ":", SecretRef("P"))),)),
        ),
        ("<% secret('A') if values.flag else '' %>", ("Sealed", (SecretRef("A"),))),
        ("<% secret('A') | default('x') %>", ("Sealed", (SecretRef("A"),))),
    ],
)
def test_secrets_and_outputs_stay_open(text: str, expected: object) -> None:
    assert shape(fill(text, NAMES)) == expected


def test_secrets_stay_open_inside_lists() -> None:
    assert [shape(item) for item in fill("<% [secret('A'), 'b'] %>", NAMES)] == [("Sealed", (SecretRef("A"),)), "b"]


def complaint(text: str) -> str:
    with pytest.raises(PlaceholderError) as caught:
        fill(text, NAMES)
    error = caught.value
    return f"{error.summary}: {error.detail}" + (f" [{error.hint}]" if error.hint else "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<% values.txt %>",
            (
                'Undefined value: values has no "txt". Did you mean "text"? In <% values.txt %>. '
                "[Set txt under `values:` of the project or environment file, or with --set.]"
            ),
        ),
        (
            "<% values.text.upper %>",
            'Undefined value: values.text is text; it has no "upper". In <% values.text.upper %>.',
        ),
        (
            "<% [values.a.b] | join %>",
            (
                'Undefined value: values has no "a". In <% [values.a.b] | join %>. '
                "[Set a under `values:` of the project or environment file, or with --set.]"
            ),
        ),
        (
            "<% [values.list[2]] %>",
            'Undefined value: values.list is a list; it has no "2". In <% [values.list[2]] %>.',
        ),
        (
            "<% valus.text %>",
            (
                'Undefined value: Nothing is called "valus". Did you mean "values"? In <% valus.text %>. '
                "[Known here: environment, output, port, secret and values. "
                "Values of your own are written values.valus.]"
            ),
        ),
        (
            "<% values[environment] %>",
            "Undefined value: Part of the expression is undefined. In <% values[environment] %>.",
        ),
        (
            "<% port.api_ulr ~ 'x' %>",
            'Undefined value: port has no "api_ulr". Did you mean "api_url"? In <% port.api_ulr ~ \'x\' %>.',
        ),
        (
            "a <% values.list %>",
            "Placeholder in text: A list cannot be joined to text; `| tojson` writes it out. In <% values.list %>.",
        ),
        (
            "a <% values.nothing %>",
            "Placeholder in text: Null cannot be joined to text; `| tojson` writes it out. In <% values.nothing %>.",
        ),
        (
            "<% values.text",
            (
                "Placeholder without end: `<%` has no `%>`. It starts `<% values.text`. [Quote the scalar if YAML cut "
                "it short; write <% '<%' %> for the two characters themselves.]"
            ),
        ),
        (
            "<%%>",
            (
                "Block in a manifest: `<%%` starts a block or a comment of a text template; "
                "a manifest has only `<% expression %>`. "
                "[A choice is written in one expression: `<% a if b else c %>`.]"
            ),
        ),
        (
            "<%# x #%>",
            (
                "Block in a manifest: `<%#` starts a block or a comment of a text template; "
                "a manifest has only `<% expression %>`. "
                "[A choice is written in one expression: `<% a if b else c %>`.]"
            ),
        ),
        ("<% %>", "Broken placeholder: Nothing stands between `<%` and `%>`."),
        ("<% a b %>", "Broken placeholder: There is more than one expression. In <% a b %>."),
        (
            "<% (a %>",
            (
                "Placeholder without end: A bracket or a quote is not closed before `%>`. It starts `<% (a %>`. "
                "[Quote the scalar if YAML cut it short; "
                "write <% '<%' %> for the two characters themselves.]"
            ),
        ),
        ("<% a) %>", "Broken placeholder: Unexpected ')'. In <% a) %>."),
        (
            "<% 'a' | uper %>",
            (
                'Broken placeholder: There is no filter "uper". Did you mean "upper"? In <% \'a\' | uper %>. '
                "[Filters: b64encode, basic_auth, default, first, float, int, items, join, last, length, lower, "
                "replace, string, tojson, trim, upper and urlencode.]"
            ),
        ),
        ("<% values.text[0:1] %>", "Broken placeholder: Slices are not supported. In <% values.text[0:1] %>."),
        (
            "<% secret %>",
            "Placeholder failed: A function is not a value; it is written secret('NAME'). In <% secret %>.",
        ),
        ("<% secret() %>", "Placeholder failed: It is written secret('NAME'). In <% secret() %>."),
        ("<% {1: 2} %>", "Placeholder failed: The keys of a mapping must be text. In <% {1: 2} %>."),
        (
            "<% 1 if secret('S1') else 2 %>",
            (
                "Placeholder failed: The value of secret S1 is not known here; it can only be joined to text or "
                "encoded. In <% 1 if secret('S1') else 2 %>."
            ),
        ),
        ("<% 1 / 0 %>", "Placeholder failed: Division by zero. In <% 1 / 0 %>."),
        ("<% 1e308 * 10 %>", "Placeholder failed: The result is not a number of JSON. In <% 1e308 * 10 %>."),
        ("<% 'a' + 1 %>", "Placeholder failed: `+` does not work on text and a number. In <% 'a' + 1 %>."),
        ("<% [1] | upper %>", "Placeholder failed: `upper` needs text, not a list. In <% [1] | upper %>."),
        ("<% 'a' | join %>", "Placeholder failed: `join` needs a list, not text. In <% 'a' | join %>."),
        (
            "<% true | int %>",
            "Placeholder failed: `int` needs a whole number or its text, not a boolean. In <% true | int %>.",
        ),
        (
            "<% true | float %>",
            "Placeholder failed: `float` needs a number or its text, not a boolean. In <% true | float %>.",
        ),
        (
            "<% 1 | length %>",
            "Placeholder failed: `length` needs text, a list or a mapping, not a number. In <% 1 | length %>.",
        ),
        (
            "<% [] | first %>",
            "Placeholder failed: `first` needs a list or text that is not empty, not a list. In <% [] | first %>.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_expression(text: str, expected: str) -> None:
    assert complaint(text) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "secret('A') ~ 'x'",
        "secret('A') | upper",
        "[secret('A')] | join",
        "secret('A') == 'x'",
        "'x' != secret('A')",
        "secret('A') in ['x']",
        "'x' in secret('A')",
        "secret('A') + 'x'",
        "secret('A') < 'x'",
        "secret('A')[0]",
        "secret('A').parts",
        "values[secret('A')]",
        "secret('A') | length",
        "secret('A') | string",
        "secret('A') | tojson",
        "secret('A') | int",
        "secret('A') | float",
        "secret('A') | first",
        "secret('A') | trim",
        "secret('A') | replace('a', 'b')",
        "'a' | replace('a', secret('A'))",
        "'x' if secret('A') else 'y'",
        "not secret('A')",
        "secret('A') and 'x'",
        "{secret('A'): 1}",
        "-secret('A')",
        "'%s' % secret('A')",
    ],
)
def test_a_secret_can_only_be_joined_and_encoded(expression: str) -> None:
    said = complaint(f"<% {expression} %>")
    assert said.startswith("Placeholder failed: ")
    assert said.endswith(f"In <% {expression} %>.")


def test_the_paths_that_a_scalar_reads_are_known() -> None:
    assert paths_read("<% values.a['b-c'][0] ~ values[environment] %> <% secret('A') %>") == (
        ("values", "a", "b-c", 0),
        ("values",),
        ("environment",),
        ("secret",),
    )
    assert paths_read("plain") == ()


@pytest.mark.parametrize(
    "expression",
    [
        "values.x()",
        "values.x.y",
        "values.x | upper",
        "{'a': values.x} | tojson",
        "[values.x]",
        "values.x ~ 'a'",
        "1 + values.x",
    ],
)
def test_what_is_undefined_is_named_wherever_it_is_used(expression: str) -> None:
    assert complaint(f"<% {expression} %>") == (
        f'Undefined value: values has no "x". In <% {expression} %>. '
        "[Set x under `values:` of the project or environment file, or with --set.]"
    )


def test_the_undefined_part_is_named_even_beside_one_that_has_a_default() -> None:
    assert complaint("<% values.x | default(values.y) %>").startswith('Undefined value: values has no "y".')
