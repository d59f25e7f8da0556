"""Pipeline trigger tokens. Source: GitLab docs, "Pipeline trigger tokens API"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.gitlab.schemas.common import closed, text

_DATE = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$"


def trigger() -> Mapping[str, Any]:
    """The schema of gitlab/PipelineTrigger."""
    return closed(
        ["description"],
        description={**text(255), "minLength": 1},
        expires_at=text(40, _DATE, "a date, or a date and time with its zone"),
    )
