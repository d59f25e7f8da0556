"""Commands that need neither a project nor a service."""

from __future__ import annotations

import json
import pathlib
import platform

import pytest

from portctl.cli.run import run
from portctl.views.json import tool_version


def test_version_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert run(["version"]) == 0
    told = f"portctl {tool_version()}"
    assert capsys.readouterr().out == f"{told}\n{told} (Python {platform.python_version()})\n"
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "portctl": tool_version(),
        "python": platform.python_version(),
        "planFormatVersion": 1,
    }


def test_the_schema_of_one_kind_or_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    every = capsys.readouterr().out
    assert json.loads(every)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert run(["schema", "port/Secret"]) == 0
    one = capsys.readouterr().out
    assert "port/Secret" in one
    assert "port/Webhook" in every
    assert "port/Webhook" not in one


def test_the_schema_of_an_unknown_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "port/Sekret"]) == 3
    assert capsys.readouterr().err.startswith(
        'error: Unknown kind\n  There is no kind "port/Sekret". Did you mean "port/Secret"?\n'
        "  hint: Known kinds: gitlab/"
    )


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"changes": []}', "\xff"])
def test_a_file_that_is_no_saved_plan_is_refused(
    content: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content.encode("latin-1"))
    assert run(["show", str(file)]) in (3, 4)
    told = capsys.readouterr()
    assert told.out == ""
    assert str(file) in told.err
