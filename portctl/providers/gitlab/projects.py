"""Projects: read one by one, created in two requests, deleted with a delay.

Source: GitLab docs, "Projects API"; "Namespaces API"; "Group and project members API".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

from portctl.errors import ApiError, InvalidInput
from portctl.model.kind import Kind
from portctl.model.provider import About, WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import Attributes, get
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.kinds.project import IDENTITY, WITH_README
from portctl.providers.gitlab.objects import NOT_FOUND, GitLabObjects, invisible, pages
from portctl.providers.gitlab.schemas.project import NOT_AT_CREATION
from portctl.providers.paths import collection_path, item_path

_GUEST = 10


class Projects(GitLabObjects):
    """See the module."""

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),
    ) -> Mapping[Identity, Live]:
        """Raises AccessDenied for one that cannot be told from absent."""
        lives = super().read(kind, identities, about)
        for identity in identities:
            if identity not in lives:
                self._require_absence(identity[-1])
        return lives

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        """Settings that a creation does not take are set right after it. What waits for its deletion is restored."""
        body = self._body(kind, write.attributes)
        waiting = self._found(kind, write.identity)
        if waiting is not None and _is_marked(waiting.attributes):
            restore = f"{API}/projects/{waiting.attributes['id']}/restore"
            self._client.request("POST", restore, repeatable=False)
            return self._write(kind, write.identity, kind.update, body) if body else self._read_back(kind, write)
        where = collection_path(kind, write.identity)
        first = {
            "name": write.identity[-1].rpartition("/")[2],
            **{key: value for key, value in body.items() if key not in NOT_AT_CREATION},
            "path": write.identity[-1].rpartition("/")[2],
            "namespace_id": self._namespace_id(_namespace(write.identity)),
        }
        if write.options.get(WITH_README) is True:
            first["initialize_with_readme"] = True
        response = self._client.request("POST", where, body=first)
        rest = {key: value for key, value in body.items() if key in NOT_AT_CREATION}
        if rest:
            return self._write(kind, write.identity, kind.update, rest)
        return self._written(kind, response, write.identity, "POST", where)

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        live = self._found(kind, identity)
        if live is None or _is_marked(live.attributes):
            return None
        if live.identity != identity:
            raise InvalidInput(
                "Project goes by another path",
                f"{identity[-1]} is {live.identity[-1]} at GitLab: it was renamed or moved",
                hint=f"Write `{IDENTITY}: {live.identity[-1]}`; the ledger follows with `state rm` and an adoption.",
            )
        return live

    def _found(self, kind: Kind, identity: Identity) -> Live | None:
        """What stands at the path, be it under another name now or about to be deleted."""
        path = item_path(kind, identity)
        try:
            response = self._client.request("GET", path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return self._live(kind, self._object(kind, response, "GET", path), identity)

    def _read_back(self, kind: Kind, write: WriteRequest) -> Live:
        live = self._fetch(kind, write.identity)
        if live is None:
            raise self._gone(kind, write.identity)
        return live

    def _require_absence(self, path: str) -> None:
        """Only to a member of the group, who sees all its projects, does 404 mean that there is none."""
        user = self._account.user()
        group, _, name = path.rpartition("/")
        if group == user.name:
            return
        place = f"{API}/groups/{quote(group, safe='')}"
        if self._level(group, user.id) < _GUEST and not (user.admin and self._exists(place)):
            raise invisible(
                f"project {path}",
                user.name,
                f"Give {user.name} a role in the group {group}, the lowest is enough to see; or correct `{IDENTITY}`.",
            )
        for item in pages(self._client, f"{place}/projects", {"search": name}):
            if item.get(IDENTITY) == path and not _is_marked(item):
                what = f"{path} is in the list of its group, and answered 404"
                raise ApiError("Unexpected answer", what, method="GET", path=f"{place}/projects", status=NOT_FOUND)

    def _level(self, group: str, user_id: int) -> int:
        try:
            response = self._client.request("GET", f"{API}/groups/{quote(group, safe='')}/members/all/{user_id}")
        except ApiError as error:
            if error.status == NOT_FOUND:
                return 0
            raise
        level = get(response.body, ("access_level",))
        return level if isinstance(level, int) else 0

    def _exists(self, path: str) -> bool:
        try:
            self._client.request("GET", path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        return True

    def _namespace_id(self, namespace: str) -> int:
        path = f"{API}/namespaces/{quote(namespace, safe='')}"
        number = get(self._client.request("GET", path).body, ("id",))
        if not isinstance(number, int):
            raise ApiError("Unexpected answer", f"GET {path}: no id", method="GET", path=path, status=200)
        return number


def _namespace(identity: Identity) -> str:
    return identity[-1].rpartition("/")[0]


def _is_marked(attributes: Attributes) -> bool:
    """Whether the project is only kept until its deletion."""
    return any(attributes.get(name) for name in ("marked_for_deletion_on", "marked_for_deletion_at"))
