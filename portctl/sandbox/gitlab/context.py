"""What a handler gets: the request, who asks, and the instance it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab import pagination
from portctl.sandbox.gitlab.errors import forbidden, unauthorized
from portctl.sandbox.gitlab.parameters import Fields, checked, received
from portctl.sandbox.gitlab.store import access, namespaces, projects
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a known route. `user` and `token` are None for callers without an account."""

    request: Request
    params: Mapping[str, str]
    instance: Instance
    user: Row | None
    token: Row | None
    tables: Reader
    """What a read sees: late, where the sandbox lags."""

    @property
    def me(self) -> Row:
        """The user who asks. Errors: 401."""
        if self.user is None:
            raise unauthorized()
        return self.user

    def values(self, fields: Fields) -> dict[str, Any]:
        """The declared parameters that were sent. Errors: 400."""
        return checked(fields, received(self.request))

    def project(self, needed: Level = Level.NONE) -> Row:
        """The project of the path. Errors: 404 absent or invisible, 403 when the caller's role is too low."""
        row = projects.find(self.instance, self.user, self.params["project"])
        if needed and access.project_level(self.instance, self.user, row) < needed:
            raise forbidden()
        return row

    def writable_project(self, needed: Level) -> Row:
        """As `project`, and neither archived nor about to be deleted."""
        row = self.project(needed)
        projects.refuse_read_only(row)
        return row

    def group(self, needed: Level = Level.NONE) -> Row:
        row = namespaces.find_group(self.instance, self.user, self.params["group"])
        if needed and access.namespace_level(self.instance, self.user, row["id"]) < needed:
            raise forbidden()
        return row

    def page(self, items: Sequence[Any], show: Callable[[Any], Any] = lambda item: item) -> Answer:
        """One page of a list that is cut by offset only."""
        pagination.refuse_keyset(self.request)
        return pagination.offset(self.request, self.instance.address.url, items, show)


Handler = Callable[[Call], Answer]


def done() -> Answer:
    """204: no content."""
    return Answer(204, "")
