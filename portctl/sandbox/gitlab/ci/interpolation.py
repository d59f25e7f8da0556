"""`$[[ inputs.name ]]`: filled in scalar by scalar, after the YAML is read, so that no value changes its structure.

A scalar that is one block and nothing else takes the value with its type. Source: GitLab docs, "CI/CD inputs"; GitLab's
source, `config/interpolation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from portctl.sandbox.gitlab.ci.inputs import BadInputs
from portctl.sandbox.gitlab.ci.ruby import replaced, shell_escaped, text_of
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.ci.variables import Variable, expand_known, references

_BLOCK = re.compile(r"(\$\[\[[\t\n\f\r ]*([^\t\n\f\r ].*?[^\t\n\f\r ])[\t\n\f\r ]*\]\])")
_TRUNCATE = re.compile(r"truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)?", re.ASCII)
_LATER = ("posix_quote", "split")
_ELSEWHERE = "matrix"
_MOST_BLOCKS = 10_000
_MOST_FUNCTIONS = 3
_MOST_PARTS = 5
_LONGEST_ACCESS = 1024
_LARGEST_NODE = 1024 * 1024


def interpolated(content: Any, inputs: Mapping[str, Any], variables: Mapping[str, Variable]) -> Any:
    """The document with every block filled in. Errors: BadInputs, NotEmulated."""
    return _Filler({"inputs": dict(inputs), "component": {}}, variables).node(content)


class _Filler:
    def __init__(self, context: Mapping[str, Any], variables: Mapping[str, Variable]) -> None:
        self._context = context
        self._variables = variables
        self._blocks: dict[str, Any] = {}

    def node(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self._key(key): self.node(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.node(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _key(self, key: Any) -> Any:
        name = self.node(key)
        if isinstance(name, list):
            raise NotEmulated("a list as the key of a mapping")
        return name

    def _text(self, text: str) -> Any:
        if len(text.encode("utf-8", "replace")) > _LARGEST_NODE:
            raise BadInputs(["config node too large"])
        found = _BLOCK.findall(text)
        for block, data in found:
            if block not in self._blocks:
                self._blocks[block] = self._value(block, data)
            if len(self._blocks) > _MOST_BLOCKS:
                raise BadInputs(["too many interpolation blocks"])
        if len(found) == 1 and found[0][0] == text:
            return self._blocks[text]
        for block, _ in found:
            text = replaced(text, block, text_of(self._blocks[block]))
        return text

    def _value(self, block: str, data: str) -> Any:
        access, *functions = (part.strip() for part in data.split("|"))
        if access.partition(".")[0] == _ELSEWHERE:
            return block
        value = self._found(access)
        if len(functions) > _MOST_FUNCTIONS:
            raise BadInputs(["too many functions in interpolation block"])
        _check_known(functions)
        for function in functions:
            value = self._applied(function, value)
        return value

    def _found(self, access: str) -> Any:
        parts = access.split(".", _MOST_PARTS - 1)
        errors = ["invalid interpolation access pattern"] if len(parts) < 2 else []
        if len(access.encode()) > _LONGEST_ACCESS:
            errors.append("maximum interpolation expression size exceeded")
        if errors:
            raise BadInputs(errors)
        value: Any = self._context
        for part in parts:
            if not isinstance(value, Mapping) or part not in value:
                raise BadInputs([f"unknown interpolation key: `{part}`"])
            value = value[part]
        return value

    def _applied(self, function: str, value: Any) -> str:
        name = function.partition("(")[0]
        if not isinstance(value, str):
            problem = f"invalid input type: {name} can only be used with string inputs"
            raise BadInputs([f"error in `{name}` function: {problem}"])
        plain = _FUNCTIONS.get(function)
        if plain is not None:
            return plain(value)
        cut = _TRUNCATE.fullmatch(function)
        if cut is not None:
            return value[int(cut[1]) : int(cut[1]) + int(cut[2])]
        return self._expanded(value)

    def _expanded(self, text: str) -> str:
        named = references(Variable(key="", value=text))
        if any(self._variables[name].masked for name in named if name in self._variables):
            problem = "variable expansion error: masked variables cannot be expanded"
            raise BadInputs([f"error in `expand_vars` function: {problem}"])
        return expand_known(text, self._variables)


_FUNCTIONS: Mapping[str, Callable[[str], str]] = {"posix_escape": shell_escaped}


def _check_known(functions: list[str]) -> None:
    errors = []
    for function in functions:
        if function.partition("(")[0] in _LATER:
            raise NotEmulated(f"the interpolation function {function.partition('(')[0]}")
        if function not in (*_FUNCTIONS, "expand_vars") and not _TRUNCATE.fullmatch(function):
            hint = "check that the function name, arguments, and types are correct"
            errors.append(f"no function matching `{function}`: {hint}")
    if errors:
        raise BadInputs(errors)
