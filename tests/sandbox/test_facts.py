"""docs/sandbox-port.md says what is emulated; here it is held to its word."""

from __future__ import annotations

from pathlib import Path

from portctl.sandbox.core.faults import FaultKind
from portctl.sandbox.port.routes import ROUTES
from portctl.sandbox.port.switches import SWITCHES
from tests.sandbox.facts import documented, marked, shown

FOLDER = Path(__file__).parent
DOCS = FOLDER.parents[1] / "docs"
DOCUMENT = (DOCS / "sandbox-port.md").read_text(encoding="utf-8")
FACTS = documented(DOCUMENT, "", "port")


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    assert shown(FACTS) == marked(FOLDER)


def test_facts_are_numbered_without_gaps() -> None:
    assert sorted(map(int, FACTS)) == list(range(1, len(FACTS) + 1))


def test_every_switch_is_documented_as_it_is() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []


def test_every_switch_is_moved_by_a_test() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []


def test_every_kind_of_fault_is_documented() -> None:
    page = (DOCS / "sandbox.md").read_text(encoding="utf-8")
    assert [str(kind) for kind in FaultKind if f"| `{kind}` |" not in page] == []


def test_no_route_is_listed_twice() -> None:
    routes = [(route.method, route.template) for route in ROUTES]
    assert len(routes) == len(set(routes))
