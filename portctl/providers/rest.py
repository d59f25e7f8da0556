"""One provider for every service whose objects are JSON behind addresses: what differs is said by the kinds.

This is the only place where a secret in an object's body becomes text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from portctl.errors import AnswerLost, ApiError, Unreachable
from portctl.model.kind import Kind, Merge, Purge, Verb, matches
from portctl.model.plan import InstanceInfo
from portctl.model.provider import About, Shortfall, ValidationIssue, WriteRequest
from portctl.model.resource import Identity, Live, Resource
from portctl.model.value import MISSING, Attributes, Pending, Value, get, map_leaves
from portctl.providers.body import complete, merged, patch
from portctl.providers.paths import collection_path, item_path, item_query, place_path, scope_of
from portctl.source import Path
from portctl.vault import Vault
from portctl.wire.client import Client, Response
from portctl.wire.listing import Listing

_NOT_FOUND = 404
WAITS_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How long to wait for what the service does after it has answered: permissions appear, entities disappear."""

_JOB_WAITS_SECONDS = (0.25, 0.5, 1.0, 2.0, *(5.0,) * 120)


class RestProvider:
    """An instance of a service. `has_dependents` are its words for an object that others still need."""

    def __init__(
        self,
        name: str,
        client: Client,
        vault: Vault,
        *,
        login: Callable[[], InstanceInfo],
        width: int = 8,
        has_dependents: frozenset[str] = frozenset(),
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.name = name
        self.width = width
        self._client = client
        self._vault = vault
        self._login = login
        self._has_dependents = has_dependents
        self._sleep = sleep

    def login(self) -> InstanceInfo:
        return self._login()

    def requests(self) -> int:
        return self._client.count

    def close(self) -> None:
        self._client.close()

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),  # noqa: ARG002
    ) -> Mapping[Identity, Live]:
        """Those of `identities` that exist: one list or search per scope; one request each where there is none."""
        if not kind.collection or not kind.listed:
            found = (self._fetch(kind, identity) for identity in identities)
            return {live.identity: live for live in found if live is not None}
        scopes: dict[Identity, list[Identity]] = {}
        for identity in identities:
            scopes.setdefault(scope_of(kind, identity), []).append(identity)
        lives: dict[Identity, Live] = {}
        wanted = set(identities)
        for together in scopes.values():
            for item in self._objects(kind, together):
                live = self._live(kind, item, together[0])
                if live.identity in wanted and (kind.belongs is None or kind.belongs(live.attributes)):
                    lives[live.identity] = live
        return lives

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        """One object, read now. One that comes with its parent is given a few seconds to appear."""
        for wait in WAITS_SECONDS if kind.eventual else ():
            live = self._fetch(kind, identity)
            if live is not None:
                return live
            self._sleep(wait)
        return self._fetch(kind, identity)

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        try:
            response = self._client.request("GET", item_path(kind, identity), query=item_query(kind, identity))
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        live = self._live(kind, self._object(kind, response, "GET", item_path(kind, identity)), identity)
        return live if kind.belongs is None or kind.belongs(live.attributes) else None

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[ValidationIssue]:  # noqa: ARG002
        return ()

    def shortfalls(self, resources: Sequence[Resource]) -> Sequence[Shortfall]:  # noqa: ARG002
        return ()

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        if kind.create is None:
            whole = WriteRequest(identity=write.identity, attributes=write.attributes, changed=_tops(write.attributes))
            return self._write(kind, write.identity, kind.update, self._patch(kind, {}, whole))
        path = item_path if kind.create is Verb.PUT else collection_path
        query = kind.create_query(write.options) if kind.create_query else None
        body = self._body(kind, complete(kind, write.attributes))
        where = path(kind, write.identity)
        response = self._client.request(kind.create, where, query=query, body=body)
        return self._written(kind, response, write.identity, kind.create, where)

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        """Send the whole object, or with `write.merge` only what changed, the way the kind can be merged."""
        if write.merge and kind.merge is Merge.READ_MODIFY_WRITE:
            fresh = self.fetch(kind, live.identity)
            if fresh is None:
                raise self._gone(kind, live.identity)
            body = self._body(kind, merged(kind, fresh.attributes, write))
            return self._write(kind, live.identity, kind.update, body)
        if kind.update is Verb.PATCH or (write.merge and kind.merge is Merge.PATCH):
            return self._write(kind, live.identity, Verb.PATCH, self._patch(kind, live.attributes, write))
        return self._write(kind, live.identity, kind.update, self._body(kind, write.attributes))

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:
        """Delete; what the service still does with former dependents is waited for, for a few seconds."""
        if cascade and kind.purge is not None:
            self._purge(kind, kind.purge, live)
        path = item_path(kind, live.identity)
        try:
            self._patiently(
                lambda: self._client.request("DELETE", path, query=item_query(kind, live.identity)),
                until=lambda error: error.status == _NOT_FOUND or error.code not in self._has_dependents,
            )
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def _purge(self, kind: Kind, purge: Purge, live: Live) -> None:
        """Start the job that deletes what hangs on `live`, and wait for its end."""
        path = place_path(purge.path, kind, live.identity)
        job = get(self._client.request("DELETE", path, query=purge.query).body, (purge.job,))
        if not isinstance(job, str):
            raise _unexpected("DELETE", path, f"no job under {purge.job!r}")
        watched = place_path(purge.job_path, kind, live.identity, job=job)
        for wait in _JOB_WAITS_SECONDS:
            state = get(self._client.request("GET", watched).body, tuple(purge.state.split(".")))
            if state in purge.done:
                return
            if state in purge.failed:
                raise _unexpected("GET", watched, f"the deletion ended as {state}")
            self._sleep(wait)
        raise _unexpected("GET", watched, "the deletion is still under way after ten minutes")

    def rename(self, kind: Kind, live: Live, path: Path, before: str) -> Live:
        rename = next((rename for rename in kind.renames if matches(rename.at, path)), None)
        if rename is None:
            raise ValueError(f"{kind.full_name} has no rename at {path}")
        where = place_path(rename.path, kind, live.identity, before=before)
        response = self._client.request("PATCH", where, body={rename.key: path[-1]}, repeatable=False)
        return self._written(kind, response, live.identity, "PATCH", where)

    def populated(self, kind: Kind, live: Live, *, besides: int = 0) -> bool:
        """True where the kind has no way to count what would be lost."""
        if kind.count is None:
            return True
        path = place_path(kind.count.path, kind, live.identity)
        count = get(self._client.request("GET", path).body, (kind.count.key,))
        if not isinstance(count, int):
            raise _unreadable("GET", path, f"no number under {kind.count.key!r}")
        return count > besides

    def _objects(self, kind: Kind, wanted: Sequence[Identity]) -> list[Attributes]:
        """Every object of the scope of `wanted` (at least those of `wanted`)."""
        if kind.search is not None:
            return self._searched(kind, wanted)
        path = collection_path(kind, wanted[0])
        response = self._client.request("GET", path, query=kind.list_query)
        if isinstance(response.body, Mapping) and response.body.get("next"):
            raise _unreadable("GET", path, "the list is only the first part of a longer one")
        return _array(kind, response.body, "GET", path)

    def _searched(self, kind: Kind, wanted: Sequence[Identity]) -> list[Attributes]:
        search = kind.search
        assert search is not None
        path = place_path(search.path, kind, wanted[0])
        found: list[Attributes] = []
        for start in range(0, len(wanted), search.size):
            names = [identity[-1] for identity in wanted[start : start + search.size]]
            cursor, seen = "", {""}
            listing = Listing("POST", path)
            while True:
                response = self._client.request("POST", path, body=search.body(names, cursor))
                items = _array(kind, response.body, "POST", path)
                listing.add(items, response)
                found.extend(items)
                cursor = get(response.body, (search.cursor,))
                if cursor is MISSING or cursor is None or cursor == "":
                    break
                if not isinstance(cursor, str) or cursor in seen:
                    raise _unreadable("POST", path, "the pages of the list go in a cycle")
                seen.add(cursor)
        return found

    def _patch(self, kind: Kind, live: Attributes, write: WriteRequest) -> Attributes:
        return self._body(kind, patch(kind, live, write))

    def _body(self, kind: Kind, attributes: Attributes) -> Attributes:
        """The body to send: this is where secrets become text."""

        def revealed(_: Path, leaf: Value) -> Value:
            return self._vault.reveal(leaf) if isinstance(leaf, Pending) else leaf

        body: Attributes = map_leaves(kind.encode(attributes) if kind.encode else attributes, revealed)
        return body

    def _write(self, kind: Kind, identity: Identity, verb: Verb, body: Attributes) -> Live:
        path = item_path(kind, identity)
        response = self._patiently(
            lambda: self._client.request(verb, path, query=item_query(kind, identity), body=body, repeatable=True),
            until=lambda error: not kind.eventual or error.status != _NOT_FOUND,
        )
        return self._written(kind, response, identity, verb, path)

    def _patiently(self, send: Callable[[], Response], *, until: Callable[[ApiError], bool]) -> Response:
        """Send again, for a few seconds, while it is refused for a reason that passes by itself."""
        for wait in WAITS_SECONDS:
            try:
                return send()
            except ApiError as error:
                if until(error):
                    raise
            self._sleep(wait)
        return send()

    def _written(self, kind: Kind, response: Response, identity: Identity, method: str, path: str) -> Live:
        """The object as it is after a write: from the answer, else read back."""
        if not isinstance(_unwrapped(kind, response.body), Mapping):
            live = self.fetch(kind, identity)
            if live is None:
                raise AnswerLost("Answer lost", f"{method} {path} was accepted, and the object cannot be read back")
            return live
        return self._live(kind, self._object(kind, response, method, path), identity)

    def _object(self, kind: Kind, response: Response, method: str, path: str) -> Attributes:
        item = _unwrapped(kind, response.body)
        if not isinstance(item, Mapping):
            raise _unreadable(method, path, f"no object under {' or '.join(map(repr, kind.envelope))}")
        return item

    def _live(self, kind: Kind, item: Attributes, near: Identity) -> Live:
        """`near` lends the parts of the identity that the object need not repeat: its parent's and its scope's."""
        attributes = kind.decode(item) if kind.decode else item
        parent = near[: len(near) - len(kind.identity)]
        own = near[len(parent) :]
        for name, part in zip(kind.identity, own, strict=True):
            if name in kind.scope and get(attributes, (name,)) is MISSING:
                attributes = {**attributes, name: part}
        parts = [get(attributes, tuple(name.split("."))) for name in kind.identity]
        return Live(kind, (*parent, *(str(part) for part in parts)), attributes)

    def _gone(self, kind: Kind, identity: Identity) -> ApiError:
        path = item_path(kind, identity)
        return ApiError(
            f"{kind.full_name} not found",
            f"{' / '.join(identity)} was there when it was read and is gone now",
            method="GET",
            path=path,
            status=_NOT_FOUND,
            hint="Plan again.",
        )


def _tops(attributes: Attributes) -> tuple[Path, ...]:
    return tuple((key,) for key in attributes)


def _unwrapped(kind: Kind, body: Value) -> Value:
    if not kind.envelope:
        return body
    return next((body[key] for key in kind.envelope if key in body), None) if isinstance(body, Mapping) else None


def _array(kind: Kind, body: Value, method: str, path: str) -> list[Attributes]:
    items = body
    if kind.list_envelope:
        found = body if isinstance(body, Mapping) else {}
        items = next((found[key] for key in kind.list_envelope if key in found), None)
    if not isinstance(items, tuple) or not all(isinstance(item, Mapping) for item in items):
        raise _unreadable(method, path, f"no list under {' or '.join(map(repr, kind.list_envelope))}")
    return list(items)


def _unreadable(method: str, path: str, what: str) -> Unreachable:
    """An answer that does not say what is there: nothing may be decided on it."""
    return Unreachable(
        "Unexpected answer",
        f"{method} {path}: {what}",
        hint="Run the command again; if it stays so, the service's API has changed.",
    )


def _unexpected(method: str, path: str, what: str) -> ApiError:
    return ApiError("Unexpected answer", f"{method} {path}: {what}", method=method, path=path, status=200)
