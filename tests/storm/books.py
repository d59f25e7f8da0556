"""What the three services have written down, read page by page."""

from __future__ import annotations

import json
from typing import Any

from portctl.story.services import Row, Said, Services
from portctl.story.telling import DEPLOY_STEP

_PROJECT = "projects/platform%2Fdeployment"
_PAGE = 100
_MOST_CHANGES = 1_000


class Books:
    """Reads only. What a pipeline was started with does not change and is read once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._payloads: dict[int, Row] = {}

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

    def payload(self, pipeline: int) -> Row:
        if pipeline not in self._payloads:
            self._payloads[pipeline] = json.loads(self._services.payload(pipeline))
        return self._payloads[pipeline]

    def run_of(self, pipeline: int) -> str:
        """The developer's run that the pipeline works for."""
        return str(self.payload(pipeline)["deploy_run_id"])

    def service_of(self, pipeline: int) -> str | None:
        """The service that a request names; None where the pipeline follows a decision."""
        found: str | None = self.payload(pipeline).get("entity")
        return found

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
        for row in self.pipelines():
            jobs = self._services.jobs(row["id"])
            times = sum(
                self._services.trace(job["id"]).count(f"\n{DEPLOY_STEP}")
                for job in jobs
                if job["name"] == "deploy" and job["status"] != "skipped"
            )
            run = self.run_of(row["id"])
            found[run] = found.get(run, 0) + times
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
