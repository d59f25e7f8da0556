"""Files of the project that manifests name as `template:` or `source:`, turned into the text that they give.

A kind says where such a mapping may stand (`Kind.texts`); the text takes the place of the file's name as `content`.
What is found in a text later carries a path below `content` whose next part is a line, counted from 1: the places of
the resource lead from there to the line of the file.
"""

from __future__ import annotations

import pathlib
import posixpath
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from portctl.disk import is_within, read_text
from portctl.errors import InvalidInput
from portctl.findings import Findings
from portctl.model.diagnostic import Diagnostic
from portctl.model.kind import Kind, matches
from portctl.model.resource import Resource
from portctl.model.value import Value
from portctl.model.values import Values
from portctl.source import Path, Source, SourceMap
from portctl.template.context import RenderContext
from portctl.template.text import Rendered, render_lines
from portctl.yaml.document import MAX_DOCUMENT_BYTES

CONTENT = "content"
_TEMPLATE = "template"
_SOURCE = "source"


def fill_texts(
    resources: Sequence[Resource],
    *,
    root: pathlib.Path,
    values: Values,
    context: RenderContext,
    catalogue: Mapping[str, Kind],
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """`resources` with every named file as text, and what is wrong with those files. `root` is the project's folder."""
    findings = Findings("file")

    def rendered(text: str, file: str) -> Rendered:
        return render_lines(text, file, values=values, context=context, catalogue=catalogue)

    filled = tuple(
        _Filler(resource, root, rendered, findings).resource() if resource.kind.texts else resource
        for resource in resources
    )
    return filled, findings.sorted()


class _Filler:
    """Fills one resource."""

    def __init__(
        self,
        resource: Resource,
        root: pathlib.Path,
        rendered: Callable[[str, str], Rendered],
        findings: Findings,
    ) -> None:
        self._resource = resource
        self._root = root
        self._rendered = rendered
        self._findings = findings
        self._places: dict[Path, Source] = {}

    def resource(self) -> Resource:
        attributes = self._value(self._resource.attributes, ())
        sources = SourceMap(self._resource.sources.document, {**self._resource.sources.places, **self._places})
        return replace(self._resource, attributes=attributes, sources=sources)

    def _value(self, value: Value, path: Path) -> Value:
        if not isinstance(value, Mapping):
            return value
        if any(matches(pattern, path) for pattern in self._resource.kind.texts):
            return self._file(value, path)
        return {key: self._value(item, (*path, key)) for key, item in value.items()}

    def _file(self, value: Mapping[str, Value], path: Path) -> Value:
        named = [key for key in (_TEMPLATE, _SOURCE) if key in value]
        if not named and CONTENT not in value:
            self._complain(path, "No content", f"It has one of {_TEMPLATE}, {_SOURCE} and {CONTENT}.")
            return {**value, CONTENT: ""}
        if not named:
            return value
        if len(named) + (CONTENT in value) > 1:
            detail = f"It has one of {_TEMPLATE}, {_SOURCE} and {CONTENT}, not several."
            self._complain((*path, named[-1]), "Several contents", detail)
            return {key: item for key, item in value.items() if key not in (_TEMPLATE, _SOURCE)} | {CONTENT: ""}
        text = self._text(value[named[0]], (*path, named[0]), is_template=named[0] == _TEMPLATE)
        return {**{key: item for key, item in value.items() if key != named[0]}, CONTENT: text}

    def _text(self, name: Value, path: Path, *, is_template: bool) -> Value:
        """The text of a file. Where it cannot be had, that is said, and the text is empty."""
        file = self._found(name, path)
        if file is None:
            return ""
        try:
            text = read_text(self._root / file)
        except OSError as error:
            self._complain(path, "File cannot be read", f"{file}: {error.strerror}.")
            return ""
        except UnicodeDecodeError as error:
            detail = f"The byte at offset {error.start} is not UTF-8; only text can be managed."
            self._findings.error("Not text", Source(file), detail=detail)
            return ""
        content = (*self._resource.body_at, *path[:-1], CONTENT)
        self._places[content] = Source(file)
        if not is_template:
            self._number(content, file, range(1, text.count("\n") + 2))
            return text
        try:
            rendered = self._rendered(text, file)
        except InvalidInput as error:
            self._findings.add(error.diagnostics)
            return ""
        self._number(content, file, rendered.lines)
        return rendered.text

    def _number(self, content: Path, file: str, lines: Sequence[int]) -> None:
        self._places.update({(*content, number): Source(file, line) for number, line in enumerate(lines, 1)})

    def _found(self, name: Value, path: Path) -> str | None:
        """The file, relative to the project; None where it may not be used."""
        if not isinstance(name, str) or not name or "\0" in name:
            self._complain(path, "Not a file name", "The name of a file, relative to this manifest, is text.")
            return None
        manifest = self._resource.sources.document.file
        file = posixpath.normpath(posixpath.join(posixpath.dirname(manifest), name))
        place = self._root / file
        if file.startswith(("../", "/")) or not is_within(place, self._root):
            self._complain(path, "Outside the project", f"{name} leads out of the project.", "Copy the file into it.")
            return None
        size = _size(place)
        if size is None:
            self._complain(path, "No such file", f"There is no file {file}.", "Names are relative to the manifest.")
            return None
        if size > MAX_DOCUMENT_BYTES:
            self._complain(path, "File too large", f"{file} has more than {MAX_DOCUMENT_BYTES:,} bytes.")
            return None
        return file

    def _complain(self, path: Path, summary: str, detail: str, hint: str = "") -> None:
        full = (*self._resource.body_at, *path)
        self._findings.error(summary, self._resource.sources.at(full), detail=detail, hint=hint, path=full)


def _size(place: pathlib.Path) -> int | None:
    """The size of a file, None where there is none: it may vanish while the others are read."""
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
