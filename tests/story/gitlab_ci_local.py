"""A runner that takes the jobs of the emulated GitLab and runs them under gitlab-ci-local.

It comes as GitLab's runners do: it asks for a job, gets its commit, its variables and a token, and sends back log,
artifacts and state. The tool reads the pipeline file with the inputs of the call, and says which jobs it has: that is
compared with those that GitLab has made of it. Each job is then run by itself, with what those before it have left:
GitLab gives its credentials to that one job.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from portctl.sandbox.gitlab.ci.runner.shells import bash

VERSION = "4.73.0"
TOOL = shutil.which("gitlab-ci-local")
PATIENCE_SECONDS = 120.0
_ASK_SECONDS = 0.15
_KILLED = 137
_ENDED = re.compile(r"^(?P<job>\S+) +finished in [\d.]+ m?s(?:\s+(?:FAIL|WARN)\s+(?P<code>\d+))?", re.MULTILINE)
_CHANGES = (
    (re.compile(r"^( *)image:.*", re.MULTILINE), r"\1interruptible: false", 2),
    (re.compile(r"'\\A(.*)\\z'"), r"'^\1$'", 2),
)
"""In the pipeline file: what for what, and how often."""
_INPUTS = {
    "call": "GATE_CALL",
    "deploy_run": "GATE_DEPLOY_RUN",
    "run": "GATE_RUN",
    "environment": "GATE_ENVIRONMENT",
}
"""Where the inputs of a pipeline show in its jobs."""
_OF_THE_TOOL = re.compile(r"CI_(JOB|NODE|CONCURRENT|RUNNER|BUILDS|PROJECT_DIR|REPOSITORY)")
_OWN = ("CI_JOB_ID", "CI_JOB_URL", "CI_JOB_STARTED_AT")
"""What the gate asks of the variables that are a job's own."""
_KNOWS = ("upload_multiple_artifacts", "artifacts_exclude", "cancel_gracefully", "return_exit_code")
_STATE = ".gcl"
_RSYNC = """#!/bin/sh
# The tool copies the project once more before after_script, and would take away what the script has left.
for target; do :; done
[ "$1 $2" = "-a --delete-excluded" ] && [ -d "$target/.git" ] && exit 0
exec {rsync} "$@"
"""

Job = dict[str, Any]


@dataclass(slots=True)
class Ran:
    """A pipeline under the tool. `jobs`: those that it would run. `died`: those that have taken the tool along."""

    folder: Path
    jobs: frozenset[str]
    died: list[str] = field(default_factory=list)


class Runner:
    """A context manager: it serves while it is open, unless `paused`. `error`: what has ended it too early."""

    def __init__(self, gitlab: str, token: str, folder: Path) -> None:
        self.ran: dict[int, Ran] = {}
        self.error: Exception | None = None
        self.paused = False
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
                if self.paused:
                    self._stopping.wait(_ASK_SECONDS)
                    continue
                asked = {"token": self._token, "info": {"features": dict.fromkeys(_KNOWS, True)}}
                answer = self._http.post("/jobs/request", json=asked).raise_for_status()
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
            self.ran[number] = Ran(folder, self._listed(folder, job))
        ran = self.ran[number]
        trace, code = self._one(ran.folder, job)
        if code is None:
            ran.died.append(name)
        self._upload(job, ran.folder / _STATE / "artifacts" / name)
        self._report(job, trace, _KILLED if code is None else code)

    def _upload(self, job: Job, folder: Path) -> None:
        """What the job has left, as GitLab's runners do: the gate reads the coverage report there."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        if not files:
            return
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
        kind = {"artifact_type": "archive", "artifact_format": "zip"}
        sent = {"file": ("artifacts.zip", packed.getvalue(), "application/zip")}
        headers = {"job-token": job["token"]}
        self._http.post(f"/jobs/{job['id']}/artifacts", data=kind, files=sent, headers=headers).raise_for_status()

    def _report(self, job: Job, trace: str, code: int) -> None:
        text = trace.encode()
        headers = {"job-token": job["token"], "content-range": f"0-{max(len(text) - 1, 0)}"}
        self._http.patch(f"/jobs/{job['id']}/trace", content=text, headers=headers).raise_for_status()
        body = {"token": job["token"], "state": "success"}
        if code != 0:
            body |= {"state": "failed", "failure_reason": "script_failure", "exit_code": code}
        self._http.put(f"/jobs/{job['id']}", json=body).raise_for_status()

    def _check_out(self, job: Job, folder: Path) -> None:
        """The commit of the pipeline, but for what the tool cannot do: `image` asks for containers, and in a regular
        expression it knows neither `\\A` nor `\\z`.
        """
        self._git("clone", "--quiet", "--no-checkout", job["git_info"]["repo_url"], str(folder))
        self._git("-C", str(folder), "checkout", "--quiet", "--detach", job["git_info"]["sha"])
        file = folder / ".gitlab-ci.yml"
        text = file.read_text(encoding="utf-8")
        for pattern, other, wanted in _CHANGES:
            text, count = pattern.subn(other, text)
            assert count == wanted, f"{count} times {pattern.pattern}"
        file.write_text(text, encoding="utf-8")

    def _listed(self, folder: Path, job: Job) -> frozenset[str]:
        """Which jobs there are for this call, as the tool reads the file."""
        code, printed = self._tool(folder, job, "--list-json", errors=False)
        assert code == 0, f"gitlab-ci-local cannot read the pipeline: {printed}"
        return frozenset(each["name"] for each in json.loads(printed) if each["when"] != "never")

    def _one(self, folder: Path, job: Job) -> tuple[str, int | None]:
        """Run a job with what the others have left: what it says, and how it ended; None where the tool has died."""
        name = job["job_info"]["name"]
        self._git("-C", str(folder), "remote", "set-url", "origin", job["git_info"]["repo_url"])
        for part in ("output", "builds"):
            shutil.rmtree(folder / _STATE / part, ignore_errors=True)
        always = yaml.safe_dump({name: {"rules": [{"when": "always"}]}})  # GitLab has decided that it runs
        (folder / ".gitlab-ci-local.yml").write_text(always, encoding="utf-8")
        own = [f"{key}={_variables(job)[key]}" for key in _OWN]
        _, printed = self._tool(folder, job, name, *(word for each in own for word in ("--variable", each)))
        (folder / ".gitlab-ci-local.yml").unlink()
        codes = {match["job"]: int(match["code"] or 0) for match in _ENDED.finditer(printed)}
        log = folder / _STATE / "output" / f"{name}.log"
        assert log.is_file(), f"gitlab-ci-local did not run {name}: {printed}"
        secrets = [each["value"] for each in job["variables"] if each["masked"]]
        return _masked(log.read_text(encoding="utf-8"), secrets), codes.get(name)

    def _tool(self, folder: Path, job: Job, *words: str, errors: bool = True) -> tuple[int, str]:
        assert TOOL is not None
        given = self._given(job, folder)
        predefined = ",".join(key for key in (*given, *_OWN) if key.startswith(("CI", "GITLAB_")))
        command = [
            TOOL, *words,
            "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-json-schema-validation",
            "--state-dir", _STATE, "--ignore-predefined-vars", predefined,
            *(word for name, key in _INPUTS.items() for word in ("--input", f"{name}={given[key]}")),
            *(word for key, value in given.items() for word in ("--variable", f"{key}={value.replace('$', '$$')}")),
        ]  # fmt: skip
        return _call(command, folder, self._environment, errors=errors)

    def _given(self, job: Job, folder: Path) -> dict[str, str]:
        """GitLab's variables but for those that are the tool's; files as paths."""
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


def _call(command: list[str], folder: Path, environment: dict[str, str], *, errors: bool) -> tuple[int, str]:
    """In a process group of its own, which ends with it: the tool does not stop the children of its jobs."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
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
