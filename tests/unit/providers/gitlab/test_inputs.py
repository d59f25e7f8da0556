"""The header of a pipeline file, and which values its inputs take."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.providers.gitlab.inputs import Input, declared_inputs, misfit

HEADER = """\
spec:
  inputs:
    call: {options: [request, look]}
    count: {type: number, default: 0, options: [0, 5]}
    dry: {type: boolean, default: null}
    run: {regex: '^[a-z]{1,4}$', default: ''}
    bare:
---
job: {script: [!reference [.a, script]]}
"""


def test_inputs_are_read_from_the_header() -> None:
    assert declared_inputs(HEADER) == {
        "call": Input("call", "string", None, False, ("request", "look"), ""),
        "count": Input("count", "number", 0, True, (0, 5), ""),
        "dry": Input("dry", "boolean", None, True, (), ""),
        "run": Input("run", "string", "", True, (), "^[a-z]{1,4}$"),
        "bare": Input("bare", "string", None, False, (), ""),
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job: {script: [x]}",
        "spec: {inputs: {a: {}}}",
        "---\njob: {}\n---\nother: {}",
        "spec: {inputs: [a]}\n---\njob: {}",
        "spec:\n---\njob: {}",
        "[ no yaml",
        "spec: {inputs: {a: {}}}\n---\n[ no yaml",
    ],
)
def test_a_file_without_a_header_of_inputs_declares_none(text: str) -> None:
    assert declared_inputs(text) is None


def test_an_empty_header_declares_that_there_are_no_inputs() -> None:
    assert declared_inputs("spec: {inputs: {}}\n---\njob: {}") == {}


def one(kind: str = "string", options: tuple[Any, ...] = (), regex: str = "") -> Input:
    return Input("x", kind, None, False, options, regex)


@pytest.mark.parametrize(
    ("declared", "value", "reason"),
    [
        (one(), "text", ""),
        (one(), 5, "it is of type string"),
        (one(), True, "it is of type string"),
        (one("number"), 5, ""),
        (one("number"), "5.5", ""),
        (one("number"), "five", "it is of type number"),
        (one("number"), True, "it is of type number"),
        (one("boolean"), False, ""),
        (one("boolean"), "false", ""),
        (one("boolean"), "no", "it is of type boolean"),
        (one("array"), ("a",), ""),
        (one("array"), 1, "it is of type array"),
        (one(options=("a", "b")), "a", ""),
        (one(options=("a", "b")), "c", "it is one of a, b"),
        (one("number", options=(1, 2)), 2, ""),
        (one("number", options=(1, 2)), 3, "it is one of 1, 2"),
        (one(regex="^a+$"), "aa", ""),
        (one(regex="^a+$"), "b", "it has the form ^a+$"),
        (one(regex=r"a\z"), "ba", ""),
        (one(regex="(?<x>"), "anything", ""),
    ],
)
def test_a_value_is_held_against_type_options_and_form(declared: Input, value: Any, reason: str) -> None:
    assert misfit(declared, value) == reason
