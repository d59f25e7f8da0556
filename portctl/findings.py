"""Collects what is wrong with the user's files, so that all of it can be said at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from portctl.errors import InvalidInput
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.source import Path, Source, path_text

MAX_FINDINGS = 200
"""Of one rule, or about one manifest's shape."""
MORE = "More of the same"
MORE_DETAIL = f"This and what follows is not listed: {MAX_FINDINGS} findings of one rule are."
MORE_HINT = "Correct those, and check again."
_LONGEST_WORD = 100
_MOST_WORDS = 1000
"""Comparing words takes long: near ones are looked for among so many."""


class Findings:
    """A growing list of diagnostics about one subject; `rule` is the id that they carry unless told otherwise."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._found: list[Diagnostic] = []

    def error(
        self,
        summary: str,
        source: Source,
        *,
        detail: str = "",
        hint: str = "",
        path: Path = (),
        rule: str = "",
    ) -> None:
        self._found.append(
            Diagnostic(
                rule=rule or self._rule,
                severity=Severity.ERROR,
                summary=summary,
                source=source,
                detail=detail,
                hint=hint,
                path=path_text(path) if path else "",
            )
        )

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        self._found.extend(diagnostics)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Everything found, by place; the same finding is kept once."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda diagnostic: diagnostic.sort_key))

    def failure(self) -> InvalidInput:
        """All findings as one error. Only to be called when there are some."""
        found = self.sorted()
        if len(found) == 1:
            only = found[0]
            return InvalidInput(only.summary, only.detail, source=only.source, hint=only.hint, diagnostics=found)
        return InvalidInput(f"{len(found)} errors in {_files(found)}", diagnostics=found)

    def raise_any(self) -> None:
        if self._found:
            raise self.failure()


def _files(found: Sequence[Diagnostic]) -> str:
    names = dict.fromkeys(diagnostic.source.file for diagnostic in found)
    return next(iter(names)) if len(names) == 1 else f"{len(names)} files"


def and_more(first: Diagnostic) -> Diagnostic:
    """In place of `first` and of all that would follow: the same again is of no use, and may take long to find."""
    return replace(first, summary=MORE, detail=MORE_DETAIL, hint=MORE_HINT)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?` with its leading blank, or nothing when no known word is near."""
    if len(word) > _LONGEST_WORD:
        return ""
    candidates = [each for each in known if len(each) <= _LONGEST_WORD]
    if len(candidates) > _MOST_WORDS:  # a near word seldom begins with another letter
        candidates = [each for each in candidates if each[:1].lower() == word[:1].lower()][:_MOST_WORDS]
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f' Did you mean "{by_lower[near[0]]}"?' if near else ""


def listing(words: Iterable[str]) -> str:
    """`a, b and c`, sorted."""
    ordered = sorted(words)
    if len(ordered) < 2:
        return "".join(ordered)
    return f"{', '.join(ordered[:-1])} and {ordered[-1]}"
