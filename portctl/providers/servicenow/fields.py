"""What several kinds of ServiceNow share."""

from __future__ import annotations

from portctl.model.kind import Readable

SHOWN = (
    Readable(
        "**",
        "Keep it in a credential record, or in a column of the type password2, with the `secrets` of a "
        "servicenow/Record; let the script read it there.",
    ),
)
"""Who may read a record reads its scripts, texts and default values as they are, and so do update sets."""
