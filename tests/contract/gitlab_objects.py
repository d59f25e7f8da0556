"""Kinds and drafts for the contract tests of GitLab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.model.provider import About, WriteRequest
from portctl.model.resource import Identity
from portctl.model.value import SecretRef, freeze, pending
from portctl.providers.catalogue import catalogue
from portctl.source import Path

KINDS = catalogue()
PROJECT = KINDS["gitlab/Project"]
VARIABLE = KINDS["gitlab/Variable"]
GROUP_VARIABLE = KINDS["gitlab/GroupVariable"]
TRIGGER = KINDS["gitlab/PipelineTrigger"]
FILES = KINDS["gitlab/Files"]
PIPELINES = "platform/pipelines"
SECRET = pending((SecretRef("LOGIN"),))


def write_request(identity: Identity, attributes: Mapping[str, Any], *changed: Path, **given: Any) -> WriteRequest:
    return WriteRequest(identity=identity, attributes=freeze(attributes), changed=changed, **given)


def about(attributes: Mapping[str, Any], *paths: str) -> About:
    """What manifests and the ledger (`paths` of files) say of a gitlab/Files."""
    return About(freeze(attributes), frozenset(("files", path, "content") for path in paths))


def files_of(texts: Mapping[str, str], branch: str = "main", **more: Any) -> dict[str, Any]:
    """A gitlab/Files with these texts."""
    return {"branch": branch, "files": {name: {"content": text} for name, text in texts.items()}, **more}
