"""Rule: a key of a blueprint that Port accepts and forgets."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.manifest.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.providers.port.rules.shapes import Organisation
from portctl.providers.port.schemas.blueprint import blueprint

_ALSO = ("teamInheritance", "includeInGlobalSearch")
"""Keys that the API description lacks and Port's own tools send."""


def unknown_keys(organisation: Organisation) -> Iterator[Finding]:
    """Port tolerates any key at the top of a blueprint, so a misspelt one is lost in silence."""
    known = (*blueprint()["properties"], *_ALSO)
    for resource in organisation.ours("Blueprint"):
        for key in resource.attributes:
            if key not in known:
                yield Finding(
                    resource=resource,
                    path=(key,),
                    summary="Unknown key of a blueprint",
                    detail=f"Port accepts {key} and forgets it",
                    hint=did_you_mean(key, known).strip(),
                )
