"""A rule for every service: secrets in fields that are read by all who see the object (`Kind.readable`).

What is published is no matter of rules: manifest/check.py refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portctl.manifest.lint import Finding, Rule
from portctl.model.diagnostic import Severity
from portctl.model.resource import Management, Resource
from portctl.model.value import Sealed, leaves


def secret_in_clear(provider: str) -> Rule:
    """The rule for the kinds of one service. A secret is revealed when the request is built, whoever reads it then."""

    def check(resources: Sequence[Resource]) -> Iterator[Finding]:
        for resource in resources:
            if resource.address.provider == provider and resource.management is not Management.OBSERVE:
                yield from _findings(resource)

    return Rule(
        id=f"{provider}/secret-in-clear",
        severity=Severity.ERROR,
        summary="A secret would be stored in a field that is read by all who see the object",
        check=check,
    )


def _findings(resource: Resource) -> Iterator[Finding]:
    for path, leaf in leaves(resource.attributes):
        shown = resource.kind.readable_at(path) if isinstance(leaf, Sealed) else None
        if shown is not None and not shown.published:
            yield Finding(
                resource=resource,
                path=path,
                summary="Secret in a readable field",
                detail=f"the secret {leaf.label()} would be stored in clear text in {resource.address}",
                hint=shown.instead,
            )
