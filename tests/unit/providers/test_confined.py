"""What ends its process ends a child, and the next question is answered."""

from __future__ import annotations

import pathlib

import pytest

from portctl.providers.confined import Confined
from portctl.providers.gitlab.inputs import Input, misfit

ECHO = """\
import os, sys
for line in sys.stdin:
    if "die" in line:
        os.abort()
    sys.stdout.write(line)
    sys.stdout.flush()
"""


def test_a_child_that_dies_is_followed_by_another(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "echo.py"
    program.write_text(ECHO)
    child = Confined(program)
    try:
        assert [child.ask(each) for each in ("a", "die", ["b", "é\n"], "die", None)] == [
            "a",
            None,
            ["b", "é\n"],
            None,
            None,
        ]
    finally:
        child.end()
    assert child.ask("again") == "again"
    child.end()


@pytest.mark.parametrize(
    ("regex", "value", "why"),
    [
        (r"^v\d+\z", "v1", ""),
        (r"^v\d+\z", "x", r"it has the form ^v\d+\z"),
        (r"(?P<", "x", ""),
        (r"^(a+)+$", "a" * 60 + "b", ""),
        (r"^v\d+\z", "v2", ""),
    ],
)
def test_a_regular_expression_of_an_input_never_takes_for_ever(regex: str, value: str, why: str) -> None:
    declared = Input(name="a", type="string", default=None, has_default=False, options=(), regex=regex)
    assert misfit(declared, value) == why
