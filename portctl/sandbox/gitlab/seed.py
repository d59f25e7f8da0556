"""What a freshly reset instance holds: people with their tokens, two groups, and projects with their repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.git.repository import Repository
from portctl.sandbox.gitlab.git.writing import Blob, NewCommit, Signature, write_commit
from portctl.sandbox.gitlab.seed_content import CONTENT
from portctl.sandbox.gitlab.store import members, namespaces, projects, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance

_AGE_SECONDS = 30 * 86_400
_FOREVER = "2999-12-31"
_AUTHOR = Signature("Olga Owner", "olga.owner@example.com", 1_767_225_600)


@dataclass(frozen=True, slots=True)
class _Person:
    """`role` in both groups."""

    credential: str
    username: str
    name: str
    role: Level
    bot: bool = False


_PEOPLE = (
    _Person("default", "sa-portctl", "portctl", Level.OWNER, bot=True),
    _Person("owner", "olga.owner", "Olga Owner", Level.OWNER),
    _Person("maintainer", "max.maintainer", "Max Maintainer", Level.MAINTAINER),
    _Person("other-maintainer", "mia.maintainer", "Mia Maintainer", Level.MAINTAINER),
    _Person("developer", "dora.developer", "Dora Developer", Level.DEVELOPER),
    _Person("reporter", "rita.reporter", "Rita Reporter", Level.REPORTER),
    _Person("guest", "gus.guest", "Gus Guest", Level.GUEST),
    _Person("outsider", "otto.outsider", "Otto Outsider", Level.NONE),
)
_MORE_TOKENS = (
    ("readonly", "max.maintainer", ["read_api"]),
    ("default-readonly", "sa-portctl", ["read_api"]),
    ("repository-only", "max.maintainer", ["read_repository", "write_repository"]),
    ("expired", "max.maintainer", ["api"]),
    ("revoked", "max.maintainer", ["api"]),
)


def fill(instance: Instance) -> None:
    """Everything was made a month ago."""
    clock = instance.world.clock
    clock.advance(-_AGE_SECONDS)
    root = users.create(instance, username="root", name="Administrator", is_admin=True)
    _token(instance, root, "admin", ["api"])
    known = {"root": root}
    for person in _PEOPLE:
        user = users.create(instance, username=person.username, name=person.name, bot=person.bot)
        known[person.username] = user
        _token(instance, user, person.credential, ["api"])
    for name, username, scopes in _MORE_TOKENS:
        _token(instance, known[username], name, scopes)
    for path, name, inside in (("platform", "Platform", ("pipelines",)), ("shop", "Shop", _SERVICES)):
        group = namespaces.create(instance, root, {"path": path, "name": name})
        members.remove_all(instance, "namespace", group["id"])
        _join(instance, root, group, known)
        for project in inside:
            values = {"path": project, "name": project, "namespace_id": group["id"]}
            projects.create(instance, root, values, seeded=project)
    clock.advance(_AGE_SECONDS)
    instance.state.forget()


def fill_repository(repository: Repository, project: dict[str, Any]) -> None:
    """The first commits of a seeded project; nothing for any other."""
    parents: tuple[str, ...] = ()
    for message, files in CONTENT.get(project["seeded"] or "", ()):
        new = NewCommit(
            branch=project["initial_branch"],
            parents=parents,
            author=_AUTHOR,
            committer=_AUTHOR,
            message=message,
            changes={path: Blob(text.encode()) for path, text in files.items()},
        )
        parents = (write_commit(repository, new),)


_SERVICES = ("checkout", "payments", "catalog")


def _join(instance: Instance, root: Row, group: Row, known: dict[str, Row]) -> None:
    for person in _PEOPLE:
        if person.role:
            values = {"user_id": known[person.username]["id"], "access_level": int(person.role)}
            members.add(instance, root, "namespace", group, values)


def _token(instance: Instance, user: Row, name: str, scopes: list[str]) -> None:
    """Derived from the seed and the name, so that it stays the same when others are added."""
    row = users.issue(instance, user, name=name, scopes=scopes, expires_at=_FOREVER)
    value = f"glpat-{derive(f'{instance.world.ids.seed}:gitlab:{name}', 26)}"
    today = instance.today()
    row = {**row, "token": value, "revoked": name == "revoked", "expires_at": today if name == "expired" else _FOREVER}
    instance.state.put("tokens", str(row["id"]), row)
