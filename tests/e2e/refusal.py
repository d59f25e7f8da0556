"""One refused input: what is wrong with the project, and the whole message that it gets."""

from __future__ import annotations

import contextlib
import pathlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portctl.findings import listing
from portctl.providers.catalogue import catalogue
from portctl.sandbox.core.faults import Fault
from tests.unit.cli.conftest import Ended, Place

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "exit-codes.md"
KINDS = listing(catalogue())
NOTHING_SENT = "Nothing is sent"
SOMETHING_WRITTEN = "Writes are sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`what` is a row of docs/exit-codes.md; `name` tells several inputs of one row apart.

    `files` are written into the project of `place` (None takes one away; `SANDBOX` stands for the sandbox's address),
    `environ` likewise; `before` runs ahead of `arguments`. `said` is all of stderr, `shown` all of stdout; None: not
    looked at.
    """

    what: str
    name: str = ""
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    environ: Mapping[str, str | None] = field(default_factory=dict)
    before: Callable[[Place, contextlib.ExitStack], object] | None = None
    faults: tuple[Fault, ...] = ()
    arguments: tuple[str, ...] = ("plan",)
    said: str = ""
    shown: str | None = ""
    in_file: bool = True
    """Whether the mistake stands in a file of the user, so that the message must give its place."""

    @property
    def title(self) -> str:
        return f"{self.what}, {self.name}" if self.name else self.what


def documented() -> dict[str, tuple[str, int]]:
    """Heading and code of every row of the tables of refusals, by the row's text."""
    found: dict[str, tuple[str, int]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        for what, code in re.findall(r"^\| (.+) \| (\d+) \|$", body, re.MULTILINE):
            assert what not in found, what
            found[what.replace("`", "")] = heading, int(code)
    return found


def write(place: Place, name: str, content: str | bytes | None) -> None:
    path = place.root / name
    if content is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content.replace("SANDBOX", place.sandbox.urls["port"]).encode() if isinstance(content, str) else content
    path.write_bytes(text)


def quiet(*arguments: str) -> Callable[[Place, contextlib.ExitStack], Ended]:
    """A command that has to succeed before the one that is refused."""

    def run(place: Place, _: contextlib.ExitStack) -> Ended:
        ended = place.run(*arguments)
        assert ended.code == 0, ended.out + ended.err
        return ended

    return run
