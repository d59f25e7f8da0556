"""CI/CD variables. Hidden ones cannot be made visible, nor the other way round: they are made anew.

Source: GitLab docs, "Project-level CI/CD variables API"; "Group-level variables API".
"""

from __future__ import annotations

from portctl.model.kind import Kind
from portctl.model.provider import Draft
from portctl.model.resource import Live
from portctl.model.value import Attributes
from portctl.providers.gitlab.objects import GitLabObjects


class Variables(GitLabObjects):
    """See the module."""

    def create(self, kind: Kind, draft: Draft) -> Live:
        return super().create(kind, _creating(draft))

    def update(self, kind: Kind, live: Live, draft: Draft) -> Live:
        """All fields are sent: GitLab's documentation asks for the value with every change."""
        if _is_hidden(live.attributes) != _is_hidden(draft.attributes):
            self.delete(kind, live)
            return self.create(kind, draft)
        return self._write(kind, live.identity, kind.update, self._body(kind, {**_RESET, **draft.attributes}))


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


def _creating(draft: Draft) -> Draft:
    """Hiding has a name of its own at creation, and none later."""
    if not _is_hidden(draft.attributes):
        return draft
    attributes = {**draft.attributes, "masked_and_hidden": True}
    return Draft(
        identity=draft.identity,
        attributes=attributes,
        changed=draft.changed,
        removed=draft.removed,
        merge=draft.merge,
        options=draft.options,
    )
