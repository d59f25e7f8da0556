"""The contract tap notices what the vendor's description refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portctl.sandbox.core.journal import Exchange
from tests.tap import check_requests

DESCRIPTION: dict[str, Any] = {
    "components": {"schemas": {"name": {"type": "string", "maxLength": 3}}},
    "paths": {
        "/v1/things/{thing}": {
            "put": {
                "parameters": [{"in": "query", "name": "force", "schema": {"type": "boolean"}}],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"name": {"$ref": "#/components/schemas/name"}},
                                "additionalProperties": False,
                            }
                        }
                    }
                },
            }
        }
    },
}


@pytest.fixture
def description(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DESCRIPTION))
    return path


def exchange(
    body: Any, *, path: str = "/v1/things/a%2Fb", query: str = "force=true", status: int = 200, note: str | None = None
) -> Exchange:
    return Exchange(
        number=1,
        at="",
        service="port",
        method="PUT",
        path=path,
        query=query,
        status=status,
        route=path,
        caller=None,
        note=note,
        request_body=json.dumps(body).encode(),
        response_body=None,
    )


def test_what_fits_is_counted(description: Path) -> None:
    assert check_requests([exchange({"name": "abc"}), exchange({})], description) == 2


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (exchange({"name": "abcd"}), "'abcd' is too long"),
        (exchange({"other": 1}), "'other' was unexpected"),
        (exchange({}, query="froce=true"), "unknown query parameter froce"),
        (exchange({}, path="/v1/others/a"), "the description has no such operation"),
    ],
)
def test_what_does_not_fit_is_named(description: Path, wrong: Exchange, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_requests([wrong], description)


def test_refusals_and_faults_are_exempt(description: Path) -> None:
    refused = exchange({"other": 1}, status=422)
    altered = exchange({"other": 1}, note="fault: drop_field")
    assert check_requests([refused, altered], description) == 0


def test_without_a_description_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert check_requests([exchange({"other": 1})], tmp_path / "absent.json") == 0
