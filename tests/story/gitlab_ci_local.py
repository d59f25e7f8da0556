"""A runner that takes the jobs of the emulated GitLab and runs whole pipelines under gitlab-ci-local.

It comes as GitLab's runners do: it asks for a job, gets its commit, its variables and a token, and sends back log and
state. For the first job of a pipeline the tool runs all of it; for the other jobs, GitLab is then told what the tool
has done. Which jobs run at all is decided by both of them, and compared.

What the tool does not do is run by it as a single job: one that somebody starts again, one that comes after a job that
has taken the tool along when it died, and `when: on_failure` after jobs that are skipped, which the tool waits for.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from portctl.sandbox.gitlab.ci.runner.shells import bash

VERSION = "4.73.0"
TOOL = shutil.which("gitlab-ci-local")
PATIENCE_SECONDS = 120.0
_ASK_SECONDS = 0.05
_KILLED = 137
_ENDED = re.compile(r"^(?P<job>\S+) +finished in [\d.]+ m?s(?:\s+(?:FAIL|WARN)\s+(?P<code>\d+))?", re.MULTILINE)
_IMAGE = re.compile(r"^ *image:.*\n", re.MULTILINE)
_OF_THE_TOOL = re.compile(r"CI_(JOB|NODE|CONCURRENT|RUNNER|BUILDS|PROJECT_DIR|REPOSITORY)")
_STATE = ".gcl"
_RSYNC = """#!/bin/sh
# The tool copies the project once more before after_script, and would take away what the script has left.
for target; do :; done
[ "$1 $2" = "-a --delete-excluded" ] && [ -d "$target/.git" ] && exit 0
exec {rsync} "$@"
"""

Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What the tool says about a job. `code`: None where the tool has died with it."""

    trace: str
    code: int | None


@dataclass(slots=True)
class Ran:
    """A pipeline under the tool. `code`: how the tool ended. `unasked`: jobs that it ran and GitLab did not ask for.

    `alone`: jobs that it ran one by one afterwards.
    """

    folder: Path
    code: int
    unasked: dict[str, Result]
    alone: list[str] = field(default_factory=list)


class Runner:
    """A context manager: it serves while it is open. `error`: what has ended it too early."""

    def __init__(self, gitlab: str, token: str, folder: Path) -> None:
        self.ran: dict[int, Ran] = {}
        self.error: Exception | None = None
        self._http = httpx.Client(base_url=f"{gitlab}/api/v4", timeout=30)
        self._token = token
        self._folder = folder
        self._environment = _environment(folder)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="gitlab-ci-local")

    def __enter__(self) -> Runner:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._http.close()

    def _serve(self) -> None:
        try:
            while not self._stopping.is_set():
                answer = self._http.post("/jobs/request", json={"token": self._token}).raise_for_status()
                if answer.status_code == 201:
                    self._run(answer.json())
                else:
                    self._stopping.wait(_ASK_SECONDS)
        except Exception as error:
            self.error = error

    def _run(self, job: Job) -> None:
        name, number = job["job_info"]["name"], int(_variables(job)["CI_PIPELINE_ID"])
        if number not in self.ran:
            folder = self._folder / str(number)
            self._check_out(job, folder)
            self.ran[number] = Ran(folder, *self._tool(folder, job))
        ran = self.ran[number]
        result = ran.unasked.pop(name, None)
        if result is None:
            ran.alone.append(name)
            result = self._tool(ran.folder, job, name)[1][name]
        self._report(job, result)

    def _report(self, job: Job, result: Result) -> None:
        trace = result.trace.encode()
        headers = {"job-token": job["token"], "content-range": f"0-{max(len(trace) - 1, 0)}"}
        self._http.patch(f"/jobs/{job['id']}/trace", content=trace, headers=headers).raise_for_status()
        body = {"token": job["token"], "state": "success"}
        if result.code != 0:
            body |= {"state": "failed", "failure_reason": "script_failure", "exit_code": result.code or _KILLED}
        self._http.put(f"/jobs/{job['id']}", json=body).raise_for_status()

    def _check_out(self, job: Job, folder: Path) -> None:
        """The commit of the pipeline, as it is but for `image`: with that, the tool asks for containers."""
        self._git("clone", "--quiet", "--no-checkout", job["git_info"]["repo_url"], str(folder))
        self._git("-C", str(folder), "checkout", "--quiet", "--detach", job["git_info"]["sha"])
        file = folder / ".gitlab-ci.yml"
        stripped, count = _IMAGE.subn("", file.read_text(encoding="utf-8"))
        assert count == 1, f"{count} images"
        file.write_text(stripped, encoding="utf-8")

    def _tool(self, folder: Path, job: Job, name: str | None = None) -> tuple[int, dict[str, Result]]:
        """Run the pipeline, or one job of it with what the others have left; how the tool and its jobs ended."""
        assert TOOL is not None
        self._git("-C", str(folder), "remote", "set-url", "origin", job["git_info"]["repo_url"])
        for part in ("output", "builds"):
            shutil.rmtree(folder / _STATE / part, ignore_errors=True)
        chosen = {name: {"when": "always"}} if name else {}  # GitLab has decided that it runs
        (folder / ".gitlab-ci-local.yml").write_text(yaml.safe_dump(chosen), encoding="utf-8")
        given = self._given(job, folder)
        predefined = ",".join(key for key in given if key.startswith(("CI", "GITLAB_")))
        command = [
            TOOL, *chosen,
            "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-json-schema-validation",
            "--state-dir", _STATE, "--ignore-predefined-vars", predefined,
            *(word for key, value in given.items() for word in ("--variable", f"{key}={value.replace('$', '$$')}")),
        ]  # fmt: skip
        code, printed = _call(command, folder, self._environment)
        codes = {match["job"]: int(match["code"] or 0) for match in _ENDED.finditer(printed)}
        logs = {log.stem: log.read_text(encoding="utf-8") for log in (folder / _STATE / "output").glob("*.log")}
        assert logs, f"gitlab-ci-local ran nothing of {name or 'the pipeline'}: {printed}"
        secrets = [each["value"] for each in job["variables"] if each["masked"]]
        return code, {each: Result(_masked(text, secrets), codes.get(each)) for each, text in logs.items()}

    def _given(self, job: Job, folder: Path) -> dict[str, str]:
        """GitLab's variables but for those that differ from job to job; files as paths."""
        given = {key: value for key, value in _variables(job).items() if not _OF_THE_TOOL.match(key)}
        for variable in job["variables"]:
            if variable["file"]:
                file = folder.with_name(f"{folder.name}-{variable['key']}")
                file.write_text(variable["value"], encoding="utf-8")
                given[variable["key"]] = str(file)
        return given

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], env=self._environment, check=True, timeout=PATIENCE_SECONDS)


def _environment(folder: Path) -> dict[str, str]:
    """A clean one, with the programs that jobs of the sandbox have and what the tool itself needs."""
    home, stand_ins = folder / "home", folder / "bin"
    for place in (home, stand_ins):
        place.mkdir(parents=True)
    rsync = stand_ins / "rsync"
    rsync.write_text(_RSYNC.format(rsync=shutil.which("rsync")), encoding="utf-8")
    rsync.chmod(0o755)
    node = Path(shutil.which("node") or "").parent
    path = os.pathsep.join((str(stand_ins), bash(folder / "shells").path, str(node)))
    return {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "NO_COLOR": "1"}


def _variables(job: Job) -> dict[str, str]:
    return {each["key"]: each["value"] for each in job["variables"]}


def _call(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """In a process group of its own, which ends with it: the tool does not stop the children of its jobs."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode, printed


def _masked(text: str, secrets: list[str]) -> str:
    """The tool does not mask."""
    for secret in secrets:
        text = text.replace(secret, "[MASKED]")
    return text
