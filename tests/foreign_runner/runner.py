"""A runner of its own: it asks for jobs, runs them on this machine, and says how they went."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.foreign_runner.api import Client, Gone, Job
from tests.foreign_runner.machine import Machine

_ASK_SECONDS = 0.1


class ForeignRunner:
    """A context manager: it serves while it is open, unless `paused`. `error`: what has ended it too early."""

    def __init__(self, gitlab: str, token: str, folder: Path) -> None:
        self.ran: list[str] = []
        self.error: Exception | None = None
        self.paused = False
        self._client = Client(gitlab)
        self._token = token
        self._folder = folder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="foreign-runner")

    def __enter__(self) -> ForeignRunner:
        self._client.verify(self._token)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def _serve(self) -> None:
        try:
            while not self._stopping.is_set():
                job = None if self.paused else self._client.request(self._token)
                if job is None:
                    self._stopping.wait(_ASK_SECONDS)
                else:
                    self.ran.append(job["job_info"]["name"])
                    _Attempt(self._client, job, self._folder / str(job["id"]), self._stopping).run()
        except Exception as error:
            self.error = error


class _Attempt:
    """One job, from its checkout to what it leaves."""

    def __init__(self, client: Client, job: Job, folder: Path, stopping: threading.Event) -> None:
        self._client = client
        self._job = job
        self._stopping = stopping
        self._secrets = sorted((each["value"] for each in job["variables"] if each["masked"]), key=len, reverse=True)
        self._log = b""
        self._held = b""
        self._sent = 0
        self._machine = Machine(job, folder, self._say)

    def run(self) -> None:
        try:
            status, outcome = self._played()
        except Gone:
            return
        self._line(b"Job succeeded" if status == "success" else f"ERROR: Job failed: {outcome}".encode())
        try:
            self._send()
        except Gone:
            return
        self._client.finish(self._job, self._log, **outcome)

    def _played(self) -> tuple[str, dict[str, Any]]:
        """Errors: Gone."""
        self._line(b"Running with a foreign runner")
        self._machine.prepare()
        for dependency in self._job["dependencies"]:
            if dependency.get("artifacts_file"):
                self._line(f"Downloading artifacts for {dependency['name']} ({dependency['id']})...".encode())
                archive = self._client.download(dependency)
                if archive is None:
                    return _failed(1)
                self._machine.unpack(archive)
        steps = {step["name"]: step["script"] for step in self._job["steps"]}
        code = self._machine.run(steps["script"], "running", self._is_over)
        status = "canceled" if code is None else "success" if code == 0 else "failed"
        if "after_script" in steps:
            self._machine.run(steps["after_script"], status, self._stopping.is_set)
        if status != "canceled" and not self._handed_in(status):
            return _failed(1)
        if code == 0:
            return status, {"state": "success"}
        return _failed(1 if code is None else code, status)

    def _handed_in(self, status: str) -> bool:
        """Whether GitLab has taken all that the job has to leave."""
        fits = ("always", f"on_{'success' if status == 'success' else 'failure'}")
        for wanted in self._job["artifacts"] or ():
            found = self._machine.packed(wanted) if wanted["when"] in fits else None
            refusal = self._client.upload(self._job, wanted, *found) if found else None
            if refusal is not None:
                self._line(f"ERROR: Uploading artifacts to coordinator... {refusal}".encode())
                return False
        return True

    def _is_over(self) -> bool:
        """Errors: Gone."""
        self._send()
        self._client.touch(self._job, self._log)
        return self._client.status == "canceling" or self._stopping.is_set()

    def _line(self, text: bytes) -> None:
        self._say(text + b"\n")

    def _say(self, piece: bytes) -> None:
        """Whole lines go into the log, masked: no secret has a line break."""
        whole, newline, self._held = (self._held + piece).rpartition(b"\n")
        for secret in self._secrets:
            whole = whole.replace(secret.encode(), b"[MASKED]")
        self._log += b"".join(_stamp() + line + newline for line in whole.split(b"\n")) if newline else b""

    def _send(self) -> None:
        """Errors: Gone."""
        while self._sent < len(self._log):
            self._sent = self._client.append(self._job, self._sent, self._log[self._sent :])


def _stamp() -> bytes:
    """What stands before every line of a log since gitlab-runner 17.5: a time, the stream, and which part of it."""
    return f"{datetime.now(UTC).isoformat(timespec='microseconds').replace('+00:00', 'Z')} 01O ".encode()


def _failed(code: int, status: str = "failed") -> tuple[str, dict[str, Any]]:
    return status, {"state": "failed", "failure_reason": "script_failure", "exit_code": code}
