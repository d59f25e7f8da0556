"""A document with the place of every value, and the bookkeeping that the YAML and the JSON reader share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from portctl.errors import InvalidInput
from portctl.findings import Findings
from portctl.model.value import Value
from portctl.source import Path, Source, SourceMap

MAX_DEPTH = 100
MAX_VALUES = 100_000
MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_FILE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value (frozen, always a mapping) and where everything in it stood."""

    value: Mapping[str, Value]
    sources: SourceMap
    keys: Mapping[Path, Source] = field(default_factory=dict)
    """The place of the key, where `sources` has the place of what it stands for."""

    def key_at(self, path: Path) -> Source:
        return self.keys.get(path) or self.sources.at(path)


class Reading:
    """What is known of a document while it is read: places, keys, and how much of the limits is used."""

    def __init__(self, file: str, findings: Findings) -> None:
        self.file = file
        self.findings = findings
        self.places: dict[Path, Source] = {}
        self.keys: dict[Path, Source] = {}
        self.values = 0

    def count(self, number: int, place: Source) -> None:
        self.values += number
        if self.values > MAX_VALUES:
            raise self.fatal(
                "Document too large",
                place,
                f"More than {MAX_VALUES:,} values once aliases are written out.",
                "Split it into several documents.",
            )

    def deepen(self, depth: int, place: Source) -> None:
        if depth > MAX_DEPTH:
            raise self.fatal(
                "Nesting too deep",
                place,
                f"Mappings and lists may be nested {MAX_DEPTH} deep.",
                "Make it flatter, or write the inner part as text.",
            )

    def enter_key(self, path: Path, place: Source) -> Path:
        """Note a key and give the path to read its value under: one of its own when the key is there already."""
        first = self.keys.get(path)
        if first is None:
            self.keys[path] = place
            return path
        self.findings.error(
            "Duplicate key",
            place,
            detail=f'"{path[-1]}" is here and at {first}.',
            hint="Remove one of them: only one would be used.",
            path=path,
        )
        return self.aside(path)

    def aside(self, path: Path) -> Path:
        """A path that no value of the document has, for what is read only to go on."""
        return (*path, -self.values - 1)

    def number(self, text: str, place: Source) -> int | float:
        """What JSON's number `text` says; a finding and 0 when no JSON reader could hold it."""
        if not math.isfinite(float(text)):
            self.findings.error(
                "Number out of range",
                place,
                detail=f"{text[:40]} does not fit a number of JSON.",
                hint="Quote it if it is meant as text.",
            )
            return 0
        return float(text) if any(character in ".eE" for character in text) else int(text)

    def size(self, count: int, place: Source) -> None:
        if count > MAX_DOCUMENT_BYTES:
            raise self.fatal(
                "Document too large",
                place,
                f"A document may have {MAX_DOCUMENT_BYTES:,} bytes; this one has {count:,}.",
                "Split it into several documents.",
            )

    def fatal(self, summary: str, place: Source, detail: str = "", hint: str = "") -> InvalidInput:
        self.findings.error(summary, place, detail=detail, hint=hint)
        return self.findings.failure()

    def document(self, value: Value, place: Source) -> Document | None:
        """The finished document; None and a finding when it is not a mapping."""
        if not isinstance(value, Mapping):
            what = "a list" if isinstance(value, tuple) else "a single value"
            self.findings.error(
                "Not a mapping",
                self.places.get((), place),
                detail=f"The document is {what}; it must be a mapping of keys to values.",
                hint="Several documents in one file are separated by a line `---`.",
            )
            return None
        return Document(value, SourceMap(place, self.places), self.keys)
