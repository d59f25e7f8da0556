"""From the bytes of a YAML or JSON file to its documents, with the place of every value.

The composer is our own, over the events of PyYAML's C parser: the C composer crashes the process on deep nesting, and
no ready-made one refuses duplicate keys. Scalars follow JSON: `true`, `false`, `null` and JSON's numbers are what they
look like; `yes`, `0123`, `12:30`, `0o17`, `1_000` and dates stay text. Source: YAML 1.2.2, sections 7 and 10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from portctl.findings import Findings
from portctl.model.value import Value
from portctl.source import Path, Source
from portctl.yaml.document import MAX_FILE_BYTES, Document, Reading
from portctl.yaml.json_reader import read_json
from portctl.yaml.text_input import decode, quoting_hint, refuse_characters

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAGGED = {
    f"{_CORE}int": int,
    f"{_CORE}float": float,
    f"{_CORE}bool": bool,
    f"{_CORE}null": type(None),
}


def compose(content: bytes, file: str) -> tuple[Document, ...]:
    """The documents of a file; empty ones are left out. JSON when the name ends so, else YAML.

    Errors: InvalidInput with every finding (a syntax error ends the search in that file).
    """
    findings = Findings("yaml")
    if len(content) > MAX_FILE_BYTES:
        raise Reading(file, findings).fatal(
            "File too large", Source(file), f"A file may have {MAX_FILE_BYTES:,} bytes."
        )
    text = decode(content, file, findings)
    if file.endswith(".json"):
        documents = read_json(text, file, findings)
    else:
        refuse_characters(text, file, findings)
        documents = tuple(_Composer(text, file, findings).documents())
    findings.raise_any()
    return documents


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A value that aliases may repeat: how many values it holds and how deep it goes."""

    value: Value
    count: int
    height: int


def _mark(mark: yaml.error.Mark | Any) -> yaml.error.Mark | Any:
    """Every event of a parser has its marks; only events made by hand have none."""
    assert mark is not None
    return mark


class _Composer:
    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._file = file
        self._findings = findings
        self._loader = _LOADER(text)
        self._start_document()

    def _start_document(self) -> None:
        self._reading = Reading(self._file, self._findings)
        self._anchors: dict[str, _Anchor] = {}
        self._open: dict[str, Source] = {}

    def documents(self) -> list[Document]:
        found = []
        begin = 0
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            place = self._place(event)
            self._start_document()
            empty = self._is_empty(self._peek())
            value, _ = self._node((), 0)
            end = _mark(self._next().end_mark).index
            self._reading.size(len(self._text[begin:end].encode()), place)
            begin = end
            document = None if empty else self._reading.document(value, place)
            if document is not None:
                found.append(document)
        return found

    def _next(self) -> yaml.Event:
        try:
            return self._loader.get_event()  # type: ignore[no-any-return]
        except yaml.YAMLError as error:
            raise self._broken(error) from error

    def _peek(self) -> yaml.Event:
        try:
            return self._loader.peek_event()  # type: ignore[no-any-return]
        except yaml.YAMLError as error:
            raise self._broken(error) from error

    def _broken(self, error: yaml.YAMLError) -> Exception:
        if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
            return self._reading.fatal("Broken YAML", Source(self._file), str(error).splitlines()[0])
        mark = error.problem_mark
        place = Source(self._file, mark.line + 1, mark.column + 1)
        if self._text[mark.index : mark.index + 1] == "\t":
            return self._reading.fatal(
                "Tab in YAML", place, "YAML may not be indented with tabs.", "Indent with spaces."
            )
        detail = (error.problem or "cannot be parsed").capitalize()
        detail += f" ({error.context})." if error.context else "."
        first = (error.context_mark or mark).line
        if error.context_mark is not None and first != mark.line:
            detail += f" It begins at {self._file}:{first + 1}:{error.context_mark.column + 1}."
        return self._reading.fatal("Broken YAML", place, detail, quoting_hint(self._lines, first, mark.line))

    def _place(self, event: yaml.Event) -> Source:
        mark = _mark(event.start_mark)
        return Source(self._file, mark.line + 1, mark.column + 1)

    def _is_empty(self, event: yaml.Event) -> bool:
        return isinstance(event, yaml.ScalarEvent) and event.value == "" and event.implicit[0] and not event.anchor

    def _node(self, path: Path, depth: int) -> tuple[Value, int]:
        """The next value and its height: 0 for a scalar, 1 for a flat list."""
        event = self._next()
        place = self._place(event)
        if path not in self._reading.places:
            self._reading.places[path] = place
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, depth)
        before = self._reading.values
        self._reading.count(1, place)
        anchor: str | None = event.anchor  # type: ignore[attr-defined]
        if anchor:
            self._open[anchor] = place
        value: Value
        if isinstance(event, yaml.ScalarEvent):
            value, height = self._scalar(event, place), 0
        else:
            self._reading.deepen(depth + 1, place)
            self._check_tag(event, "map" if isinstance(event, yaml.MappingStartEvent) else "seq", place)
            read = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
            value, height = read(path, depth + 1)
        if anchor:
            self._open.pop(anchor, None)
            self._anchors[anchor] = _Anchor(value, self._reading.values - before, height)
        return value, height

    def _alias(self, event: yaml.AliasEvent, place: Source, depth: int) -> tuple[Value, int]:
        name = str(event.anchor)
        if name in self._open:
            raise self._reading.fatal(
                "Recursive alias",
                place,
                f"*{name} stands inside &{name} ({self._open[name]}): it has no end.",
                "Write out what is meant there.",
            )
        anchor = self._anchors.get(name)
        if anchor is None:
            raise self._reading.fatal("Unknown alias", place, f"No &{name} comes before *{name} in this document.")
        self._reading.count(anchor.count, place)
        self._reading.deepen(depth + anchor.height, place)
        return anchor.value, anchor.height

    def _sequence(self, path: Path, depth: int) -> tuple[Value, int]:
        items: list[Value] = []
        tallest = 0
        while not isinstance(self._peek(), yaml.SequenceEndEvent):
            value, height = self._node((*path, len(items)), depth)
            items.append(value)
            tallest = max(tallest, height)
        self._next()
        return tuple(items), tallest + 1

    def _mapping(self, path: Path, depth: int) -> tuple[Value, int]:
        entries: dict[str, Value] = {}
        tallest = 0
        while not isinstance(self._peek(), yaml.MappingEndEvent):
            key, below = self._key(path, depth)
            value, height = self._node(below, depth)
            entries.setdefault(key, value)
            tallest = max(tallest, height)
        self._next()
        return entries, tallest + 1

    def _key(self, path: Path, depth: int) -> tuple[str, Path]:
        """The next key, and the path to read its value under."""
        event = self._peek()
        place = self._place(event)
        aside = self._reading.aside(path)
        if not isinstance(event, yaml.ScalarEvent):
            self._findings.error(
                "Key is not text",
                place,
                detail="A key must be text, not an alias, a list or a mapping.",
                hint=quoting_hint(self._lines, place.line - 1, place.line - 1),
            )
            self._node(aside, depth)
            return "", self._reading.aside(path)
        self._next()
        plain = event.implicit[0] and event.tag is None
        if event.tag not in (None, "!", f"{_CORE}str"):
            self._check_tag(event, "str", place)
        elif plain and event.value == "":
            self._findings.error("Key is missing", place, detail="Nothing stands before the colon.")
        elif plain and event.value == "<<":
            self._findings.error(
                "Merge key", place, detail="`<<` is not supported.", hint="Write the keys out where they are needed."
            )
        else:
            return event.value, self._reading.enter_key((*path, event.value), place)
        return event.value, aside

    def _check_tag(self, event: yaml.Event, expected: str, place: Source) -> None:
        tag: str | None = event.tag  # type: ignore[attr-defined]
        if tag not in (None, "!", _CORE + expected):
            self._refuse_tag(tag or "", place)

    def _refuse_tag(self, tag: str, place: Source) -> None:
        shown = tag.replace(_CORE, "!!")
        self._findings.error(
            "Unsupported tag",
            place,
            detail=f"{shown} is not accepted here; known are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq.",
            hint="Leave the tag out; quote what is meant as text.",
        )

    def _scalar(self, event: yaml.ScalarEvent, place: Source) -> Value:
        text: str = event.value
        if event.tag is None:
            return self._plain(text, place) if event.implicit[0] else text
        if event.tag in ("!", f"{_CORE}str"):
            return text
        tag: str = event.tag
        value = self._plain(text, place)
        if tag == f"{_CORE}float" and type(value) is int:
            return float(value)
        if type(value) is not _TAGGED.get(tag):
            self._refuse_tag(tag, place)
        return value

    def _plain(self, text: str, place: Source) -> Value:
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            return self._reading.number(text, place)
        if _NOT_FINITE.fullmatch(text):
            self._findings.error(
                "Not a number of JSON", place, detail=f"{text} has no form in JSON.", hint="Quote it if it is text."
            )
        return text
