"""A settings file of the gate, as `portctl apply` writes one."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from portctl.gate.settings import Settings, read_settings

PORT, GITLAB, SERVICENOW = "https://api.port.example", "https://gitlab.example", "https://snow.example"
PIPELINES, MARKS = "platform/deployment", "gate/deployment-marks"


def document() -> dict[str, Any]:
    return {
        "port": PORT,
        "gitlab": GITLAB,
        "pipelines": PIPELINES,
        "ref": "main",
        "marks": MARKS,
        "environments": ["Development", "Staging", "Production"],
        "policy": {
            "always_ask": [],
            "coverage_threshold": 80,
            "requester_may_approve": False,
            "requester_needs_account": True,
            "decision_wait_seconds": 3,
            "longest_pipeline_minutes": 60,
            "marks_kept_days": 400,
        },
        "service": {
            "groups": [],
            "defaults": {
                "branch": "main",
                "build": "",
                "test": "make test",
                "report": "coverage.xml",
                "deploy": 'sh deploy.sh "$ENVIRONMENT"',
            },
            "properties": {
                "project": "repository",
                "branch": "branch",
                "build": "buildCommand",
                "test": "testCommand",
                "report": "coverageReport",
                "deploy": "deployCommand",
            },
        },
        "servicenow": {
            "url": SERVICENOW,
            "account": "portctl.gate",
            "port_account": "portctl.approvals",
            "auth": {"type": "basic", "username": "portctl.gate"},
            "assignment_group": "Platform Engineering",
            "columns": {"risk": "4"},
            "service_columns": {},
        },
    }


def write(folder: pathlib.Path, changed: Any = None) -> pathlib.Path:
    path = folder / "gate.json"
    path.write_text(json.dumps(document() if changed is None else changed), encoding="utf-8")
    return path


def settings(folder: pathlib.Path, **changes: Any) -> Settings:
    """`changes`: of the top of the file."""
    return read_settings(write(folder, {**document(), **changes}))
