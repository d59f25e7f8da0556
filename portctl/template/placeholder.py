"""Scalars with `<% expression %>` in them: split, evaluated, and joined again."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Undefined

from portctl.errors import PortctlError
from portctl.findings import did_you_mean, listing
from portctl.model.value import Part, Pending, Value, pending
from portctl.source import Path, path_text
from portctl.template.budget import COMPILING, Budget, LimitMet, spending
from portctl.template.expression import Function, cost, environment
from portctl.template.filters import FILTERS, noun, text_of
from portctl.yaml.document import MAX_DEPTH

MAX_PLACEHOLDER = 2000
_LONGEST_HOLE = MAX_PLACEHOLDER + 100
"""With its delimiters and blanks; longer texts are not looked through for an end."""
_LONGEST_SHOWN = 80
_BEGIN = "<%"
_WORDING = {
    "end of template": "end of expression",
    "chunk after expression": "there is more than one expression",
}
Names = Mapping[str, "Value | Function"]
"""What expressions can name: values, functions, and the shorthands of the environment."""


class PlaceholderError(PortctlError):
    """A placeholder that cannot be filled; whoever knows its place makes a diagnostic of it."""

    def __init__(self, summary: str, detail: str, *, hint: str = "", rule: str = "placeholder") -> None:
        super().__init__(summary, detail, hint=hint)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One expression, compiled. `paths` are the literal paths that it reads: `values.a` is `("values", "a")`."""

    source: str
    expression: TemplateExpression
    paths: tuple[Path, ...]
    steps: int


def has_placeholder(text: str) -> bool:
    return _BEGIN in text


def split(text: str) -> Iterator[str | Placeholder]:
    """The literal pieces and the placeholders of a scalar. Errors: PlaceholderError, when the broken one is reached."""
    position = 0
    while (begin := text.find(_BEGIN, position)) >= 0:
        literal = text[position:begin]
        source, length, strip = _hole(text[begin : begin + _LONGEST_HOLE], cut=begin + _LONGEST_HOLE < len(text))
        if strip:
            literal = literal.rstrip()
        if literal:
            yield literal
        yield _compile(source)
        position = begin + length
    if position < len(text) or not text:
        yield text[position:]


def _hole(text: str, *, cut: bool) -> tuple[str, int, bool]:
    """Of a text that starts with a placeholder: its expression, its whole length, and whether it strips what is before.

    `cut`: what follows was left off, because no placeholder can be so long.
    """
    if text.startswith(("<%%", "<%#")):
        raise PlaceholderError(
            "Block in a manifest",
            f"`{text[:3]}` starts a block or a comment of a text template; a manifest has only `<% expression %>`.",
            hint="A choice is written in one expression: `<% a if b else c %>`.",
        )
    length = 0
    strip = False
    begin = 2
    try:
        # Carriage returns become blanks: the lexer would turn two characters into one, and lengths would not hold.
        for _, token, value in environment().lexer.tokeniter(text.replace("\r", " "), None):
            length += len(value)
            if token == "variable_begin":
                begin, strip = len(value), value.endswith("-")
            elif token == "variable_end":
                return _bounded(text[begin : length - len(value)]), length, strip
    except TemplateSyntaxError as error:
        if not cut:
            raise PlaceholderError(
                "Broken placeholder", f"{sentence(str(error.message))} {_shown(text[2:])}"
            ) from error
    if cut:
        raise _too_long(text[2:])
    raise PlaceholderError(
        "Placeholder without end",
        f"A bracket or a quote is not closed before `%>`. {_opened(text)}"
        if "%>" in text
        else f"`<%` has no `%>`. {_opened(text)}",
        hint="Quote the scalar if YAML cut it short; write <% '<%' %> for the two characters themselves.",
    )


def _bounded(source: str) -> str:
    if len(source) > MAX_PLACEHOLDER:
        raise _too_long(source)
    return source


def _too_long(source: str) -> PlaceholderError:
    return PlaceholderError(
        "Placeholder too long", f"A placeholder may have {MAX_PLACEHOLDER:,} characters. {_shown(source)}"
    )


@lru_cache(maxsize=2048)
def _compile(source: str) -> Placeholder:
    if not source.strip():
        raise PlaceholderError("Broken placeholder", "Nothing stands between `<%` and `%>`.")
    try:
        parser = Parser(environment(), source, state="variable")
        parsed = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail("chunk after expression")
        result = nodes.Assign(nodes.Name("result", "store"), parsed, lineno=1)
        with warnings.catch_warnings():
            # Python's compiler warns of odd expressions (a number that is called); they fail on their own.
            warnings.simplefilter("ignore", SyntaxWarning)
            template = environment().from_string(nodes.Template([result], lineno=1))
        expression = TemplateExpression(template, undefined_to_none=False)
        return Placeholder(source.strip(), expression, tuple(dict.fromkeys(_paths(parsed))), cost(parsed))
    except TemplateSyntaxError as error:
        raise _broken(source, str(error.message)) from error
    except (SyntaxError, RecursionError, MemoryError, ValueError, AssertionError) as error:
        raise PlaceholderError("Broken placeholder", f"The expression is too involved. {_shown(source)}") from error


def _broken(source: str, message: str) -> PlaceholderError:
    unknown = re.fullmatch(r"No filter named '(.*)'\.", message)
    if unknown is None:
        return PlaceholderError("Broken placeholder", f"{sentence(message)} {_shown(source)}")
    detail = f'There is no filter "{unknown[1]}".{did_you_mean(unknown[1], FILTERS)} {_shown(source)}'
    return PlaceholderError("Broken placeholder", detail, hint=f"Filters: {listing(FILTERS)}.")


def _paths(node: nodes.Node) -> Iterator[Path]:
    path = _path(node)
    if path:
        yield path
    else:
        for child in node.iter_child_nodes():
            yield from _paths(child)


def _path(node: nodes.Node) -> Path:
    """The literal path that `node` spells, or ()."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        above = _path(node.node)
        return (*above, node.attr) if above else ()
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        above = _path(node.node)
        return (*above, node.arg.value) if above and isinstance(node.arg.value, str | int) else ()
    return ()


def fill(text: str, names: Names, budget: Budget | None = None) -> Value:
    """The value of a scalar: of any type when it is one placeholder, else text, with secrets and outputs still open.

    `budget` is that of everything that is filled together. Errors: PlaceholderError.
    """
    if not has_placeholder(text):
        return text
    with spending(budget or Budget()) as spent:
        try:
            spent.open_placeholders(text.count(_BEGIN))
            return _filled(text, names, spent)
        except LimitMet as error:
            raise limit_met(error) from error


def limit_met(error: LimitMet, where: str = "") -> PlaceholderError:
    """The limit in a user's words."""
    return PlaceholderError("Limit met", f"{sentence(str(error))} {where}".rstrip(), hint=error.hint, rule="limit")


def _filled(text: str, names: Names, spent: Budget) -> Value:
    values: list[tuple[str | Placeholder, Value]] = []
    for piece in split(text):
        values.append((piece, _evaluate(piece, names, spent)))
    if len(values) == 1:
        return values[0][1]
    parts: list[Part] = []
    for piece, value in values:
        parts.extend(value.parts if isinstance(value, Pending) else (_joined(value, piece),))
    spent.make(sum(len(part) for part in parts if isinstance(part, str)))
    texts = itertools.groupby(parts, key=lambda part: isinstance(part, str))
    joined = [part for is_text, run in texts for part in (("".join(cast("Iterator[str]", run)),) if is_text else run)]
    if len(joined) == 1 and isinstance(joined[0], str):
        return joined[0]
    return pending(tuple(joined))


def _joined(value: Value, piece: str | Placeholder) -> str:
    try:
        return text_of(value)
    except TypeError as error:
        shown = _shown(piece.source) if isinstance(piece, Placeholder) else ""
        raise PlaceholderError("Placeholder in text", f"{sentence(str(error))} {shown}") from error


def paths_read(text: str) -> tuple[Path, ...]:
    """The literal paths that the placeholders of a scalar read."""
    if not has_placeholder(text):
        return ()
    return tuple(path for piece in split(text) if isinstance(piece, Placeholder) for path in piece.paths)


def _evaluate(piece: str | Placeholder, names: Names, spent: Budget) -> Value:
    if isinstance(piece, str):
        return piece
    try:
        spent.spend(piece.steps * COMPILING)
        value = piece.expression(**names)
        if isinstance(value, Undefined):
            raise _undefined(piece, names, value._undefined_name or "")
        spent.place(value)
        return _json(value, 0)
    except LimitMet as error:
        raise limit_met(error, _shown(piece.source)) from error
    except UndefinedError as error:
        raise _undefined(piece, names, "") from error
    except SecurityError as error:
        raise PlaceholderError(
            "Not allowed in a placeholder", f"{sentence(str(error))} {_shown(piece.source)}"
        ) from error
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError) as error:
        why = str(error) or type(error).__name__
        raise PlaceholderError("Placeholder failed", f"{sentence(why)} {_shown(piece.source)}") from error


def _json(value: object, depth: int) -> Value:
    """`value` frozen. Errors: TypeError for what JSON cannot say."""
    if value is None or isinstance(value, bool | Pending):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(float(value)):
            raise ValueError("the result is not a number of JSON")
        return value
    if depth > MAX_DEPTH:
        raise ValueError("the result is nested too deep")
    if isinstance(value, list | tuple):
        return tuple(_json(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of a mapping must be text")
        return {key: _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, Function):
        raise TypeError(f"a function is not a value; it is written {value.usage}")
    raise TypeError("the result is not a value of JSON")


def _undefined(placeholder: Placeholder, names: Names, wanted: str) -> PlaceholderError:
    """Says which part of which path is missing, rather than only that something is."""
    missing = [found for path in placeholder.paths if (found := _missing(path, names)) is not None]
    chosen = next((found for found in missing if found[1] == wanted), missing[0] if missing else None)
    if chosen is None:
        return PlaceholderError("Undefined value", f"Part of the expression is undefined. {_shown(placeholder.source)}")
    above, part, value = chosen
    if not above:
        detail = f'Nothing is called "{part}".{did_you_mean(part, names)}'
        return PlaceholderError(
            "Undefined value",
            f"{detail} {_shown(placeholder.source)}",
            hint=f"Known here: {listing(names)}. Values of your own are written values.{part}.",
        )
    if not isinstance(value, Mapping):
        detail = f'{path_text(above)} is {noun(value)}; it has no "{part}".'
        return PlaceholderError("Undefined value", f"{detail} {_shown(placeholder.source)}")
    detail = f'{path_text(above)} has no "{part}".{did_you_mean(part, value)}'
    hint = ""
    if above[0] == "values":
        hint = f"Set {path_text((*above[1:], part))} under `values:` of the project or environment file, or with --set."
    return PlaceholderError("Undefined value", f"{detail} {_shown(placeholder.source)}", hint=hint)


def _missing(path: Path, names: Names) -> tuple[Path, str, Value] | None:
    """Where `path` ends: the path above, the part that is not there, and what stands above it."""
    value: Value = names
    for end, part in enumerate(path):
        here = isinstance(value, Mapping) and part in value
        if not here and not (isinstance(value, tuple | str) and isinstance(part, int) and part < len(value)):
            return path[:end], str(part), value
        value = value[part]
    return None


def _shown(source: str) -> str:
    text = " ".join(source.split())
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 3] + "..."
    return f"In <% {text.removesuffix('%>').strip()} %>."


def _opened(text: str) -> str:
    """Like `_shown`, of a placeholder without an end: none is made up for it."""
    shown = " ".join(text.split())
    return f"It starts `{shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 3] + '...'}`."


def sentence(text: str) -> str:
    """An exception's words as a sentence."""
    text = text[:300].rstrip(".")
    for theirs, ours in _WORDING.items():
        text = text.replace(theirs, ours)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"
