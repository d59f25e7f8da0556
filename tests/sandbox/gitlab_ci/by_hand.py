"""What a runner sends, call by call, without running anything."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.gitlab_ci.workshop import Workshop


class Runner:
    """Comes while the sandbox's own is paused, with its token or with one that it is given."""

    def __init__(self, workshop: Workshop, client: httpx.Client) -> None:
        self.workshop = workshop
        self.client = client
        self.control = workshop.sandbox.control
        answer = httpx.put(f"{self.control}/runner", json={"paused": True}).raise_for_status().json()
        self.token: str = answer["token"]

    def begin(self, pipeline: str, payload: Any = None) -> None:
        self.workshop.commit(pipeline)
        self.workshop.last = self.workshop.trigger(payload)
        self.workshop.settle()

    def request(self, token: str | None = None) -> httpx.Response:
        body = {"token": token or self.token, "system_id": "s_1", "info": {"name": "somebody"}}
        return self.client.post("/jobs/request", json=body)

    def take(self) -> dict[str, Any]:
        answer = self.request()
        assert answer.status_code == 201, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def send(self, job: dict[str, Any], text: str, start: str = "0-0", **headers: str) -> httpx.Response:
        sent = {"job-token": job["token"], "content-range": start, **headers}
        return self.client.patch(f"/jobs/{job['id']}/trace", content=text.encode(), headers=sent)

    def end(self, job: dict[str, Any], state: str, **more: Any) -> httpx.Response:
        answer = self.client.put(f"/jobs/{job['id']}", json={"token": job["token"], "state": state, **more})
        self.workshop.settle()
        return answer
