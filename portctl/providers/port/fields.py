"""Names and values that several kinds of Port share."""

from __future__ import annotations

from portctl.model.kind import Readable

SERVER_OWNED = ("id", "_id", "orgId", "createdAt", "createdBy", "updatedAt", "updatedBy")
"""What Port adds to every object."""

MADE_AT, MADE_BY = "createdAt", "createdBy"
"""What tells an object from one that is made later under the same identifier: not every kind shows an id."""

SYSTEM_BLUEPRINT = r"_.*"
"""Blueprints that Port itself provides: `_user`, `_team`, `_rule` and others."""

SYSTEM_OR_TEMPLATE = r"_.*|.*\{\{.*"
"""As `SYSTEM_BLUEPRINT`, where the value may also be a template that Port fills in at run time."""

SHOWN = (
    Readable("**", "Leave it out: Port fills in secrets in the `invocationMethod` of actions and automations only."),
)
"""Every member of the organisation reads every object."""

SHOWN_AND_CALLED = (
    Readable("invocationMethod", "Declare a port/Secret and write `{{ .secrets.NAME }}` here."),
    *SHOWN,
)
"""As `SHOWN`, for what Port fills in when it calls."""
