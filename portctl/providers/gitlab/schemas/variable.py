"""CI/CD variables. What the value must look like to be masked is a rule: it depends on other fields.

Source: GitLab docs, "Project-level CI/CD variables API".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.gitlab.schemas.common import FLAG, GROUP_PATH, Schema, closed, one_of, text

_FIELDS: Mapping[str, Schema] = {
    "key": text(255, r"^[A-Za-z0-9_]+$", "letters, digits and _"),
    "value": text(10_000),
    "variable_type": one_of("env_var", "file"),
    "environment_scope": {**text(255), "minLength": 1},
    "protected": FLAG,
    "masked": FLAG,
    "hidden": FLAG,
    "raw": FLAG,
    "description": {"type": ["string", "null"], "maxLength": 255},
}


def variable() -> Mapping[str, Any]:
    """The schema of gitlab/Variable."""
    return closed(["key", "value"], **_FIELDS)


def group_variable() -> Mapping[str, Any]:
    """The schema of gitlab/GroupVariable."""
    return closed(["group", "key", "value"], group=GROUP_PATH, **_FIELDS)
