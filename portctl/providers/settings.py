"""What an environment file must say of an instance before a provider can be made."""

from __future__ import annotations

from collections.abc import Sequence

from portctl.errors import InvalidInput
from portctl.model.project import InstanceSettings


def require_settings(settings: InstanceSettings, names: Sequence[str], service: str, hint: str) -> None:
    """Raise InvalidInput, naming all of `names` that are missing or blank."""
    missing = [name for name in names if _is_blank(settings.settings.get(name))]
    if missing:
        raise InvalidInput(
            f"{service} is not fully set up",
            f"instance {settings.provider}@{settings.name} lacks {', '.join(missing)}",
            source=settings.sources.at(()),
            hint=hint,
        )


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
