"""Everything that is refused: the whole message, the exit code that the docs promise, and what was sent."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

import pytest

from portctl.providers.port.api import SAFE_POSTS
from tests.e2e import (
    refused_by_services,
    refused_files,
    refused_manifests,
    refused_plans,
    refused_settings,
    refused_values,
)
from tests.e2e.refusal import NOTHING_SENT, SOMETHING_WRITTEN, Refusal, documented, write
from tests.unit.cli.conftest import Place
from tests.waiting import PATIENCE_SECONDS

MODULES = (refused_files, refused_manifests, refused_values, refused_settings, refused_plans, refused_by_services)
TABLE = tuple(refusal for module in MODULES for refusal in module.REFUSED)
PLACED = re.compile(r"^  [\w./-]+:[1-9][0-9]*:[1-9][0-9]*(  |$)", re.MULTILINE)
CHANGING = (
    (r"\(process \d+\)", "(process N)"),
    (r"\(\d+\.\d s\)", "(N s)"),
    (r"/\S*/test_\w+", "ROOT"),
)


def test_the_docs_and_the_table_have_the_same_rows() -> None:
    assert {refusal.what for refusal in TABLE} == set(documented())
    assert len({refusal.title for refusal in TABLE}) == len(TABLE)


@pytest.mark.parametrize("refusal", TABLE, ids=lambda refusal: refusal.title)
def test_a_refusal_says_all_and_ends_and_sends_as_documented(
    refusal: Refusal, project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    heading, code = documented()[refusal.what]
    with contextlib.ExitStack() as stack:
        prepare(refusal, project, monkeypatch, stack)
        since = len(project.sandbox.journal.exchanges())
        ended = project.run(*refusal.arguments)
    said, shown = constant(ended.err), constant(ended.out)
    assert said == refusal.said
    assert refusal.shown is None or shown == refusal.shown
    assert ended.code == code
    assert (PLACED.search(said) is not None) is refusal.in_file
    assert "sup3rs3cret" not in said + shown
    reads, writes = sent(project, since)
    assert (heading == SOMETHING_WRITTEN) is bool(writes)
    assert heading != NOTHING_SENT or reads == []


def prepare(refusal: Refusal, place: Place, monkeypatch: pytest.MonkeyPatch, stack: contextlib.ExitStack) -> None:
    for name, value in refusal.environ.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    for file, content in refusal.files.items():
        write(place, file, content)
    if refusal.before is not None:
        refusal.before(place, stack)
    for fault in refusal.faults:
        place.fail(fault)


def constant(text: str) -> str:
    """`text` with what differs from run to run taken out."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text


def sent(place: Place, since: int) -> tuple[list[str], list[str]]:
    """What reached the sandbox: reads, and anything else."""
    safe = [re.compile(path.replace("*", "[^/]+")) for path in SAFE_POSTS]
    reads: list[str] = []
    writes: list[str] = []
    for exchange in place.sandbox.journal.exchanges(since=since):
        posted_to_read = exchange.method == "POST" and any(path.fullmatch(exchange.path) for path in safe)
        kind = reads if exchange.method == "GET" or posted_to_read else writes
        kind.append(f"{exchange.method} {exchange.path}")
    return reads, writes


REAL_PROCESSES = (
    ("nesting deeper than 100", ""),
    ("template syntax", ""),
    ("unknown command, option, or a value of the wrong form", ""),
    ("an empty set of manifests", ""),
)


@pytest.mark.parametrize(("what", "name"), REAL_PROCESSES)
def test_the_program_says_the_same_as_the_function(
    what: str, name: str, project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = next(refusal for refusal in TABLE if (refusal.what, refusal.name) == (what, name))
    with contextlib.ExitStack() as stack:
        prepare(refusal, project, monkeypatch, stack)
        done = subprocess.run(
            [sys.executable, "-m", "portctl", *refusal.arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert (done.returncode, done.stderr) == (documented()[what][1], refusal.said)
    assert done.stdout.replace(project.sandbox.urls["port"], "URL") == (refusal.shown or "")


def test_nothing_of_the_table_is_a_traceback_or_a_bug() -> None:
    told = [f"{refusal.said}{refusal.shown or ''}" for refusal in TABLE]
    assert all(told)
    assert [text for text in told if "Traceback" in text or "bug in portctl" in text] == []
