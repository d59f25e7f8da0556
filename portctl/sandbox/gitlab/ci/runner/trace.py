"""A job's log: written as it comes, secrets replaced, and cut at GitLab's limit.

Source: GitLab docs, "Mask a CI/CD variable", and the runner's own masking of GitLab tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

LIMIT_BYTES = 4 * 1024 * 1024
MASK = b"[MASKED]"
_TOKEN = re.compile(
    rb"\b(glpat-|gloas-|gldt-|glrt-|glrtr-|glcbt-|glptt-|glft-|glimt-|glagent-|glsoat-|glffct-)[0-9A-Za-z_.=-]+"
)
_TOKEN_BEGUN = re.compile(rb"\bg(?:l(?:[a-z]{1,6}(?:-[0-9A-Za-z_.=-]*)?)?)?\Z")
_LONGEST_TOKEN = 512
_FULL = b"\nJob's log exceeded limit of %d bytes.\nJob execution will continue but no more output will be collected.\n"


class Trace:
    """Open until `close`. `secrets`: the values of masked variables."""

    def __init__(self, path: Path, secrets: Iterable[str], limit_bytes: int = LIMIT_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._secrets = sorted({secret.encode() for secret in secrets if secret}, key=len, reverse=True)
        self._held = b""
        self._left = limit_bytes
        self._limit = limit_bytes

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def line(self, text: str) -> None:
        self.write(f"{text}\n".encode())

    def write(self, chunk: bytes) -> None:
        """Append; what may be the beginning of a secret is held back until more is known."""
        text = self._held + chunk
        held = self._begun(text)
        self._held = text[len(text) - held :]
        self._append(self._masked(text[: len(text) - held]))

    def close(self) -> None:
        self._append(self._masked(self._held))
        self._held = b""
        self._file.close()

    def _masked(self, text: bytes) -> bytes:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return _TOKEN.sub(rb"\1" + MASK, text)

    def _begun(self, text: bytes) -> int:
        """How many bytes at the end may belong to a secret that is not there as a whole."""
        token = _TOKEN_BEGUN.search(text[-_LONGEST_TOKEN:])
        longest = len(token[0]) if token is not None and len(token[0]) < _LONGEST_TOKEN else 0
        for secret in self._secrets:
            for length in range(min(len(secret) - 1, len(text)), longest, -1):
                if secret.startswith(text[-length:]):
                    longest = length
                    break
        return longest

    def _append(self, text: bytes) -> None:
        if self._left <= 0 or not text:
            return
        self._file.write(text[: self._left])
        self._left -= len(text)
        if self._left <= 0:
            self._file.write(_FULL % self._limit)
