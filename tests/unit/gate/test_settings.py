"""The settings file of the gate: whatever it holds, it is used as it says, or the file and the key are named."""

from __future__ import annotations

import copy
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import InvalidInput
from portctl.gate.evidence import Policy
from portctl.gate.settings import ServiceNowSettings, ServiceSettings, Settings, read_settings
from tests.unit.gate.settings_file import GITLAB, MARKS, PIPELINES, PORT, SERVICENOW, document, write

HINT = "`portctl apply` writes this file: correct its template, or the values of the environment."
Keys = tuple[str, ...]


def test_a_file_is_read_whole(tmp_path: pathlib.Path) -> None:
    written = document()
    assert read_settings(write(tmp_path)) == Settings(
        port_url=PORT,
        gitlab_url=GITLAB,
        pipelines=PIPELINES,
        ref="main",
        marks=MARKS,
        environments=("Development", "Staging", "Production"),
        servicenow=ServiceNowSettings(
            url=SERVICENOW,
            account="portctl.gate",
            port_account="portctl.approvals",
            signs_in={"type": "basic", "username": "portctl.gate"},
            assignment_group="Platform Engineering",
            columns={"risk": "4"},
        ),
        service=ServiceSettings(defaults=written["service"]["defaults"], properties=written["service"]["properties"]),
        policy=Policy(
            threshold=80.0,
            requester_may_approve=False,
            longest_pipeline_seconds=3600.0,
            marks_kept_seconds=400 * 86_400.0,
        ),
        decision_wait_seconds=3.0,
    )


def keys_of(value: Any, above: Keys = ()) -> Iterator[Keys]:
    """Every key that must be there."""
    for name, inner in value.items():
        yield (*above, name)
        if isinstance(inner, dict) and (*above, name) not in FREE:
            yield from keys_of(inner, (*above, name))


FREE = {("service", "properties"), ("servicenow", "auth"), ("servicenow", "columns"), ("servicenow", "service_columns")}
"""Mappings whose keys are somebody else's."""
KEYS = tuple(keys_of(document()))


def changed(keys: Keys, value: Any = None, *, left_out: bool = False) -> dict[str, Any]:
    whole = copy.deepcopy(document())
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    if left_out:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = value
    return whole


def problem(path: pathlib.Path) -> tuple[str, str, str]:
    with pytest.raises(InvalidInput) as caught:
        read_settings(path)
    return caught.value.summary, caught.value.detail, caught.value.hint


@pytest.mark.parametrize("keys", KEYS, ids=".".join)
def test_a_key_that_is_missing_is_named(tmp_path: pathlib.Path, keys: Keys) -> None:
    path = write(tmp_path, changed(keys, left_out=True))
    detail = f"{path}: {': '.join(keys)} is missing"
    assert problem(path) == ("Settings that cannot be used", detail, HINT)


@pytest.mark.parametrize("wrong", [None, 7.5, [], {"a": 1}, [""], [None]], ids=repr)
@pytest.mark.parametrize("keys", KEYS, ids=".".join)
def test_a_value_of_another_type_is_named(tmp_path: pathlib.Path, keys: Keys, wrong: Any) -> None:
    is_number = isinstance(_at(keys), int) and not isinstance(_at(keys), bool)
    path = write(tmp_path, changed(keys, wrong))
    if (is_number and wrong == 7.5) or (_at(keys) == [] and wrong == []):
        read_settings(path)
        return
    summary, detail, _ = problem(path)
    assert summary == "Settings that cannot be used"
    assert detail.startswith(f"{path}: {': '.join(_told(keys, wrong))} is")


def _at(keys: Keys) -> Any:
    inner: Any = document()
    for key in keys:
        inner = inner[key]
    return inner


def _told(keys: Keys, wrong: Any) -> Keys:
    """A section of another type is told as such, a section without its keys by the first of them."""
    if keys in (("policy",), ("service",), ("servicenow",)) and isinstance(wrong, dict):
        return (*keys, {"policy": "coverage_threshold", "service": "defaults", "servicenow": "url"}[keys[0]])
    return keys[:-1] if len(keys) == 3 else keys


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-1", "1e400", "1" + "0" * 400, "true", '"80"', "1e10"])
def test_a_number_that_is_none_is_refused(tmp_path: pathlib.Path, wrong: str) -> None:
    path = tmp_path / "gate.json"
    text = json.dumps(document()).replace('"coverage_threshold": 80', f'"coverage_threshold": {wrong}')
    path.write_text(text, encoding="utf-8")
    detail = f"{path}: policy: coverage_threshold is not a number from 0 to a billion"
    assert problem(path) == ("Settings that cannot be used", detail, HINT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "it is no JSON text"),
        (b"{", "it is no JSON text"),
        (b"\xff\xfe{}", "it is no JSON text"),
        (b"\xef\xbb\xbf{}", "it is no JSON text"),
        (b"[" * 100_000, "it is no JSON text"),
        (b'{"a":' * 100_000, "it is no JSON text"),
        (b"1" * 5000, "it is no JSON text"),
        (None, "No such file or directory"),
    ],
)
def test_what_is_no_json_is_told_as_such(tmp_path: pathlib.Path, text: bytes | None, reason: str) -> None:
    path = tmp_path / "gate.json"
    if text is not None:
        path.write_bytes(text)
    assert problem(path) == ("No settings", f"{path}: {reason}", HINT)


def test_a_folder_is_no_settings_file(tmp_path: pathlib.Path) -> None:
    assert problem(tmp_path) == ("No settings", f"{tmp_path}: Is a directory", HINT)


@pytest.mark.parametrize("whole", [[], "text", None, 1])
def test_settings_are_a_mapping(tmp_path: pathlib.Path, whole: Any) -> None:
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    assert problem(path) == ("Settings that cannot be used", f"{path} is not a mapping", HINT)


@pytest.mark.parametrize("keys", [("marks",), ("servicenow", "account"), ("service", "defaults", "deploy")])
def test_half_of_a_character_is_no_text(tmp_path: pathlib.Path, keys: Keys) -> None:
    path = write(tmp_path, changed(keys, "a\ud800b"))
    assert problem(path)[1].startswith(f"{path}: {': '.join(keys[:2])} is not a")


@pytest.mark.parametrize("wrong", ["", "  ", "a\nb", "a\x00b"])
def test_a_name_is_a_line_of_text(tmp_path: pathlib.Path, wrong: str) -> None:
    path = write(tmp_path, changed(("pipelines",), wrong))
    assert problem(path)[1] == f"{path}: pipelines is not a text"
