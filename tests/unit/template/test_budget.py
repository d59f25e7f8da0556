"""Rendering ends: what costs too much is refused by a count, with its place and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from portctl.errors import InvalidInput
from portctl.manifest.render import render
from portctl.model.address import Address
from portctl.model.resource import Manifest, Meta
from portctl.model.value import freeze
from portctl.model.values import Values
from portctl.source import Source, SourceMap
from portctl.template.budget import Budget
from portctl.template.context import RenderContext
from portctl.template.placeholder import PlaceholderError, fill
from portctl.template.text import render_text
from tests.unit.examples.manifest_kinds import CATALOGUE

TEN = "[1,2,3,4,5,6,7,8,9,0]"
VALUES = Values(
    freeze({"text": "x" * 1000, "long": "%" * 600_000, "list": list(range(1000)), "lists": [[1] * 10] * 6000}), {}
)
CONTEXT = RenderContext("test", {}, frozenset({"TOKEN"}))


def loops(depth: int, body: str = "") -> str:
    begin = "".join(f"<%% for x{number} in {TEN} %%>" for number in range(depth))
    return begin + body + "<%% endfor %%>" * depth


def told(template: str) -> tuple[str, str, str]:
    """Where a text template fails, why, and what to do."""
    with pytest.raises(InvalidInput) as caught:
        render_text(template, "a.txt", values=VALUES, context=CONTEXT, catalogue=CATALOGUE)
    (found,) = caught.value.diagnostics
    return f"{found.source} {found.summary}", found.detail, found.hint


STEPS = "Rendering takes more than 2,000,000 steps."
LESS = "Loop over less, or do what is the same in every round before the loop."
HELD = "A value would hold more than 100,000 others."
LONG = "The result would have more than 1,048,576 characters."
ALL = "Rendering makes texts of more than 16,777,216 characters in all."
FEWER = "Put less into it."
SHORTER = "Write less in one place, or split it into several files."


@pytest.mark.parametrize(
    ("template", "where", "detail", "hint"),
    [
        pytest.param("a\n" + loops(7), 2, STEPS, LESS, id="loops over literals"),
        pytest.param(loops(3, "<%% for x in values.list if x == -1 %%><%% endfor %%>"), 1, STEPS, LESS, id="filter"),
        pytest.param(loops(2, "<%% if values.lists == [] %%><%% endif %%>"), 1, STEPS, LESS, id="compared"),
        pytest.param(loops(2, "<% 2 in values.lists %>"), 1, STEPS, LESS, id="searched"),
        pytest.param("<%% set x = [1] %%>" + f"<%% set x = [{'x,' * 10}] %%>" * 9, 1, HELD, FEWER, id="ten"),
        pytest.param("<%% set x = [1] %%>" + "<%% set x = x + x %%>" * 30, 1, HELD, FEWER, id="x + x"),
        pytest.param(
            "<%% set x = {'a': 1} %%>" + "<%% set x = {'a': x, 'b': x} %%>\n" * 30,
            16,
            HELD,
            FEWER,
            id="{}",
        ),
        pytest.param(
            "<%% set x = [] %%>" + "<%% set x = [x] %%>" * 101,
            1,
            "A value would be nested more than 100 deep.",
            "Make it flatter.",
            id="deep",
        ),
        pytest.param(
            f"<%% set x = [{'values.long, ' * 2}] %%>",
            1,
            "A value would have more than 1,048,576 characters.",
            SHORTER,
            id="long texts in a list",
        ),
        pytest.param("\n<%% set x = values.long ~ values.long %%>", 2, LONG, SHORTER, id="joined"),
        pytest.param("<% values.long | urlencode %>", 1, LONG, SHORTER, id="encoded"),
        pytest.param("<% values.long | replace('%', 'ab') %>", 1, LONG, SHORTER, id="replaced"),
        pytest.param("<% values.list | join(values.text ~ values.text) %>", 1, LONG, SHORTER, id="list joined"),
        pytest.param("<%% set x %%>" + loops(4, "y" * 10_000) + "<%% endset %%>", 1, ALL, SHORTER, id="set block"),
        pytest.param(loops(3, "<%% set x = values.long | upper %%>"), 1, ALL, SHORTER, id="made and thrown away"),
        pytest.param("<% values.long %>" * 2, 1, LONG, SHORTER, id="a long result"),
        pytest.param(
            "\n" + "<%1%>" * 10_001,
            2,
            "There are more than 10,000 placeholders and blocks.",
            "Split it into several files.",
            id="many placeholders",
        ),
        pytest.param("<%[0,0,0,0,0,0,0,0,0,0]%>" * 9_990, 1, STEPS, LESS, id="many parts"),
    ],
)
def test_a_template_that_costs_too_much_is_refused(template: str, where: int, detail: str, hint: str) -> None:
    assert told(template) == (f"a.txt:{where}:1 Limit met", detail, hint)


@pytest.mark.parametrize(
    ("template", "where", "detail"),
    [
        ("<%% set x = 7 %%>" + "<%% set x = x * x %%>" * 40, 1, "The result is not a number of JSON."),
        ("<% (2 ** 64) ** 64 %>", 1, "The result is not a number of JSON."),
        ("<%% for x in 10 ** 9 %%><%% endfor %%>", 1, "A loop goes through a list, a mapping or text, not a number."),
        (
            "<%% set x = output('port/Webhook:a', 'url') %%>" + "<%% set x = x | basic_auth(x) %%>" * 9,
            1,
            "A secret or an output can be encoded 8 times.",
        ),
        (
            "<%% if 1 %%>" * 200 + "<%% endif %%>" * 200,
            1,
            "Blocks or brackets are nested too deep, or one expression is too involved.",
        ),
        (
            "".join(f"<%% for x{number} in [1] %%>" for number in range(30)) + "<%% endfor %%>" * 30,
            1,
            "Blocks or brackets are nested too deep, or one expression is too involved.",
        ),
    ],
)
def test_a_template_that_cannot_be_worked_out_is_refused(template: str, where: int, detail: str) -> None:
    assert told(template) == (f"a.txt:{where}:1 Template failed", detail, "")


@pytest.mark.parametrize(
    ("template", "detail"),
    [
        ("<% 1e999 %>", "A number does not fit a number of JSON."),
        ("\n<% 1" + "+1" * 1000 + " %>", "A placeholder or block may have 2,000 characters."),
        ("\n<%% if 1" + " and 1" * 400 + " %%><%% endif %%>", "A placeholder or block may have 2,000 characters."),
    ],
)
def test_a_template_that_cannot_be_compiled_is_refused(template: str, detail: str) -> None:
    line = template.count("\n") + 1
    assert told(template) == (f"a.txt:{line}:1 Broken template", detail, "")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param(loops(4, "<% x0 %>"), "".join(x * 1000 for x in "1234567890"), id="many rounds"),
        pytest.param(
            "<%% for x in values.list %%><%% if x in values.list and [x] == [1] %%><% x %><%% endif %%><%% endfor %%>",
            "1",
            id="a list searched a thousand times",
        ),
        pytest.param("<% values.long %>", "%" * 600_000, id="a long text"),
        pytest.param("<%1%>" * 10_000, "1" * 10_000, id="ten thousand placeholders"),
        pytest.param(
            "<%% set x = [1] %%>" + f"<%% set x = [{'x,' * 10}] %%>" * 4 + "<% x[9][9][9][9] | length %>",
            "1",
            id="tens",
        ),
        pytest.param("<%% set x = [1] %%>" + "<%% set x = [x] %%>" * 99 + "<% x | length %>", "1", id="nested"),
        pytest.param("<%% set x %%>" + loops(3, "y" * 1000) + "<%% endset %%><% x | length %>", "1000000", id="set"),
        pytest.param("<%% for a, b in {'k': 1} | items %%><% a ~ b %><%% else %%>no<%% endfor %%>", "k1", id="items"),
        pytest.param("<% 1 < 2 < 3 and 'a' in 'bab' and 3 not in [1, 2] and (1, 2) != [] %>", "true", id="compared"),
    ],
)
def test_what_people_write_is_far_from_the_limits(template: str, expected: str) -> None:
    assert render_text(template, "a.txt", values=VALUES, context=CONTEXT, catalogue=CATALOGUE) == expected


def test_the_text_of_a_set_block_is_charged_without_the_numbers_of_its_lines() -> None:
    template = "<%% set x %%>" + "\n" * 1000 + "<%% endset %%>" + "<% x %>" * 20
    assert len(render_text(template, "a.txt", values=VALUES, context=CONTEXT, catalogue=CATALOGUE)) == 20_000


NAMES: Mapping[str, Any] = {"values": VALUES.tree}


def refused(text: str, budget: Budget | None = None) -> tuple[str, str]:
    with pytest.raises(PlaceholderError) as caught:
        fill(text, NAMES, budget)
    return caught.value.summary, caught.value.detail


@pytest.mark.parametrize(
    ("text", "summary", "detail"),
    [
        ("<% values.long | urlencode %>", "Limit met", f"{LONG} In <% values.long | urlencode %>."),
        ("a<% values.long %><% values.long %>", "Limit met", LONG),
        ("<% 1e999 %>", "Broken placeholder", "A number does not fit a number of JSON."),
        ("<% values.a" + " " * 3000 + "%>", "Placeholder too long", "A placeholder may have 2,000 characters."),
        ("<% '" + "x" * 3000, "Placeholder too long", "A placeholder may have 2,000 characters."),
        ("<%1%>" * 10_001, "Limit met", "There are more than 10,000 placeholders and blocks."),
    ],
)
def test_a_placeholder_that_costs_too_much_is_refused(text: str, summary: str, detail: str) -> None:
    found = refused(text)
    assert (found[0], found[1][: len(detail)]) == (summary, detail)


def test_placeholders_of_one_manifest_share_a_budget_and_what_is_left_out_is_said_once() -> None:
    body = {f"k{number:05}": "<% values.lists %>" for number in range(4)}
    sources = SourceMap(
        Source("m/a.yaml"), {("spec", key): Source("m/a.yaml", 5 + at, 3) for at, key in enumerate(body)}
    )
    kind = CATALOGUE["port/Blueprint"]
    manifest = Manifest(
        address=Address("port", "Blueprint", "a"),
        kind=kind,
        body=freeze({"identifier": "a", **body}),
        meta=Meta(),
        sources=sources,
        body_at=("spec",),
    )
    _, found = render([manifest], values=VALUES, context=CONTEXT, catalogue=CATALOGUE)
    assert [(str(one.source), one.summary, one.detail) for one in found] == [
        (
            "m/a.yaml:6:3",
            "Limit met",
            "The placeholders give more than 100,000 values. In <% values.lists %>.",
        )
    ]
