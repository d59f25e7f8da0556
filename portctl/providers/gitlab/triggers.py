"""Pipeline trigger tokens: complete for their owner, four characters for everybody else.

GitLab does not ask that descriptions differ. Of several with one description that one counts whose id the ledger holds;
where that is gone, there is none. Where no id is known, or a replacement is under way, the newest of this user counts.
Of his others, those that the ledger says it has replaced show as `superseded`; all others are not ours.
Source: GitLab docs, "Pipeline trigger tokens API".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from portctl.errors import ApiError
from portctl.model.kind import Kind
from portctl.model.provider import About, WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, Value, get
from portctl.providers.gitlab.objects import NOT_FOUND, GitLabObjects
from portctl.providers.paths import collection_path, scope_of
from portctl.providers.rest import WAITS_SECONDS


class Triggers(GitLabObjects):
    """See the module."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known: dict[Identity, str] = {}
        """The ids in the ledger, until something is created here."""
        self._former: dict[Identity, tuple[str, ...]] = {}
        """The ids that the ledger says were replaced."""
        self._deleted: dict[Identity, Value] = {}
        """The id that was last asked to be deleted: as long as it is shown, it is what `fetch` finds."""

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),
    ) -> Mapping[Identity, Live]:
        self._known |= {identity: known.remote for identity, known in about.items() if known.remote}
        self._former |= {identity: known.former for identity, known in about.items()}
        chosen = ((identity, self._chosen(identity, each)) for identity, each in self._all(kind, identities).items())
        return {identity: live for identity, live in chosen if live is not None}

    def _all(self, kind: Kind, identities: Sequence[Identity]) -> Mapping[Identity, Sequence[Live]]:
        """Every token that has one of the descriptions."""
        wanted = dict.fromkeys(identities)
        found: dict[Identity, list[Live]] = {}
        for scope in {scope_of(kind, identity): identity for identity in identities}.values():
            for item in self._objects(kind, [scope]):
                live = self._live(kind, item, scope)
                if live.identity in wanted:
                    found.setdefault(live.identity, []).append(live)
        return found

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        """A request that a proxy sends twice makes two tokens: the one that nobody was told of goes again."""
        before = {live.attributes["id"] for live in self._mine(kind, write.identity)}
        self._known.pop(write.identity, None)
        live = super().create(kind, write)
        for other in self._mine(kind, write.identity):
            if other.attributes["id"] not in {*before, live.attributes["id"]}:
                self._remove(kind, write.identity, other.attributes["id"])
        return live

    def _mine(self, kind: Kind, identity: Identity) -> Sequence[Live]:
        user = self._account.user()
        several = self._all(kind, [identity]).get(identity, ())
        return [live for live in several if get(live.attributes, ("owner", "id")) == user.id]

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:  # noqa: ARG002
        """All that an existing one can need: that what it replaced goes. What is shown all the same stays in it."""
        left = tuple(live.attributes.get("superseded", ()))
        for number in left:
            self._remove(kind, live.identity, number)
        kept = {name: value for name, value in live.attributes.items() if name != "superseded"}
        for wait in (0.0, *WAITS_SECONDS) if left else ():
            self._sleep(wait)
            standing = {each.attributes["id"] for each in self._mine(kind, live.identity)}
            left = tuple(number for number in left if number in standing)
            if not left:
                break
        return replace(live, attributes={**kept, "superseded": left} if left else kept)

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:  # noqa: ARG002
        """Exactly this one, and what it had replaced."""
        self._deleted[live.identity] = live.attributes["id"]
        for number in (live.attributes["id"], *live.attributes.get("superseded", ())):
            self._remove(kind, live.identity, number)

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        several = self._all(kind, [identity]).get(identity, ())
        deleted = self._deleted.get(identity)
        left = next((live for live in several if live.attributes["id"] == deleted), None)
        return left or self._chosen(identity, several)

    def _remove(self, kind: Kind, identity: Identity, number: Value) -> None:
        try:
            self._client.request("DELETE", f"{collection_path(kind, identity)}/{number}")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise

    def _chosen(self, identity: Identity, several: Sequence[Live]) -> Live | None:
        user, known = self._account.user(), self._known.get(identity)
        candidates = [live for live in several if str(live.attributes["id"]) == known] if known else several
        if not candidates:
            return None
        mine = [live for live in candidates if get(live.attributes, ("owner", "id")) == user.id]
        newest = max(mine or candidates, key=lambda live: int(live.attributes["id"]))
        if not mine:
            owner = get(newest.attributes, ("owner", "username"))
            whose = "nobody any more" if owner is MISSING else owner
            attributes = {name: value for name, value in newest.attributes.items() if name != "token"}
            note = f"its token belongs to {whose} and cannot be read by {user.name}: assumed unchanged"
            return replace(newest, attributes=attributes, notes=(note,))
        former = self._former.get(identity, ())
        others = sorted(
            int(live.attributes["id"])
            for live in several
            if live is not newest and get(live.attributes, ("owner", "id")) == user.id
        )
        older = tuple(number for number in others if str(number) in former)
        notes = [f"revoked, since this project has replaced it: token {number}" for number in older]
        if not known:
            theirs = [number for number in others if number not in older]
            notes += [f"left alone, since nothing says that it is this project's: token {number}" for number in theirs]
        found = replace(newest, notes=tuple(notes))
        return replace(found, attributes={**newest.attributes, "superseded": older}) if older else found
