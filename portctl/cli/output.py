"""The only place that writes. stdout is the product, stderr the log; both pass through the scrubber."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

import click

_scrub: Callable[[str], str] = str


def scrub_with(scrub: Callable[[str], str]) -> None:
    """Pass everything written from now on through `scrub`: the last net under secrets, set by whoever holds them."""
    global _scrub
    _scrub = scrub


def scrubbed(text: str) -> str:
    return _scrub(text)


def write(text: str) -> None:
    """Text to stdout, ready to be read. Colours in it are kept: the session decided on them."""
    click.echo(scrubbed(text), color=True)


def write_json(document: Any) -> None:
    """A document to stdout. Where it has to be scrubbed, that is done before it is encoded, so that it stays JSON."""
    from portctl.scrubbing.documents import scrub_document
    from portctl.views.json import json_text

    text = json_text(document)
    click.echo(text if scrubbed(text) == text else json_text(scrub_document(document, _scrub)), color=True)


def log(text: str) -> None:
    """A line to stderr. A reader that went away must not stop a run that is writing to a service."""
    with contextlib.suppress(OSError):
        click.echo(scrubbed(text), err=True, color=True)


def write_live(text: str) -> None:
    """Replace the last line on the terminal behind stderr; the cursor stays in it."""
    with contextlib.suppress(OSError):
        click.echo(f"\r\x1b[2K{scrubbed(text)}", err=True, color=True, nl=False)


def silence_libraries() -> None:
    """Keep what libraries log from stderr, where Python prints it if nobody else takes it."""
    root = logging.getLogger()
    if _nowhere not in root.handlers:
        root.addHandler(_nowhere)


def log_requests(*, on: bool) -> None:
    """Whether the program's log, one line per request, goes to stderr."""
    logger = logging.getLogger("portctl")
    logger.removeHandler(_handler)
    logger.setLevel(logging.DEBUG if on else logging.NOTSET)
    if on:
        logger.addHandler(_handler)


class _ScrubbedLog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log(f"{record.levelname.lower()}: {record.getMessage()}")


_handler = _ScrubbedLog()
_nowhere = logging.NullHandler()
