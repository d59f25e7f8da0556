"""What a runner sends, call by call, without running anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any, TypeAlias

import httpx

from tests.sandbox.gitlab_ci.workshop import Workshop

Answered: TypeAlias = tuple[int, Any]
FEATURES = ("upload_multiple_artifacts", "artifacts_exclude", "return_exit_code", "cancel_gracefully")


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

    def request(self, token: str | None = None, features: Sequence[str] | None = None) -> httpx.Response:
        known = dict.fromkeys(FEATURES if features is None else features, True)
        info = {"name": "somebody", "features": known}
        body = {"token": token or self.token, "system_id": "s_1", "info": info}
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


def zipped(**texts: str) -> bytes:
    """An archive; double underscores in names stand for slashes, one for a dot."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return content.getvalue()


def upload(runner: Runner, job: dict[str, Any], content: bytes, token: str | None = None, **fields: str) -> Answered:
    headers = {"job-token": token or job["token"]}
    files = {"file": (fields.pop("filename", "artifacts.zip"), content)}
    answer = runner.client.post(f"/jobs/{job['id']}/artifacts", files=files, params=fields, headers=headers)
    return answer.status_code, answer.json()
