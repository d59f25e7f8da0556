"""An office with three services for each test."""

from __future__ import annotations

import pathlib

import pytest

from tests.unit.gate.office import Office


@pytest.fixture
def office(tmp_path: pathlib.Path) -> Office:
    return Office(tmp_path)
