"""Figures in docs/reliability.md, written by the tests that measure them.

The page has one block per measurement, between `<!-- figures: NAME -->` and `<!-- end -->`. A run with
`PORTCTL_FIGURES=1` replaces the block of each test that it runs; every run checks that the page has the block.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"


def record(name: str, figures: Mapping[str, object], page: Path = PAGE, *, added: Collection[str] = ()) -> str:
    """The block that `figures` make, a table of two columns; in the page, too, where that is asked for.

    Those of the names in `added` count what is in the page already, too: an earlier part of the same measurement.
    """
    block = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n)(.*?)(<!-- end -->)", re.DOTALL)
    text = page.read_text(encoding="utf-8")
    there = block.search(text)
    assert there, f"{page.name} has no block for the figures {name!r}"
    before = dict(re.findall(r"^\| (.+) \| ([\d,]+) \|$", there[2], re.MULTILINE))
    sums = {what: _sum(before.get(what, "0"), figures[what]) for what in figures if what in added}
    rows = "".join(f"| {what} | {_text(sums.get(what, value))} |\n" for what, value in figures.items())
    table = f"| measured | figure |\n|---|---|\n{rows}"
    if os.environ.get("PORTCTL_FIGURES"):
        page.write_text(block.sub(lambda found: found[1] + table + found[3], text), encoding="utf-8")
    return table


def _sum(before: str, value: object) -> int:
    assert isinstance(value, int)
    return int(before.replace(",", "")) + value


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
