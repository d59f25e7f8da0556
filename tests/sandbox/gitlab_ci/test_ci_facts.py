"""docs/sandbox-ci.md says what is emulated; here it is held to its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portctl.sandbox.gitlab.ci.keywords import GLOBAL_SHAPES, JOB_SHAPES
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.ci.switches import SWITCHES
from tests.sandbox.facts import documented, marked, shown

FOLDER = Path(__file__).parent
DOCUMENT = (FOLDER.parents[2] / "docs" / "sandbox-ci.md").read_text(encoding="utf-8")
FACTS = documented(DOCUMENT, "ci-", "gitlab")
KEYWORD = re.compile(r"^\| `(\S+)` \| (emulated|noted|refused) \| .+ \|$", re.MULTILINE)
FOLLOWED = {"extends", "!reference"}


def test_every_fact_names_exactly_the_tests_that_show_it() -> None:
    assert shown(FACTS) == marked(FOLDER)


def test_facts_are_numbered_without_gaps() -> None:
    assert list(FACTS) == [f"ci-{number}" for number in range(1, len(FACTS) + 1)]


def test_every_keyword_is_documented_as_it_is() -> None:
    said = dict(KEYWORD.findall(DOCUMENT))
    assert set(said) == {*JOB_SHAPES, *GLOBAL_SHAPES, *FOLLOWED}
    for name, support in said.items():
        shapes = [table[name] for table in (JOB_SHAPES, GLOBAL_SHAPES) if name in table]
        for shape in shapes if support == "refused" else ():
            with pytest.raises(NotEmulated, match=f"the CI keyword {name}"):
                shape({})
        for shape in shapes if support != "refused" else ():
            shape(object())


def test_every_switch_is_documented_as_it_is_and_moved_by_a_test() -> None:
    rows = [f"| `{each.name}` | {each.strict} | {each.lenient} | {each.default} |" for each in SWITCHES]
    assert [row for row in rows if row not in DOCUMENT] == []
    sources = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [each.name for each in SWITCHES if f'switches.set({{"{each.name}":' not in sources] == []
