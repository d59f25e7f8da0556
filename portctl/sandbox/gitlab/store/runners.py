"""Runners: the sandbox's own, whose token another may use, and those that register with the token of a project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import forbidden, not_found
from portctl.sandbox.gitlab.store.instance import Instance

TABLE = "runners"
OWN = 1
"""The id of the sandbox's own."""
_OWN_TAGS = ("sandbox",)
_TOKEN_LENGTH = 20


def own(instance: Instance) -> Row:
    """It takes jobs of every project. Its row is kept once something about it has changed."""
    token = f"glrt-{derive(f'{instance.world.ids.seed}:runner', _TOKEN_LENGTH)}"
    return instance.state.get(TABLE, str(OWN)) or _new(OWN, token, "sandbox", _OWN_TAGS)


def of_job(instance: Instance, job: Row) -> Row:
    """The one that has taken the job, or will."""
    return instance.state.get(TABLE, str(job.get("runner_id") or OWN)) or own(instance)


def by_token(instance: Instance, token: str) -> Row:
    """Errors: 403 for a token of nobody."""
    for row in (own(instance), *instance.state.rows(TABLE).values()):
        if row["token"] == token:
            return row
    raise forbidden()


def register(instance: Instance, project: Row, given: Mapping[str, Any]) -> Row:
    """A runner for the jobs of one project."""
    tags = tuple(given.get("tag_list") or ())
    paused = bool(given.get("paused") or given.get("active") is False)
    return _stored(
        instance,
        _new(
            instance.next_id("runner"),
            instance.world.ids.token(_TOKEN_LENGTH),
            given.get("description") or "",
            tags,
            project_id=project["id"],
            run_untagged=given.get("run_untagged") is not False,
            paused=paused,
        ),
    )


def renew_token(instance: Instance, row: Row) -> Row:
    prefix = "glrt-" if row["token"].startswith("glrt-") else ""
    return _stored(instance, {**row, "token": f"{prefix}{instance.world.ids.token(_TOKEN_LENGTH)}"})


def remove(instance: Instance, row: Row) -> None:
    instance.state.drop(TABLE, str(row["id"]))


def met(instance: Instance, row: Row, system_id: str | None) -> Row:
    """A machine has come with the runner's token."""
    if system_id is None or system_id in row["managers"]:
        return row
    return _stored(instance, {**row, "managers": [*row["managers"], system_id]})


def part(instance: Instance, row: Row, system_id: str) -> None:
    """Forget a machine. Errors: 404 when it never came."""
    if system_id not in row["managers"]:
        raise not_found("Runner manager not found")
    _stored(instance, {**row, "managers": [each for each in row["managers"] if each != system_id]})


def takes(row: Row, job: Row) -> bool:
    """Whether it can run a job: project, and all of the job's tags."""
    tags: Iterable[str] = job["spec"].get("tags", ())
    if row["project_id"] not in (None, job["project_id"]):
        return False
    return set(tags) <= set(row["tags"]) if tags else bool(row["run_untagged"])


def shown(row: Row) -> Row:
    """As it stands in a job."""
    return {
        "id": row["id"],
        "description": row["description"],
        "ip_address": "127.0.0.1",
        "active": not row["paused"],
        "paused": row["paused"],
        "is_shared": row["project_id"] is None,
        "runner_type": "instance_type" if row["project_id"] is None else "project_type",
        "name": "gitlab-runner",
        "online": True,
        "status": "online",
    }


def _new(
    number: int,
    token: str,
    description: str,
    tags: Iterable[str],
    *,
    project_id: int | None = None,
    run_untagged: bool = True,
    paused: bool = False,
) -> Row:
    return {
        "id": number,
        "token": token,
        "description": description,
        "tags": list(tags),
        "project_id": project_id,
        "run_untagged": run_untagged,
        "paused": paused,
        "managers": [],
    }


def _stored(instance: Instance, row: Row) -> Row:
    instance.state.put(TABLE, str(row["id"]), row)
    return row
