"""docs/sandbox-servicenow.md says what is emulated; here it is held to its word."""

from __future__ import annotations

import re
from pathlib import Path

from portctl.sandbox.servicenow.routes import ROUTES
from portctl.sandbox.servicenow.seed.people import PEOPLE
from portctl.sandbox.servicenow.seed.tables import CHOICES, TABLES
from portctl.sandbox.servicenow.switches import SWITCHES
from tests.sandbox.facts import marked, shown

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[2] / "docs" / "sandbox-servicenow.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| servicenow-(\d+) \| (.+) \| ((?:servicenow|design) [\d., ]+) \| (.+) \|$", re.MULTILINE)
HEADLINES = 16
"""The facts at the head of the notes: each must be shown by a test."""


def documented() -> dict[int, tuple[str, set[str]]]:
    """Reference and test ids by fact; no tests for what is not emulated."""
    found: dict[int, tuple[str, set[str]]] = {}
    for number, _, reference, tests in ROW.findall(DOCUMENT):
        assert int(number) not in found, f"fact {number} is listed twice"
        assert tests.startswith(("`", "not emulated: ")), f"fact {number} has neither test nor reason"
        found[int(number)] = (reference, set(re.findall(r"`([^`]+)`", tests)) if tests.startswith("`") else set())
    return found


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    assert shown({f"servicenow-{number}": tests for number, (_, tests) in documented().items()}) == marked(FOLDER)


def test_facts_are_numbered_without_gaps() -> None:
    assert sorted(documented()) == list(range(1, len(documented()) + 1))


def test_every_headline_of_the_notes_is_shown_by_a_test() -> None:
    headlines = {
        text for reference, tests in documented().values() if tests for text in re.findall(r"\b0\.\d+", reference)
    }
    assert headlines == {f"0.{number}" for number in range(1, HEADLINES + 1)}


def test_every_switch_is_documented_as_it_is() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []


def test_every_switch_is_moved_by_a_test() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []


def test_everybody_who_is_there_is_introduced() -> None:
    rows = [f"| `{person.credential}` | `{person.user_name}` |" for person in PEOPLE]
    assert [row for row in rows if row not in DOCUMENT] == []


def test_no_route_is_listed_twice() -> None:
    routes = [(route.method, route.template) for route in ROUTES]
    assert len(routes) == len(set(routes))


def test_choices_are_about_columns_that_have_them() -> None:
    columns = {table.name: table.columns for table in TABLES}
    parents = {table.name: table.parent for table in TABLES}
    lost = []
    for place in CHOICES:
        table, _, element = place.partition(".")
        declared = columns[table] + ";" + columns.get(parents[table], "")
        if not re.search(rf"\b{element} [^;]*\bchoice\b", declared):
            lost.append(place)
    assert lost == []
