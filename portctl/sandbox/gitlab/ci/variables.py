"""CI/CD variables: which value wins, and how references to others are filled in.

Two stages, as on the real thing: the server fills in what it knows (leaving `$$`, references to files and to raw
variables), then the runner replaces what is left. Source: GitLab docs, "Where variables can be used".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

_REFERENCE = re.compile(r"\$\$|%%|\$(?P<bare>[a-zA-Z_]\w*)|\$\{(?P<braced>[a-zA-Z_]\w*)\}|%(?P<percent>[a-zA-Z_]\w*)%")
_RUNNER_REFERENCE = re.compile(r"\$(?:\{(?P<braced>[^}]*)\}|(?P<bare>[a-zA-Z_0-9]\w*|[*#$@!?-]))")


class CircularReference(ValueError):
    """Variables that refer to each other; a variable that refers to itself alone is no error."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        listed = ", ".join(f'"{name}"' for name in self.names)
        super().__init__(f"circular variable reference detected: [{listed}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`raw`: never expanded. `file`: the job sees the path of a file with the value. `public`: no user has set it."""

    key: str
    value: str
    raw: bool = False
    file: bool = False
    masked: bool = False
    public: bool = True


Variables = Mapping[str, Variable]


def layered(*layers: Iterable[Variable]) -> dict[str, Variable]:
    """The variables that are in force; layers from the weakest to the strongest."""
    found: dict[str, Variable] = {}
    for layer in layers:
        for variable in layer:
            found.pop(variable.key, None)
            found[variable.key] = variable
    return found


def plain(variables: Variables) -> dict[str, str]:
    """Values for conditions: as they are."""
    return {key: variable.value for key, variable in variables.items()}


def expand_on_server(variables: Variables) -> dict[str, Variable]:
    """Each variable with references to ordinary ones filled in. Errors: CircularReference."""
    done: dict[str, Variable] = {}
    for key in _sorted(variables):
        variable = variables[key]
        if not variable.raw:
            variable = replace(variable, value=_filled(variable.value, done, keep=True))
        done[key] = variable
    return {key: done[key] for key in variables}


def expand_text(text: str, variables: Variables) -> str:
    """A name, address or path of the file; references to nothing become empty."""
    try:
        known = expand_on_server(variables)
    except CircularReference:
        known = dict(variables)
    return _filled(text, known, keep=False, all_kinds=True)


def expand_known(text: str, variables: Variables) -> str:
    """References to what is there filled in with the values as they are; all others stay."""
    return _filled(text, variables, keep=True, all_kinds=True)


def expand_in_runner(
    variables: Variables, path_of: Callable[[Variable], str], *, keep_undefined: bool = False
) -> dict[str, Variable]:
    """What the job gets: no reference is left, `$$` is `$`. `path_of`: where the file of a variable stands."""

    def found(match: re.Match[str]) -> str:
        name = match["braced"] if match["bare"] is None else match["bare"]
        if name == "$":
            return "$"
        variable = variables.get(name)
        if variable is None:
            return match[0] if keep_undefined else ""
        return path_of(variable) if variable.file else variable.value

    return {
        key: variable if variable.raw else replace(variable, value=_RUNNER_REFERENCE.sub(found, variable.value))
        for key, variable in variables.items()
    }


def references(variable: Variable) -> list[str]:
    """The names that a value refers to."""
    if variable.raw:
        return []
    return [name for name in map(_name, _REFERENCE.finditer(variable.value)) if name is not None]


def _name(match: re.Match[str]) -> str | None:
    return match["bare"] or match["braced"] or match["percent"]


def _filled(text: str, known: Variables, *, keep: bool, all_kinds: bool = False) -> str:
    def found(match: re.Match[str]) -> str:
        name = _name(match)
        if name is None:
            return match[0]
        variable = known.get(name)
        if variable is None:
            return match[0] if keep else ""
        later = (variable.raw or variable.file) and not all_kinds
        return match[0] if later else variable.value

    return _REFERENCE.sub(found, text)


def _sorted(variables: Variables) -> list[str]:
    """Names so that what is referred to comes first."""
    order: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in trail:
            raise CircularReference(trail[trail.index(name) :])
        for other in references(variables[name]):
            if other in variables and other != name:
                visit(other, (*trail, name))
        done.add(name)
        order.append(name)

    for name in variables:
        visit(name, ())
    return order
