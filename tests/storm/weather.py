"""What goes wrong meanwhile: messages come twice or never, answers are lost, services are away for a moment."""

from __future__ import annotations

from typing import Any

_MARK = {"service": "gitlab", "method": "POST", "path": "deployment-marks/repository/commits$"}
_OPEN = {"service": "servicenow", "method": "POST", "path": "/change_request"}
_LOG = {"service": "port", "method": "POST", "path": "/logs$"}
_TWICE: tuple[dict[str, Any], ...] = (
    {"kind": "duplicate", "service": "servicenow-jobs", "path": "^/business-rule/", "times": None},
    {"kind": "duplicate", "service": "port-jobs", "path": "^/ingest/", "times": None},
)
_ROUGH: tuple[dict[str, Any], ...] = (
    {"kind": "status", "service": "servicenow", "method": "GET", "path": "/change_request", "status": 503, "nth": 3},
    {"kind": "lose_answer", **_LOG, "nth": 6},
    {"kind": "lose_answer", **_LOG, "nth": 11},
    {"kind": "status", **_LOG, "status": 503, "nth": 15, "times": 2},
    {"kind": "cut", "service": "port", "method": "DELETE", "path": "/openDeployment/", "nth": 2},
)
WHILE_ASKING: tuple[dict[str, Any], ...] = (
    {"kind": "lose_answer", **_MARK, "nth": 3, "times": 2},
    {"kind": "lose_answer", **_MARK, "nth": 9},
    {"kind": "cut", **_MARK, "nth": 14},
    {"kind": "lose_answer", **_OPEN, "nth": 2},
    {"kind": "truncate", **_OPEN, "nth": 5},
    {"kind": "duplicate", "service": "port-jobs", "path": "^/invoke/pre_deployment_check", "nth": 5, "times": 3},
    *_ROUGH,
    *_TWICE,
)
WHILE_DECIDING: tuple[dict[str, Any], ...] = (
    {"kind": "cut", "service": "servicenow-jobs", "path": "^/business-rule/", "nth": 4},
    {"kind": "cut", "service": "port-jobs", "path": "^/ingest/", "nth": 9},
    {"kind": "duplicate", "service": "port-jobs", "path": "^/invoke/approveSnowPipeline", "times": None},
    {"kind": "lose_answer", "service": "gitlab", "method": "POST", "path": "/trigger/pipeline$", "nth": 6},
    {"kind": "lose_answer", **_MARK, "nth": 2, "times": 2},
    *_ROUGH,
    *_TWICE,
)
