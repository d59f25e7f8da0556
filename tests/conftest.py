"""What holds for every test: no socket leaves this machine, and where it is asked for, no test is skipped."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sampling import EXHAUSTIVE, SEED
from tests.tap import ANSWERS

LAWS = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that is not to this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to connect to {address!r}")
        real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = real  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def _no_settings_of_the_caller() -> Iterator[None]:
    """What a user or a CI job has set changes nothing that a test asserts; a test sets what it needs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "NO_COLOR", *(name for name in os.environ if name.startswith("PORTCTL_VAR_"))):
            patch.delenv(name, raising=False)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """With PORTCTL_NO_SKIPS set, a skipped test is a failed one: a skip must not look like a pass in CI."""
    report = yield
    if report.skipped and os.environ.get("PORTCTL_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and no test may be skipped here: {report.longrepr}"
    return report


def pytest_report_header() -> str:
    return f"samples: PORTCTL_SEED={SEED}" + (", all cases of each" if EXHAUSTIVE else "")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LAWS] = []


@pytest.fixture
def covered(request: pytest.FixtureRequest) -> list[str]:
    """Lines that say what a law's test covered; they are printed at the end of the run."""
    return request.config.stash[LAWS]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = config.stash[LAWS]
    if ANSWERS:
        kinds = ", ".join(f"{number} {kind}" for kind, number in ANSWERS.most_common())
        lines.append(f"answers of Port, against what was sent: {kinds}")
    if lines:
        terminalreporter.section("laws")
        for line in lines:
            terminalreporter.write_line(line)
