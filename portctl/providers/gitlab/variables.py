"""CI/CD variables. Hidden ones cannot be made visible, nor the other way round: they are made anew.

Source: GitLab docs, "Project-level CI/CD variables API"; "Group-level variables API".
"""

from __future__ import annotations

from portctl.model.kind import Kind
from portctl.model.provider import WriteRequest
from portctl.model.resource import Live
from portctl.model.value import Attributes
from portctl.providers.gitlab.objects import GitLabObjects


class Variables(GitLabObjects):
    """See the module."""

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        return super().create(kind, _creating(write))

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        """All fields are sent: GitLab's documentation asks for the value with every change."""
        if _is_hidden(live.attributes) != _is_hidden(write.attributes):
            self.delete(kind, live)
            return self.create(kind, write)
        return self._write(kind, live.identity, kind.update, self._body(kind, {**_RESET, **write.attributes}))


_RESET: Attributes = {
    "variable_type": "env_var",
    "protected": False,
    "masked": False,
    "raw": False,
    "description": None,
}
"""What a manifest does not name goes back to what GitLab would have filled in."""


def _is_hidden(attributes: Attributes) -> bool:
    return attributes.get("hidden") is True


def _creating(write: WriteRequest) -> WriteRequest:
    """Hiding has a name of its own at creation, and none later."""
    if not _is_hidden(write.attributes):
        return write
    attributes = {**write.attributes, "masked_and_hidden": True}
    return WriteRequest(
        identity=write.identity,
        attributes=attributes,
        changed=write.changed,
        removed=write.removed,
        merge=write.merge,
        options=write.options,
    )
