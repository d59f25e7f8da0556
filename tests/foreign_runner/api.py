"""GitLab's runner API as its runner speaks it: paths, headers, bodies, and what each status means to it.

Written from gitlab-runner's network/gitlab.go and network/trace.go, not from the sandbox.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import httpx

Job = dict[str, Any]
INFO: Mapping[str, Any] = {
    "name": "gitlab-runner",
    "version": "18.6.0",
    "revision": "0000000",
    "platform": "linux",
    "architecture": "amd64",
    "executor": "shell",
    "shell": "bash",
    "features": dict.fromkeys(
        (
            "variables", "artifacts", "upload_multiple_artifacts", "upload_raw_artifacts", "refspecs", "masking",
            "raw_variables", "artifacts_exclude", "trace_reset", "trace_checksum", "trace_size", "cancelable",
            "return_exit_code", "cancel_gracefully", "shared",
        ),
        True,
    ),
}  # fmt: skip
_MACHINE = "s_0123456789ab"
_DOWNLOAD_TRIES = 3


class Gone(Exception):
    """GitLab does not want this job any more: it was canceled, has ended, or is another's."""


class Client:
    """`status`: what GitLab last said about a job."""

    def __init__(self, gitlab: str) -> None:
        self._http = httpx.Client(base_url=f"{gitlab}/api/v4", timeout=60)
        self.status = "running"

    def close(self) -> None:
        self._http.close()

    def register(self, registration_token: str, **settings: Any) -> str:
        """With the token of a project; the token to come with from then on."""
        body = {"token": registration_token, "info": INFO, "run_untagged": True, "locked": True, **settings}
        headers = {"runner-token": registration_token}
        answer = _expected(self._http.post("/runners", json=body, headers=headers), 201).json()
        token: str = answer["token"]
        self.verify(token)
        return token

    def verify(self, token: str) -> None:
        body = {"token": token, "system_id": _MACHINE, "info": INFO}
        answer = self._http.post("/runners/verify", json=body, headers={"runner-token": token})
        assert _expected(answer, 200).json()["token"] == token

    def unregister(self, token: str) -> None:
        _expected(self._http.request("DELETE", "/runners", json={"token": token}), 204)

    def request(self, token: str) -> Job | None:
        body = {"token": token, "system_id": _MACHINE, "info": INFO, "last_update": ""}
        answer = self._http.post("/jobs/request", json=body, headers={"runner-token": token})
        if answer.status_code == 204:
            return None
        self.status = "running"
        job: Job = _expected(answer, 201).json()
        return job

    def append(self, job: Job, start: int, piece: bytes) -> int:
        """Send a piece of the log; where the next one begins. Errors: Gone."""
        answer = self._http.patch(
            f"/jobs/{job['id']}/trace?debug_trace=false",
            content=piece,
            headers={
                "content-type": "text/plain",
                "job-token": job["token"],
                "content-range": f"{start}-{start + len(piece) - 1}",
            },
        )
        if answer.status_code == 416:
            return int(answer.headers["range"].partition("-")[2])
        self._hear(_expected(answer, 202, 403))
        assert answer.headers["range"] == f"0-{start + len(piece)}"
        assert int(answer.headers["x-gitlab-trace-update-interval"]) > 0
        return start + len(piece)

    def touch(self, job: Job, log: bytes) -> None:
        """Say that the job still runs. Errors: Gone."""
        self._hear(_expected(self._update(job, log, {"state": "running"}), 200, 403))

    def finish(self, job: Job, log: bytes, **outcome: Any) -> None:
        """Say how it has ended. GitLab's word about an ended job is not listened to."""
        answer = self._update(job, log, outcome)
        assert answer.status_code in (200, 403), answer.text

    def upload(self, job: Job, wanted: Mapping[str, Any], name: str, content: bytes) -> str | None:
        """Hand in a file; what is wrong with it."""
        query = {
            "artifact_format": wanted["artifact_format"],
            "artifact_type": wanted["artifact_type"],
            **({"expire_in": wanted["expire_in"]} if wanted.get("expire_in") else {}),
        }
        files = {"file": (name, content, "application/octet-stream")}
        headers = {"job-token": job["token"]}
        answer = self._http.post(f"/jobs/{job['id']}/artifacts", params=query, files=files, headers=headers)
        return None if answer.status_code == 201 else f"{answer.status_code} {answer.json()['message']}"

    def download(self, dependency: Mapping[str, Any]) -> bytes | None:
        headers = {"job-token": dependency["token"]}
        path = f"/jobs/{dependency['id']}/artifacts"
        for _ in range(_DOWNLOAD_TRIES):
            answer = self._http.get(path, params={"direct_download": "false"}, headers=headers)
            if answer.status_code == 200:
                return answer.content
            assert answer.status_code in (401, 403, 404), answer.text
        return None

    def _update(self, job: Job, log: bytes, state: Mapping[str, Any]) -> httpx.Response:
        checksum = f"crc32:{zlib.crc32(log):08x}"
        output = {"checksum": checksum, "bytesize": len(log)}
        body = {"info": INFO, "token": job["token"], "checksum": checksum, "output": output, **state}
        return self._http.put(f"/jobs/{job['id']}", json=body, headers={"job-token": job["token"]})

    def _hear(self, answer: httpx.Response) -> None:
        self.status = answer.headers.get("job-status", self.status)
        if answer.status_code == 403 or self.status in ("canceled", "failed"):
            raise Gone(self.status)


def _expected(answer: httpx.Response, *statuses: int) -> httpx.Response:
    assert answer.status_code in statuses, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer
