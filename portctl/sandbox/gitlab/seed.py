"""What a freshly reset instance holds: people with their tokens, groups, and projects with their repositories."""

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
    """`role` in the groups `platform` and `shop`."""

    credential: str
    username: str
    name: str
    role: Level
    bot: bool = False
    scope: str = "api"


_PEOPLE = (
    _Person("default", "sa-portctl", "portctl", Level.OWNER, bot=True),
    _Person("owner", "olga.owner", "Olga Owner", Level.OWNER),
    _Person("maintainer", "max.maintainer", "Max Maintainer", Level.MAINTAINER),
    _Person("other-maintainer", "mia.maintainer", "Mia Maintainer", Level.MAINTAINER),
    _Person("developer", "dora.developer", "Dora Developer", Level.DEVELOPER),
    _Person("reporter", "rita.reporter", "Rita Reporter", Level.REPORTER),
    _Person("guest", "gus.guest", "Gus Guest", Level.GUEST),
    _Person("outsider", "otto.outsider", "Otto Outsider", Level.NONE),
    _Person("gate-reader", "sa-gate", "Deployment gate", Level.REPORTER, bot=True, scope="read_api"),
)
_MORE_TOKENS = (
    ("gate-marks", "sa-gate", ["api"]),
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
        _token(instance, user, person.credential, [person.scope])
    for name, username, scopes in _MORE_TOKENS:
        _token(instance, known[username], name, scopes)
    for path, name, inside in (("platform", "Platform", ("pipelines",)), ("shop", "Shop", _SERVICES)):
        group = _group(instance, root, path, name)
        _join(instance, root, group, known)
        for project in inside:
            _project(instance, root, group, project)
    _marks(instance, root, known)
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


_SERVICES = ("checkout", "payments", "catalog", "storefront", "pricing")


def _group(instance: Instance, root: Row, path: str, name: str) -> Row:
    group = namespaces.create(instance, root, {"path": path, "name": name})
    members.remove_all(instance, "namespace", group["id"])
    return group


def _project(instance: Instance, root: Row, group: Row, name: str, **settings: str) -> Row:
    values = {"path": name, "name": name, "namespace_id": group["id"], **settings}
    return projects.create(instance, root, values, seeded=name)


def _marks(instance: Instance, root: Row, known: dict[str, Row]) -> None:
    """A group of its own: nobody inherits the right to write marks, but the account that provisions."""
    group = _group(instance, root, "gate", "Gate")
    owner = {"user_id": known["sa-portctl"]["id"], "access_level": int(Level.OWNER)}
    members.add(instance, root, "namespace", group, owner)
    project = _project(instance, root, group, "deployment-marks", builds_access_level="disabled")
    writer = {"user_id": known["sa-gate"]["id"], "access_level": int(Level.MAINTAINER)}
    members.add(instance, root, "project", project, writer)


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
