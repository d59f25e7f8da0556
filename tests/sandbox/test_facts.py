"""docs/sandbox.md says what is emulated; here it is held to its word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from portctl.sandbox.core.faults import FaultKind
from portctl.sandbox.port.routes import ROUTES
from portctl.sandbox.port.switches import SWITCHES

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (port|design) [\d., ]+ \| (.+) \|$", re.MULTILINE)


def documented() -> dict[int, set[str]]:
    """Test ids by fact; empty for what is not emulated."""
    found: dict[int, set[str]] = {}
    for number, _, _, tests in ROW.findall(DOCUMENT):
        assert int(number) not in found, f"fact {number} is listed twice"
        assert tests.startswith(("`", "not emulated: ")), f"fact {number} has neither test nor reason"
        found[int(number)] = set(re.findall(r"`([^`]+)`", tests)) if tests.startswith("`") else set()
    return found


def marked() -> dict[int, set[str]]:
    """Test ids by fact, as the tests' markers say."""
    found: dict[int, set[str]] = {}
    for path in FOLDER.glob("test_*.py"):
        for name, number in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(number, set()).add(f"{path.name}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, int]]:
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            for mark in function.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fact":
                    yield from ((function.name, ast.literal_eval(each)) for each in mark.args)


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    claimed = {number: tests for number, tests in documented().items() if tests}
    assert claimed == marked()


def test_facts_are_numbered_without_gaps() -> None:
    assert sorted(documented()) == list(range(1, len(documented()) + 1))


def test_every_switch_is_documented_as_it_is() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []


def test_every_switch_is_moved_by_a_test() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []


def test_every_kind_of_fault_is_documented() -> None:
    assert [str(kind) for kind in FaultKind if f"| `{kind}` |" not in DOCUMENT] == []


def test_no_route_is_listed_twice() -> None:
    routes = [(route.method, route.template) for route in ROUTES]
    assert len(routes) == len(set(routes))
