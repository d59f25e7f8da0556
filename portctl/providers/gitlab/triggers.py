"""Pipeline trigger tokens: complete for their owner, four characters for everybody else.

GitLab does not ask that descriptions differ. Of several with one description the newest of this user counts; his
older ones are what a replacement left behind, and show as `superseded`.
Source: GitLab docs, "Pipeline trigger tokens API".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from portctl.errors import ApiError
from portctl.model.kind import Kind
from portctl.model.provider import About, Draft
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, Value, get
from portctl.providers.gitlab.objects import NOT_FOUND, GitLabObjects
from portctl.providers.paths import collection_path, scope_of


class Triggers(GitLabObjects):
    """See the module."""

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),  # noqa: ARG002
    ) -> Mapping[Identity, Live]:
        wanted = dict.fromkeys(identities)
        found: dict[Identity, list[Live]] = {}
        for scope in {scope_of(kind, identity): identity for identity in identities}.values():
            for item in self._objects(kind, [scope]):
                live = self._live(kind, item, scope)
                if live.identity in wanted:
                    found.setdefault(live.identity, []).append(live)
        return {identity: self._chosen(several) for identity, several in found.items()}

    def update(self, kind: Kind, live: Live, draft: Draft) -> Live:  # noqa: ARG002
        """All that an existing one can need: that what it replaced goes."""
        for number in live.attributes.get("superseded", ()):
            self._remove(kind, live.identity, number)
        kept = {name: value for name, value in live.attributes.items() if name != "superseded"}
        return replace(live, attributes=kept)

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:  # noqa: ARG002
        """Exactly this one, and what it had replaced."""
        for number in (live.attributes["id"], *live.attributes.get("superseded", ())):
            self._remove(kind, live.identity, number)

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        return self.read(kind, [identity]).get(identity)

    def _remove(self, kind: Kind, identity: Identity, number: Value) -> None:
        try:
            self._client.request("DELETE", f"{collection_path(kind, identity)}/{number}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise

    def _chosen(self, several: Sequence[Live]) -> Live:
        user = self._account.user()
        mine = [live for live in several if get(live.attributes, ("owner", "id")) == user.id]
        newest = max(mine or several, key=lambda live: int(live.attributes["id"]))
        if not mine:
            owner = get(newest.attributes, ("owner", "username"))
            whose = "nobody any more" if owner is MISSING else owner
            attributes = {name: value for name, value in newest.attributes.items() if name != "token"}
            note = f"its token belongs to {whose} and cannot be read by {user.name}: assumed unchanged"
            return replace(newest, attributes=attributes, notes=(note,))
        older = tuple(sorted(live.attributes["id"] for live in mine if live is not newest))
        return replace(newest, attributes={**newest.attributes, "superseded": older}) if older else newest
