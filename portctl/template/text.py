"""Text templates: files that are written into a repository, with `<% expression %>` and blocks `<%% if x %%>`.

Comments are `<%# #%>`. Line ends and the end of the file are kept as they are. What comes out is committed, so no
secret may go in; an output of another resource may, and is filled when it is known.
"""

from __future__ import annotations

import re
import secrets
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from jinja2 import TemplateError, TemplateSyntaxError, pass_context
from jinja2.runtime import Context

from portctl.findings import Findings
from portctl.model.kind import Kind
from portctl.model.value import Part, Pending, Sealed, Value, pending
from portctl.model.values import Values
from portctl.source import Source
from portctl.template.budget import COMPILING, Budget, LimitMet, spending
from portctl.template.context import RenderContext, functions
from portctl.template.expression import Function, RestrictedEnvironment
from portctl.template.filters import text_of
from portctl.template.placeholder import MAX_PLACEHOLDER, PlaceholderError, limit_met, sentence
from portctl.yaml.document import MAX_DOCUMENT_BYTES

_RETURN = "\x1c"
"""Stands for a carriage return while Jinja works, which would take it away. Blank to its lexer, and no line end."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text that a template gives, `Awaited` when outputs are still to come; for each line, that of the template."""

    text: str | Pending
    lines: tuple[int, ...]


def render_text(
    text: str, file: str, *, values: Values, context: RenderContext, catalogue: Mapping[str, Kind]
) -> str | Pending:
    """As `render_lines`, when only the text matters."""
    return render_lines(text, file, values=values, context=context, catalogue=catalogue).text


def render_lines(
    text: str, file: str, *, values: Values, context: RenderContext, catalogue: Mapping[str, Kind]
) -> Rendered:
    """What a template gives, and where each of its lines comes from. Errors: InvalidInput with the line."""
    findings = Findings("template")
    if _RETURN in text:
        findings.error("Unprintable character", Source(file), detail="U+001C may not stand in a template.")
        raise findings.failure()
    marker = f"\x02{secrets.token_hex(8)}:"
    awaited: list[tuple[Part, ...]] = []

    @pass_context
    def finalize(_: Context, value: Value) -> str:
        if not isinstance(value, Pending):
            return text_of(value)
        awaited.append(value.parts)
        return f"{marker}{len(awaited) - 1}\x02"

    names = {
        **context.providers,
        **_functions(catalogue),
        "values": values.tree,
        "environment": context.environment,
    }
    try:
        with spending(Budget()) as budget:
            environment = RestrictedEnvironment(finalize)
            plain = text.replace("\r", _RETURN)
            template = environment.from_string(_numbered(environment, plain, marker, budget))
            rendered, lines = _unnumbered(_bounded(template.generate(names), marker, budget), marker)
    except TemplateSyntaxError as error:
        findings.error("Broken template", Source(file, error.lineno), detail=sentence(str(error.message)))
        raise findings.failure() from error
    except (PlaceholderError, LimitMet) as error:
        said = limit_met(error) if isinstance(error, LimitMet) else error
        findings.error(said.summary, Source(file, _line(error)), detail=said.detail, hint=said.hint)
        raise findings.failure() from error
    except (RecursionError, MemoryError, SyntaxError) as error:  # of Python, which runs what Jinja makes of it
        detail = "Blocks or brackets are nested too deep, or one expression is too involved."
        findings.error("Template failed", Source(file, _line(error)), detail=detail)
        raise findings.failure() from error
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        findings.error(
            "Template failed", Source(file, _line(error)), detail=sentence(str(error) or type(error).__name__)
        )
        raise findings.failure() from error
    pieces = re.split(f"{marker}([0-9]+)\x02", rendered.replace(_RETURN, "\r"))
    return Rendered(_joined(pieces, awaited), lines)


def _functions(catalogue: Mapping[str, Kind]) -> Mapping[str, Function]:
    output = functions(catalogue)["output"]

    def secret(_: Value) -> NoReturn:
        raise PlaceholderError("Secret in a template", "What a template gives is committed; a secret would be, too.")

    def readable(address: Value, field: Value) -> Value:
        found = output.run(address, field)
        if isinstance(found, Sealed):
            raise PlaceholderError("Secret in a template", f"The output {field} is secret, and would be committed.")
        return found

    return {"secret": Function("secret('NAME')", secret), "output": Function(output.usage, readable)}


def _numbered(environment: RestrictedEnvironment, text: str, marker: str, budget: Budget) -> str:
    """`text` with the number of each line at its start, wherever that is in plain text and not inside `<% %>`."""
    pieces = [f"{marker}L1\x02"]
    end = opened = 0
    line = 1
    for _, token, value in environment.lexer.tokeniter(text, None):
        start = text.index(value, end)
        pieces.append(text[end:start])
        line += text.count("\n", end, start)
        end = start + len(value)
        if token == "data":
            first, *others = value.split("\n")
            pieces.append(first)
            pieces.extend(f"\n{marker}L{number}\x02{part}" for number, part in enumerate(others, line + 1))
            line += value.count("\n")
            continue
        pieces.append(value)
        _charge(budget, line, opens=token in ("variable_begin", "block_begin"))
        if token in ("variable_begin", "block_begin"):
            opened = start
        elif token in ("variable_end", "block_end") and start - opened > MAX_PLACEHOLDER:
            raise TemplateSyntaxError(f"a placeholder or block may have {MAX_PLACEHOLDER:,} characters", line)
        line += value.count("\n")
    return "".join((*pieces, text[end:]))


def _charge(budget: Budget, line: int, *, opens: bool) -> None:
    """A word of an expression will have to be compiled; with `opens` it is the first one."""
    try:
        budget.open_placeholders(opens)
        budget.spend(COMPILING // 2)
    except LimitMet as error:
        error.line = line
        raise


def _unnumbered(rendered: str, marker: str) -> tuple[str, tuple[int, ...]]:
    """The text without the numbers, and for each line the last number seen by its end."""
    number = re.compile(f"{marker}L([0-9]+)\x02")
    lines, last = [], 1
    for line in rendered.split("\n"):
        found = number.findall(line)
        last = int(found[0]) if found else last
        lines.append(last)
        last = int(found[-1]) if found else last
    return number.sub("", rendered), tuple(lines)


def _bounded(pieces: Iterable[str], marker: str, budget: Budget) -> str:
    """The pieces joined, as long as they stay within what a document may have."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece) if marker not in piece else len(re.sub(f"{marker}[^\x02]*\x02", "", piece))
        if length > MAX_DOCUMENT_BYTES:
            budget.make(length)
        kept.append(piece)
    return "".join(kept)


def _line(error: Exception) -> int:
    """The line of the template that raised; Jinja puts it into the traceback."""
    if isinstance(error, LimitMet) and error.line:
        return error.line
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (lines[-1] if lines else None) or 1


def _joined(pieces: list[str], awaited: list[tuple[Part, ...]]) -> str | Pending:
    """`pieces` are texts and, at every second place, the number of what is awaited there."""
    if len(pieces) == 1:
        return pieces[0]
    parts: list[Part] = []
    for index, piece in enumerate(pieces):
        parts.extend(awaited[int(piece)] if index % 2 else (piece,) if piece else ())
    return pending(tuple(parts))
