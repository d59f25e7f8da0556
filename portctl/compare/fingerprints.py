"""Which secrets must be sent: what cannot be compared is judged by fingerprints, never by showing it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.model.address import Address
from portctl.model.change import Edit, Why
from portctl.model.kind import Kind, matches
from portctl.model.ledger import Entry
from portctl.model.resource import Live
from portctl.model.value import (
    MISSING,
    Attributes,
    Encoded,
    Masked,
    OutputRef,
    Part,
    Pending,
    Sealed,
    get,
    leaves,
    pending,
)
from portctl.source import Path, path_text
from portctl.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What verdicts on secrets stand on. `arriving` tells resources whose outputs this apply will make."""

    vault: Vault
    salt: bytes
    arriving: Callable[[Address], bool]

    def fingerprint(self, text: Pending) -> str | None:
        return fingerprint(self.vault, text, self.salt)

    def rewritten(self, path: Path, text: Pending, entry: Entry | None) -> bool:
        """Whether the manifest says something else around the secrets of `text` than was last sent."""
        recorded = entry.around.get(path) if entry else None
        now = around(self.vault, text, self.salt) if recorded is not None else None
        return now not in (None, recorded)


@dataclass(frozen=True, slots=True)
class SecretVerdict:
    """Edits that send secrets again, and notes on those that could not be judged."""

    edits: tuple[Edit, ...]
    notes: tuple[str, ...]


def secret_edits(
    kind: Kind, sealed: Mapping[Path, Pending], live: Live, entry: Entry | None, judge: Judge, *, rotate: bool
) -> SecretVerdict:
    """Which secrets must be sent (again): a changed fingerprint, a value written by somebody else, or on request.

    A write-only value is judged by what the ledger remembers; one that can be read also by what is there. Without the
    secret, what the manifest says around it is judged.
    """
    found: list[Edit] = []
    notes: list[str] = []
    for path, text in sealed.items():
        mask = Masked(text.label())
        print_ = judge.fingerprint(text)
        recorded = entry.fingerprints.get(path) if entry else None
        if rotate:
            why: Why | None = Why.SECRET
        elif print_ is None and any(judge.arriving(placeholder.address) for placeholder in _outputs(text)):
            why = Why.UNKNOWN
        elif not is_write_only(kind, path):
            why = _why_readable(print_, recorded, _fingerprint_of(get(live.attributes, path), judge))
        elif entry and entry.modified_marker and modified_marker_of(kind, live) != entry.modified_marker:
            why = Why.DRIFT
            notes.append(f"written by somebody else at {modified_marker_of(kind, live)}")
        else:
            why = Why.SECRET if recorded is None or print_ not in (None, recorded) else None
        if why is None and print_ is None and judge.rewritten(path, text, entry):
            why = Why.SECRET
            notes.append(f"secret {text.label()} is not available here: the text around it changed")
        if why is not None:
            found.append(Edit(path, mask, mask, why))
        elif print_ is None:
            notes.append(f"secret {text.label()} is not available here: assumed unchanged")
        elif _is_unseen(kind, path, live):
            notes.append(f"{path_text(path)} cannot be seen: it is taken to be what was last sent")
    return SecretVerdict((*found, *_given_up(kind, sealed, entry)), tuple(notes))


def _is_unseen(kind: Kind, path: Path, live: Live) -> bool:
    """Whether nothing shows what stands at `path`, nor when it was written."""
    there = get(live.attributes, path)
    return (there is MISSING or there is None) and any(matches(pattern, path) for pattern in kind.unseen)


def _why_readable(wanted: str | None, recorded: str | None, there: str | None) -> Why | None:
    """Why a text that can be read must be sent; None too where nothing shows it and the ledger knows the same."""
    if there is None:
        return Why.SECRET if recorded is None or wanted not in (None, recorded) else None
    if there == wanted or (wanted is None and recorded in (None, there)):
        return None
    return Why.SECRET if recorded in (None, there) else Why.DRIFT


def _given_up(kind: Kind, sealed: Mapping[Path, Pending], entry: Entry | None) -> Iterator[Edit]:
    """Write-only values that we sent and that no manifest names any more: nothing shows whether they are there."""
    for path in entry.fingerprints if entry else ():
        if path not in sealed and is_write_only(kind, path):
            yield Edit(path, Masked(""), MISSING, Why.MANIFEST)


def _fingerprint_of(value: object, judge: Judge) -> str | None:
    text = pending((value,)) if isinstance(value, str) else value
    return judge.fingerprint(text) if isinstance(text, Pending) else None


def _outputs(text: Pending) -> Iterator[OutputRef]:
    return (placeholder for placeholder in text.placeholders() if isinstance(placeholder, OutputRef))


def fingerprint(vault: Vault, text: Pending, salt: bytes) -> str | None:
    """The fingerprint of a text with secrets, None while it needs an output or a secret that is not there."""
    if any(_outputs(text)):
        return None
    return vault.fingerprint(text, salt)


def around(vault: Vault, text: Pending, salt: bytes) -> str | None:
    """A hash of `text` without its secrets, "" where it has none; None while it needs an output that is no secret.

    Slow and salted as well: what somebody writes right beside a secret may be a part of one.
    """
    placeholders = tuple(text.placeholders())
    if not placeholders:
        return ""
    if any(not placeholder.secret for placeholder in placeholders if isinstance(placeholder, OutputRef)):
        return None
    return vault.slow_hash(json.dumps(_spelled(text.parts)), salt)


def _spelled(parts: tuple[Part, ...]) -> list[Any]:
    """The text between placeholders, null for each of these; encoded parts with the name of their codec."""
    spelled: list[Any] = []
    for part in parts:
        if isinstance(part, str) and spelled and isinstance(spelled[-1], str):
            spelled[-1] += part
        elif isinstance(part, Encoded):
            spelled.append([part.codec.name, _spelled(part.parts)])
        else:
            spelled.append(part if isinstance(part, str) else None)
    return spelled


def modified_marker_of(kind: Kind, live: Live) -> str:
    """The time at which the service says that the object was last written, as it gives it."""
    value = get(live.attributes, tuple(kind.modified_marker.split("."))) if kind.modified_marker else MISSING
    return value if isinstance(value, str) else ""


def is_write_only(kind: Kind, path: Path) -> bool:
    """Whether the service never gives the value at `path` back."""
    return any(matches(pattern, path) for pattern in kind.write_only)


def sealed_texts(kind: Kind, attributes: Attributes) -> Iterator[tuple[Path, Pending]]:
    """Every text that holds a secret or goes to a field that is secret by its kind."""
    for path, value in leaves(kind.canonical(attributes) if kind.canonical else attributes):
        hidden = any(matches(pattern, path) for pattern in (*kind.sensitive, *kind.write_only))
        if isinstance(value, Sealed) or (isinstance(value, Pending) and hidden):
            yield path, value
        elif hidden and isinstance(value, str) and value:
            yield path, pending((value,))
