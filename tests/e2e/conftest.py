"""The command line from end to end: whole projects, real processes, a served sandbox."""

from __future__ import annotations

import pathlib

import pytest

from tests.unit.cli.conftest import Place, _sandbox, place

__all__ = ["_sandbox", "place", "project"]


@pytest.fixture
def project(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """`place` as the current folder, with the sandbox's credentials in the environment as a real one has them."""
    monkeypatch.chdir(place.root)
    credentials = place.sandbox.credentials["port"]["default"]
    monkeypatch.setenv("PORT_CLIENT_ID", credentials["clientId"])
    monkeypatch.setenv("PORT_CLIENT_SECRET", credentials["clientSecret"])
    assert pathlib.Path.cwd() == place.root.resolve()
    return place
