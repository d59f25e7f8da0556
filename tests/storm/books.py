"""What the three services have written down, read page by page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from portctl.story.narration import DEPLOY_STEP
from portctl.story.services import Row, Said, Services

_PROJECT = "projects/platform%2Fdeployment"
_MARKS = "projects/gate%2Fdeployment-marks/repository"
_PAGE = 100
_MOST_CHANGES = 1_000


class Books:
    """Reads only."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def gitlab(self, method: str, path: str, body: Any = None) -> Said:
        return self._services.gitlab(method, f"{_PROJECT}/{path}", body)

    def pipelines(self) -> list[Row]:
        """All of them, oldest first."""
        found: list[Row] = []
        while True:
            number = len(found) // _PAGE + 1
            rows = self.gitlab("GET", f"pipelines?per_page={_PAGE}&sort=asc&page={number}").body
            found += rows
            if len(rows) < _PAGE:
                return found

    def called(self, kind: str) -> list[Row]:
        """The pipelines that were started for this: their names begin with it."""
        return [row for row in self.pipelines() if (row["name"] or "").startswith(f"{kind} ")]

    def started_job(self, run: str) -> int | None:
        """The deploy job that the mark of a deployment names: 0 where it was given up, None where there is no mark."""
        tree = self._services.gitlab("GET", f"{_MARKS}/tree?path=deployments&per_page={_PAGE}").body
        for month in (row["path"] for row in tree):
            path = quote(f"{month}/{run}/started.json", safe="")
            said = self._services.gitlab("GET", f"{_MARKS}/files/{path}/raw?ref=main")
            if said.is_good:
                return int(said.body["job"])
        return None

    def changes(self, approval: str | None = None) -> dict[str, str]:
        """By developer's run: the change request that was opened for it. Errors: ValueError where there are two."""
        query = f"/api/now/table/change_request?sysparm_limit={_MOST_CHANGES}"
        rows = self._services.snow("GET", query, person="admin").body["result"]
        ours = [row for row in rows if row["correlation_display"] == "Port"]
        runs = [row["correlation_id"] for row in ours]
        if len(set(runs)) != len(runs):
            raise ValueError(f"two change requests for one run: {sorted(runs)}")
        return {row["correlation_id"]: row["sys_id"] for row in ours if approval in (None, row["approval"])}

    def words(self) -> dict[str, str]:
        """By developer's run: what its change request says about approval, and its state."""
        found = {}
        for run, change in self.changes().items():
            row = self._services.snow("GET", f"/api/now/table/change_request/{change}", person="admin").body["result"]
            found[run] = f"{row['approval']} {row['state']}"
        return found

    def deploy_starts(self) -> dict[str, int]:
        """By developer's run: how often a deploy step was begun, as the logs of the jobs tell."""
        found: dict[str, int] = {}
        for row in self.called("deploy"):
            times = sum(
                self._services.trace(job["id"]).count(f"\n{DEPLOY_STEP}")
                for job in self._services.jobs(row["id"])
                if job["name"] == "deploy" and job["status"] != "skipped"
            )
            found[run_of(row)] = found.get(run_of(row), 0) + times
        return found

    def open_deployments(self) -> list[str]:
        """What the catalogue of Port takes for open."""
        rows = self._services.port("GET", "/blueprints/openDeployment/entities").body["entities"]
        return [str(row["identifier"]) for row in rows]

    def unfinished(self) -> list[str]:
        """Pipelines and jobs that have not come to an end."""
        ended = ("success", "failed", "canceled", "skipped")
        found = [f"pipeline {row['id']} {row['status']}" for row in self.pipelines() if row["status"] not in ended]
        for row in self.pipelines():
            jobs = self._services.jobs(row["id"])
            found += [f"job {job['id']} {job['status']}" for job in jobs if job["status"] not in ended]
        return found


def run_of(pipeline: Row) -> str:
    """The developer's run that a pipeline works for: its name ends with it."""
    return str(pipeline["name"]).split(" ")[1]
