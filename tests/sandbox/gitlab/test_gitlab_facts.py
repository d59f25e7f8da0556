"""docs/sandbox-gitlab.md says what is emulated; here it is held to its word."""

from __future__ import annotations

from pathlib import Path

from portctl.sandbox.gitlab.routes import ROUTES
from portctl.sandbox.gitlab.service import GitLabService
from portctl.sandbox.gitlab.switches import SWITCHES
from portctl.sandbox.server import Sandbox
from tests.sandbox.facts import documented, marked, shown

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[2] / "docs" / "sandbox-gitlab.md").read_text(encoding="utf-8")
FACTS = documented(DOCUMENT, "gitlab-", "gitlab")


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    assert shown(FACTS) == marked(FOLDER)


def test_facts_are_numbered_without_gaps() -> None:
    assert list(FACTS) == [f"gitlab-{number}" for number in range(1, len(FACTS) + 1)]


def test_every_switch_is_documented_as_it_is_and_moved_by_a_test() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []


def test_every_credential_is_documented(sandbox: Sandbox) -> None:
    names = set(sandbox.credentials[GitLabService.name]) - {"default"}
    assert [name for name in names if f"`{name}`" not in DOCUMENT] == []


def test_no_route_is_listed_twice() -> None:
    routes = [(route.method, route.template) for route in ROUTES]
    assert len(routes) == len(set(routes))
