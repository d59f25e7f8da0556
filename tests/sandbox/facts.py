"""Facts of the sandbox's documents: rows of a table, each with the tests that show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path


def documented(document: str, prefix: str, source: str) -> dict[str, set[str]]:
    """Test ids by fact; empty for what is not emulated. `prefix` of the numbers; `source`: the reference's name."""
    row = re.compile(rf"^\| ({prefix}\d+) \| (.+) \| ({source}|design) [\d., -]+ \| (.+) \|$", re.MULTILINE)
    found: dict[str, set[str]] = {}
    for number, _, _, tests in row.findall(document):
        assert number not in found, f"fact {number} is listed twice"
        assert tests.startswith(("`", "not emulated: ")), f"fact {number} has neither test nor reason"
        found[number] = set(re.findall(r"`([^`]+)`", tests)) if tests.startswith("`") else set()
    return found


def shown(facts: dict[str, set[str]]) -> dict[str, set[str]]:
    """Those that tests show."""
    return {number: tests for number, tests in facts.items() if tests}


def marked(folder: Path) -> dict[str, set[str]]:
    """Test ids by fact, as the markers of the tests in a folder say."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("test_*.py"):
        for name, number in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(number, set()).add(f"{path.name}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            for mark in function.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fact":
                    yield from ((function.name, str(ast.literal_eval(each))) for each in mark.args)
