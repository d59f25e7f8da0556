"""Every regular expression of the package, and texts that make careless ones take quadratic time."""

from __future__ import annotations

import ast
import importlib
import pathlib
import pkgutil
import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import portctl

LENGTH = 16_000
_APART = ("portctl.sandbox", "portctl.story", "portctl.__main__")
_UNITS = (
    *("a", "A", "1", "_", "-", ".", ":", "/", "?", "&", "=", "@", "#", "'", '"', "\\", '\\"', "\\'", " ", "\n", "\t"),
    *("{{", "}}", "{", "}", "${", "$[[", "]]", "[", "]", "(", ")", "|", "://", "://:", "a-", "a_", "a.", "a b", ": "),
)


@dataclass(frozen=True, slots=True)
class Used:
    """A regular expression, where it stands, and how it is used: `match`, `fullmatch`, or else all over a text."""

    place: str
    pattern: re.Pattern[str]
    anchored: frozenset[str]

    def run(self, text: str) -> None:
        for way in self.anchored:
            getattr(self.pattern, way)(text)
        if not self.anchored:
            for _ in self.pattern.finditer(text):
                pass


def patterns() -> list[Used]:
    """Those that modules keep, and those that are written out where they are used; each pattern and use once."""
    found: dict[tuple[str, int, frozenset[str]], Used] = {}
    for name in _modules():
        module = importlib.import_module(name)
        source = pathlib.Path(str(module.__file__)).read_text(encoding="utf-8")
        for variable, value in vars(module).items():
            for pattern in value if isinstance(value, tuple | list) else (value,):
                if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                    ways = _anchored(re.findall(rf"\b{variable}\.(\w+)\(", source))
                    found.setdefault(_key(pattern, ways), Used(f"{name}.{variable}", pattern, ways))
        for way, written in _written(source):
            pattern = re.compile(written)
            found.setdefault(_key(pattern, _anchored([way])), Used(f"{name} {written}", pattern, _anchored([way])))
    return list(found.values())


def _key(pattern: re.Pattern[str], ways: frozenset[str]) -> tuple[str, int, frozenset[str]]:
    return pattern.pattern, pattern.flags, ways


def _anchored(ways: Sequence[str]) -> frozenset[str]:
    return frozenset(ways) if ways and set(ways) <= {"match", "fullmatch"} else frozenset()


def attacks(pattern: re.Pattern[str]) -> list[str]:
    """A unit over and over, behind every literal of the pattern: units are its literals, too."""
    literals = sorted(set(_literals(pattern.pattern)))
    units = dict.fromkeys((*literals, *_UNITS, *(f"{literal}a" for literal in literals)))
    return [(start + unit * (LENGTH // len(unit)))[:LENGTH] for start in ("", *literals) for unit in units]


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(portctl.__path__, "portctl."):
        if not module.name.startswith(_APART):
            yield module.name


def _written(source: str) -> Iterator[tuple[str, str]]:
    """Calls such as `re.search("...", text)`: the function and the pattern."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) > 1:
            owner, first = node.func.value, node.args[0]
            if (
                isinstance(owner, ast.Name)
                and owner.id == "re"
                and node.func.attr != "compile"
                and isinstance(first, ast.Constant)
            ):
                yield node.func.attr, str(first.value)


def _literals(pattern: str) -> Iterator[str]:
    """The runs of literal characters in a pattern, at any depth."""
    try:
        tree = parser.parse(pattern)
    except re.error:
        return
    yield from _runs(tree)


def _runs(tree: Iterable[Any]) -> Iterator[str]:
    run = ""
    for code, about in tree:
        if code is codes.LITERAL:
            run += chr(about)
            continue
        if run:
            yield run
        run = ""
        for inner in _below(about):
            yield from _runs(inner)
    if run:
        yield run


def _below(about: Any) -> Iterator[Any]:
    if isinstance(about, parser.SubPattern):
        yield about
    elif isinstance(about, list | tuple):
        for part in about:
            yield from _below(part)
