"""A project whose pipelines are tried out: commit a file, trigger, wait, look."""

from __future__ import annotations

from typing import Any

import httpx

from portctl.sandbox.server import Sandbox

PROJECT = "/projects/platform%2Fpipelines"


class Workshop:
    """`platform/pipelines` of the sandbox, as its owner, with a trigger; developers may set pipeline variables."""

    def __init__(self, sandbox: Sandbox, client: httpx.Client) -> None:
        self.sandbox = sandbox
        self.client = client
        client.put(PROJECT, json={"ci_pipeline_variables_minimum_override_role": "developer"}).raise_for_status()
        made = client.post(f"{PROJECT}/triggers", json={"description": "tests"}).raise_for_status().json()
        self.trigger_id: int = made["id"]
        self.token: str = made["token"]
        self._actions: dict[str, str] = {}

    def commit(self, pipeline: str, **files: str) -> None:
        """Commit the pipeline file and others; a double underscore in a name stands for a slash, one for a dot."""
        named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
        actions = [
            {"action": self._actions.setdefault(path, "create"), "file_path": path, "content": content}
            for path, content in {".gitlab-ci.yml": pipeline, **named}.items()
        ]
        body = {"branch": "main", "commit_message": "Try", "actions": actions}
        self.client.post(f"{PROJECT}/repository/commits", json=body).raise_for_status()
        self._actions |= dict.fromkeys(self._actions, "update")

    def variable(self, key: str, value: str, **more: Any) -> None:
        self.client.post(f"{PROJECT}/variables", json={"key": key, "value": value, **more}).raise_for_status()

    def try_trigger(self, payload: Any = None, ref: str = "main") -> httpx.Response:
        address = f"{PROJECT}/ref/{ref}/trigger/pipeline"
        return self.client.post(address, params={"token": self.token}, json=payload or {})

    def trigger(self, payload: Any = None) -> int:
        answer = self.try_trigger(payload)
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["id"]
        return number

    def run(self, pipeline: str, payload: Any = None, **files: str) -> dict[str, str]:
        """Commit, trigger, wait; the state of every job."""
        self.commit(pipeline, **files)
        self.last = self.trigger(payload)
        self.settle()
        return self.states()

    def settle(self) -> None:
        self.sandbox.settle()

    def pipeline(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{PROJECT}/pipelines/{self.last}").json()
        return found

    def jobs(self, **filters: Any) -> list[dict[str, Any]]:
        """In the order of their creation."""
        listed = self.client.get(f"{PROJECT}/pipelines/{self.last}/jobs", params=filters).json()
        return list(reversed(listed))

    def job(self, name: str) -> dict[str, Any]:
        return next(job for job in self.jobs() if job["name"] == name)

    def states(self) -> dict[str, str]:
        return {job["name"]: job["status"] for job in self.jobs()}

    def log(self, name: str) -> str:
        return self.client.get(f"{PROJECT}/jobs/{self.job(name)['id']}/trace").text

    def output(self, name: str) -> list[str]:
        """What the commands of a job have printed: the log without the runner's own lines."""
        lines = self.log(name).split('Executing "step_script" stage of the job script\n')[1].splitlines()
        return [line for line in lines if not line.startswith(("$ ", "Job succeeded", "ERROR: Job failed", "Upload"))]
