"""Reads a mapping whose keys are a closed list, and says what does not belong or has the wrong type."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from portctl.findings import Findings, did_you_mean, listing
from portctl.model.value import MISSING, Value, get, leaves
from portctl.source import Path
from portctl.template.filters import noun
from portctl.template.placeholder import has_placeholder
from portctl.yaml.document import Document

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Section:
    """The mapping at `path` of a document. Readers return the default where nothing, or nothing right, stands."""

    document: Document
    findings: Findings
    path: Path = ()

    @property
    def value(self) -> Mapping[str, Value]:
        found = get(self.document.value, self.path)
        return found if isinstance(found, Mapping) else {}

    def close(self, known: Collection[str], what: str) -> None:
        """Refuse every key but `known`; `what` says whose keys they are."""
        for key in self.value:
            if key not in known:
                detail = f'{what} has no "{key}".{did_you_mean(key, known)}'
                self.complain_key(key, "Unknown key", detail, f"Known keys: {listing(known)}.")

    def complain_key(self, key: str, summary: str, detail: str, hint: str = "") -> None:
        path = (*self.path, key)
        self.findings.error(summary, self.document.key_at(path), detail=detail, hint=hint, path=path)

    def complain(self, path: Path, summary: str, detail: str, hint: str = "") -> None:
        """A finding about the value at `path` under this section."""
        full = (*self.path, *path)
        self.findings.error(summary, self.document.sources.at(full), detail=detail, hint=hint, path=full)

    def wrong(self, path: Path, value: Value, expected: str) -> None:
        self.complain(path, "Wrong type", f"{expected} is expected here, not {noun(value)}.")

    def text(self, key: str, default: str = "") -> str:
        value = self.value.get(key, MISSING)
        if value is MISSING:
            return default
        if not isinstance(value, str) or not value:
            self.wrong((key,), value, "Text that is not empty")
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.value.get(key, default)
        if not isinstance(value, bool):
            self.wrong((key,), value, "true or false")
            return default
        return value

    def number(self, key: str, default: float) -> float:
        value = self.value.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            if isinstance(value, int | float) and not isinstance(value, bool):
                self.complain((key,), "Out of bounds", f"{key} cannot be negative; this is {value}.")
            else:
                self.wrong((key,), value, "A number that is not negative")
            return default
        return value

    def choice(self, key: str, choices: type[Choice]) -> Choice | None:
        value = self.value.get(key, MISSING)
        if value is MISSING:
            return None
        names = [choice.value for choice in choices]
        if isinstance(value, str) and value in names:
            return choices(value)
        near = did_you_mean(value, names) if isinstance(value, str) else ""
        self.complain((key,), "Value not accepted", f"{key} is one of {listing(names)}.{near}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.value.get(key, ())
        if not isinstance(value, tuple):
            self.wrong((key,), value, "A list of texts")
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str) or not item:
                self.wrong((key, index), item, "Text that is not empty")
        return tuple(item for item in value if isinstance(item, str) and item)

    def section(self, key: str) -> Section:
        """The mapping under `key`; an empty one when it is absent."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.wrong((key,), value, "A mapping")
        return Section(self.document, self.findings, (*self.path, key))

    def refuse_placeholders(self, why: str) -> None:
        """Complain about every text below that holds a placeholder."""
        for path, leaf in leaves(self.value):
            if isinstance(leaf, str) and has_placeholder(leaf):
                self.complain(path, "Placeholder not accepted", why)

    def sections(self, key: str) -> Iterator[tuple[int, Mapping[str, Value]]]:
        """The mappings of the list under `key`, with their indexes."""
        value = self.value.get(key, ())
        if not isinstance(value, tuple):
            self.wrong((key,), value, "A list of mappings")
            return
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield index, item
            else:
                self.wrong((key, index), item, "A mapping")
