"""docs/sandbox-gitlab.md says what is emulated; here it is held to its word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from portctl.sandbox.gitlab.routes import ROUTES
from portctl.sandbox.gitlab.service import GitLabService
from portctl.sandbox.gitlab.switches import SWITCHES
from portctl.sandbox.server import Sandbox

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[2] / "docs" / "sandbox-gitlab.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (gitlab-\d+) \| (.+) \| (gitlab|design) [\d., -]+ \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """Test ids by fact; empty for what is not emulated."""
    found: dict[str, set[str]] = {}
    for number, _, _, tests in ROW.findall(DOCUMENT):
        assert number not in found, f"{number} is listed twice"
        assert tests.startswith(("`", "not emulated: ")), f"{number} has neither test nor reason"
        found[number] = set(re.findall(r"`([^`]+)`", tests)) if tests.startswith("`") else set()
    return found


def marked() -> dict[str, set[str]]:
    """Test ids by fact, as the tests' markers say."""
    found: dict[str, set[str]] = {}
    for path in FOLDER.glob("test_*.py"):
        for name, number in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(number, set()).add(f"{path.name}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            for mark in function.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fact":
                    yield from ((function.name, ast.literal_eval(each)) for each in mark.args)


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    assert {number: tests for number, tests in documented().items() if tests} == marked()


def test_facts_are_numbered_without_gaps() -> None:
    assert list(documented()) == [f"gitlab-{number}" for number in range(1, len(documented()) + 1)]


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
