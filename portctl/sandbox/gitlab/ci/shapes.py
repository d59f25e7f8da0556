"""What values of keywords may look like: small checks, each of which says what is wrong with a value, if anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portctl.sandbox.gitlab.ci.durations import BadDuration, parse_duration
from portctl.sandbox.gitlab.ci.expression import BadExpression, parse_expression
from portctl.sandbox.gitlab.ci.patterns import BadPattern, UnreadPattern, parse_pattern

Shape = Callable[[Any], str | None]
"""What is wrong with a value, None when nothing is."""

_DEEPEST = 1


class NotEmulated(Exception):
    """A keyword or value that the sandbox does not understand."""


def text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "should be a string"


def boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "should be a boolean value"


def integer(least: int | None = None, most: int | None = None) -> Shape:
    def shape(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "should be an integer"
        if most is not None and value > most:
            return f"must be less than or equal to {most}"
        return f"must be greater than or equal to {least}" if least is not None and value < least else None

    return shape


def one_of(*values: str) -> Shape:
    return lambda value: None if value in values else "should be one of: " + ", ".join(values)


def only_emulated(*known: str, others: tuple[str, ...]) -> Shape:
    """Some values are emulated; others are GitLab's, too."""

    def shape(value: Any) -> str | None:
        if value in others:
            raise NotEmulated(f"the value {value} of a CI keyword: only {', '.join(known)}")
        return one_of(*known, *others)(value)

    return shape


def list_of(item: Shape, problem: str, *, least: int = 0, unique: bool = False) -> Shape:
    def shape(value: Any) -> str | None:
        if not isinstance(value, list) or len(value) < least or any(item(each) for each in value):
            return problem
        repeated = unique and len({str(each) for each in value}) < len(value)
        return "should not hold anything twice" if repeated else None

    return shape


texts = list_of(text, "should be an array of strings")
some_texts = list_of(text, "should be an array of strings", least=1)
unique_texts = list_of(text, "should be an array of strings", least=1, unique=True)


def either(first: Shape, second: Shape) -> Shape:
    return lambda value: None if first(value) is None else second(value)


def when_mapping(mapping: Shape, otherwise: Shape) -> Shape:
    """Two notations, told apart by whether the value is a mapping."""
    return lambda value: (mapping if isinstance(value, Mapping) else otherwise)(value)


def mapping(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    def shape(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return "should be a hash"
        unknown = [str(key) for key in value if key not in fields]
        if unknown:
            return f"contains unknown keys: {', '.join(unknown)}"
        missing = [key for key in required if key not in value]
        if missing:
            return f"missing required keys: {', '.join(missing)}"
        problems = ((key, fields[key](inner)) for key, inner in value.items())
        return next((f"{key} {problem}" for key, problem in problems if problem is not None), None)

    return shape


def refused(name: str) -> Shape:
    """A keyword of GitLab's that is not emulated."""

    def shape(_value: Any) -> str | None:
        raise NotEmulated(f"the CI keyword {name}")

    return shape


def commands(value: Any) -> str | None:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(_command(line, 0) for line in lines) or value == "":
        return "should be a string or a nested array of strings up to 10 levels deep"
    return None


def some_commands(value: Any) -> str | None:
    return commands(value) or (None if value else "should be a string or a nested array of strings")


def _command(line: Any, depth: int) -> bool:
    if isinstance(line, list) and depth >= _DEEPEST:
        raise NotEmulated("the value of a script with lists inside of lists inside of it")
    if isinstance(line, list):
        return all(_command(each, depth + 1) for each in line)
    return isinstance(line, str)


def flat(lines: Any) -> tuple[str, ...]:
    """The commands of a script, whatever their nesting."""
    if isinstance(lines, str):
        return (lines,)
    return tuple(each for line in lines or () for each in ((line,) if isinstance(line, str) else flat(line)))


def duration(value: Any) -> str | None:
    try:
        if isinstance(value, str) and parse_duration(value) > 0:
            return None
    except BadDuration:
        pass
    return "should be a duration"


def pattern(value: Any) -> str | None:
    try:
        if isinstance(value, str) and value.endswith("/"):
            parse_pattern(value)
            return None
    except BadPattern:
        pass
    except UnreadPattern as error:
        raise NotEmulated(str(error)) from error
    return "should be a regular expression"


def condition(value: Any) -> str | None:
    if not isinstance(value, str):
        return "should be a string"
    try:
        parse_expression(value)
    except BadExpression:
        return "invalid expression syntax"
    except UnreadPattern as error:
        raise NotEmulated(str(error)) from error
    return None


def scalar(value: Any) -> str | None:
    good = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return None if good else "should be either a string or a hash"
