"""docs/sandbox-ci.md says what is emulated; here it is held to its word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portctl.sandbox.gitlab.ci.keywords import GLOBAL_SHAPES, JOB_SHAPES
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.ci.switches import SWITCHES

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[2] / "docs" / "sandbox-ci.md").read_text(encoding="utf-8")
FACT = re.compile(r"^\| (ci-\d+) \| (.+) \| (gitlab|design) [\d., -]+ \| (.+) \|$", re.MULTILINE)
KEYWORD = re.compile(r"^\| `(\S+)` \| (emulated|noted|refused) \| .+ \|$", re.MULTILINE)
FOLLOWED = {"extends", "!reference"}


def documented() -> dict[str, set[str]]:
    """Test ids by fact; empty for what is not emulated."""
    found: dict[str, set[str]] = {}
    for number, _, _, tests in FACT.findall(DOCUMENT):
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
    assert list(documented()) == [f"ci-{number}" for number in range(1, len(documented()) + 1)]


def test_every_keyword_is_documented_as_it_is() -> None:
    said = dict(KEYWORD.findall(DOCUMENT))
    assert set(said) == {*JOB_SHAPES, *GLOBAL_SHAPES, *FOLLOWED}
    for name, support in said.items():
        shapes = [table[name] for table in (JOB_SHAPES, GLOBAL_SHAPES) if name in table]
        for shape in shapes if support == "refused" else ():
            with pytest.raises(NotEmulated, match=f"the CI keyword {name}"):
                shape({})
        for shape in shapes if support != "refused" else ():
            shape(object())


def test_every_switch_is_documented_as_it_is_and_moved_by_a_test() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []
