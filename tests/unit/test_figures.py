"""The pages' figures come from tests, and samples are repeatable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import sampling
from tests.figures import record

PAGE = "# Page\n\n<!-- figures: kills -->\nold\n<!-- end -->\n\n<!-- figures: other -->\nkept\n<!-- end -->\n"


def test_a_block_is_replaced_only_where_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.delenv("PORTCTL_FIGURES", raising=False)
    table = record("kills", {"kills": 12_345, "worst time, seconds": 1.25}, page)
    assert table == "| measured | figure |\n|---|---|\n| kills | 12,345 |\n| worst time, seconds | 1.2 |\n"
    assert page.read_text() == PAGE
    monkeypatch.setenv("PORTCTL_FIGURES", "1")
    record("kills", {"kills": 12_345, "worst time, seconds": 1.25}, page)
    assert page.read_text() == PAGE.replace("old\n", table)


def test_a_later_part_of_a_measurement_adds_to_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    monkeypatch.setenv("PORTCTL_FIGURES", "1")
    record("kills", {"all": 5_000, "kills": 1_200}, page)
    record("kills", {"all": 5_000, "kills": 900, "new": 1}, page, added=("kills", "new"))
    rows = "| measured | figure |\n|---|---|\n| all | 5,000 |\n| kills | 2,100 |\n| new | 1 |\n"
    assert page.read_text() == PAGE.replace("old\n", rows)


def test_figures_without_a_block_are_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(AssertionError, match="no block for the figures 'nope'"):
        record("nope", {}, page)


def test_a_sample_keeps_its_order_and_is_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "EXHAUSTIVE", False)
    monkeypatch.setattr(sampling, "SEED", 7)
    sample = sampling.chosen("kills", range(1000), 20)
    assert len(sample) == 20
    assert list(sample) == sorted(sample) == list(sampling.chosen("kills", range(1000), 20))
    assert list(sample) != list(sampling.chosen("faults", range(1000), 20))
    monkeypatch.setattr(sampling, "SEED", 8)
    assert list(sample) != list(sampling.chosen("kills", range(1000), 20))
    monkeypatch.setattr(sampling, "EXHAUSTIVE", True)
    assert len(sampling.chosen("kills", range(1000), 20)) == 1000
