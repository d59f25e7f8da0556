"""One seeded source of every identifier, key and secret that the sandbox invents."""

from __future__ import annotations

import hashlib
import string

_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A numbered stream: equal seeds give equal identifiers, and a restart goes on where the stream stood."""

    def __init__(self, seed: int, drawn: int = 0) -> None:
        self.seed = seed
        self.drawn = drawn

    def reset(self) -> None:
        self.drawn = 0

    def token(self, length: int) -> str:
        self.drawn += 1
        return derive(f"{self.seed}:{self.drawn}", length)

    def prefixed(self, prefix: str, length: int = 16) -> str:
        return f"{prefix}_{self.token(length)}"


def derive(text: str, length: int) -> str:
    """Letters and digits that depend on `text` alone."""
    letters: list[str] = []
    block = 0
    while len(letters) < length:
        digest = hashlib.sha256(f"{text}:{block}".encode()).digest()
        letters.extend(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)
        block += 1
    return "".join(letters[:length])
