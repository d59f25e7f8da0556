"""What reading and writing have in common for all kinds of GitLab: pages, updates in part, and 404s that may lie.

Source: GitLab docs, "REST API", pagination: `x-next-page` is empty on the last page and only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from portctl.errors import AccessDenied, ApiError
from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.provider import WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import Attributes
from portctl.providers.gitlab.account import Account
from portctl.providers.paths import collection_path
from portctl.providers.rest import RestProvider
from portctl.vault import Vault
from portctl.wire.client import Client
from portctl.wire.listing import Listing

WIDTH = 8
NOT_FOUND = 404
_PAGE = 100


def pages(client: Client, path: str, query: Mapping[str, str] | None = None) -> list[Attributes]:
    """Every object of a list. A list whose end cannot be told raises: a short list would look like deleted objects."""
    found: list[Attributes] = []
    listing = Listing("GET", path)
    page, seen = "1", set[str]()
    while page:
        seen.add(page)
        response = client.request("GET", path, query={**(query or {}), "per_page": str(_PAGE), "page": page})
        items, following = response.body, response.headers.get("x-next-page")
        if not isinstance(items, tuple) or not all(isinstance(item, Mapping) for item in items):
            raise _cut(path, "the answer is not a list")
        if (following is None and len(items) >= _PAGE) or following in seen:
            raise _cut(path, "nothing tells where the list ends")
        listing.add(items, response)
        found.extend(items)
        page = following or ""
    return found


def invisible(what: str, user: str, hint: str) -> AccessDenied:
    """GitLab answers 404 for what is absent and for what may not be seen."""
    return AccessDenied(
        "Cannot tell whether it exists",
        f"GitLab answers 404 for {what}, which is also its answer to a user who may not see it, here {user}",
        hint=hint,
    )


class GitLabObjects(RestProvider):
    """Objects of one instance, whatever their kind."""

    def __init__(
        self,
        name: str,
        client: Client,
        vault: Vault,
        *,
        account: Account,
        login: Callable[[], InstanceInfo],
        sleep: Callable[[float], object],
    ) -> None:
        super().__init__(name, client, vault, login=login, width=WIDTH, sleep=sleep)
        self._account = account

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        """A PUT changes what it names and nothing else."""
        return self._write(kind, live.identity, kind.update, self._patch(kind, live.attributes, write))

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        """What answers 404 is looked for in its list, which is refused to who may not see the object."""
        live = super()._fetch(kind, identity)
        return live if live is not None or not kind.listed else self.read(kind, [identity]).get(identity)

    def _objects(self, kind: Kind, wanted: Sequence[Identity]) -> list[Attributes]:
        path = collection_path(kind, wanted[0])
        try:
            return pages(self._client, path, kind.list_query)
        except ApiError as error:
            if error.status == NOT_FOUND:
                hint = "Check the name; if it is right, this user needs a role there."
                raise invisible(path, self._account.user().name, hint) from error
            raise


def _cut(path: str, what: str) -> ApiError:
    return ApiError("Unexpected answer", f"GET {path}: {what}", method="GET", path=path, status=200)
