"""One rich example of every kind, in one project: what the laws are tried on. A kind without one fails a test."""

from __future__ import annotations

from typing import Any

from tests.laws import samples_gitlab, samples_port, samples_servicenow
from tests.laws.samples_port import manifest

__all__ = ["MANIFESTS", "SECRETS", "manifest"]

MANIFESTS: dict[str, list[dict[str, Any]]] = {
    **samples_port.MANIFESTS,
    **samples_gitlab.MANIFESTS,
    **samples_servicenow.MANIFESTS,
}
"""File name -> documents of that file."""

SECRETS = {"LAW_TOKEN": "law-token-value-1", "LAW_SIGNING": "law-signing-value-1"}
