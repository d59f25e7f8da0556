"""Where a job runs: its checkout, its variables, its shells, and the files that it leaves. For bash on this machine.

Written from gitlab-runner's common/build.go and shells/*.go, not from the sandbox.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gzip
import io
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Job = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.1
_SYSTEM = "/usr/local/bin:/usr/bin:/bin"
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")
_COMMANDS = {"portctl": "-P -m portctl", "python3": ""}
"""What the image of a job would have: as arguments of this Python."""


class Machine:
    """For one job. `say` takes what stands in its log."""

    def __init__(self, job: Job, folder: Path, say: Callable[[bytes], None]) -> None:
        self._job = job
        self._say = say
        self.project = folder / "builds" / job["job_info"]["project_full_path"]
        self._files = folder / "files"
        self._home = folder / "home"
        self._bin = folder / "bin"
        for place in (self.project, self._files, self._home, self._bin):
            place.mkdir(parents=True)
        for name, arguments in _COMMANDS.items():
            command = self._bin / name
            path = f"PYTHONPATH={shlex.quote(str(ROOT))} " if name == "portctl" else ""
            command.write_text(
                f'#!/bin/sh\n{path}exec {shlex.quote(sys.executable)} {arguments} "$@"\n', encoding="utf-8"
            )
            command.chmod(0o755)
        self.variables = self._defined()

    def prepare(self) -> None:
        """Check out what the job is about, unless it wants an empty folder."""
        if self.variables.get("GIT_STRATEGY", "fetch") in ("none", "empty"):
            return
        info = self._job["git_info"]
        depth = ["--depth", str(info["depth"])] if info["depth"] else []
        for arguments in (
            ["init", "--quiet"],
            ["remote", "add", "origin", info["repo_url"]],
            ["fetch", "--quiet", *depth, "origin", *info["refspecs"]],
            ["checkout", "--quiet", "--force", "--detach", info["sha"]],
        ):
            git = ["git", "-C", str(self.project), *arguments]
            subprocess.run(git, env=self._environment({}), check=True, timeout=PATIENCE_SECONDS)

    def unpack(self, archive: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            for entry in packed.infolist():
                packed.extract(entry, self.project)
                mode = entry.external_attr >> 16
                (self.project / entry.filename).chmod(stat.S_IMODE(mode) or 0o644)

    def run(self, commands: list[str], status: str, is_over: Callable[[], bool]) -> int | None:
        """One shell for all commands; its exit code, or None where it was ended. `status`: what `CI_JOB_STATUS` is."""
        lines = [line for each in commands for line in (f"echo {shlex.quote(f'$ {each}')}", each)]
        body = "\n".join(lines) + "\n"
        text = f"set -o pipefail; set -o errexit; set +o noclobber\n(eval {shlex.quote(body)}) < /dev/null\n"
        script = self._files / f"script-{status}"
        script.write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            ["bash", str(script)],
            cwd=self.project,
            env=self._environment({"CI_JOB_STATUS": status}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        try:
            return self._watch(process, process.stdout.fileno(), is_over)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()

    def packed(self, wanted: Mapping[str, Any]) -> tuple[str, bytes] | None:
        """What is handed in of one kind: the name of the file and its content; None where there is nothing."""
        excluded = [self._expanded(pattern) for pattern in wanted.get("exclude", ())]
        found = sorted({path for pattern in wanted["paths"] for path in self._matching(self._expanded(pattern))})
        found = [path for path in found if not any(fnmatch.fnmatch(str(path), each) for each in excluded)]
        if not found:
            return None
        if wanted["artifact_format"] == "gzip":
            content = b"".join((self.project / path).read_bytes() for path in found)
            return f"{wanted['name']}.gz", gzip.compress(content)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in found:
                packed.write(self.project / path, path)
        return f"{self._expanded(wanted['name'])}.zip", archive.getvalue()

    def _watch(self, process: subprocess.Popen[bytes], output: int, is_over: Callable[[], bool]) -> int | None:
        while True:
            code: int | None
            try:
                code = process.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                code = None
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(output, 65_536):
                    self._say(piece)
            if code is not None:
                return code
            if is_over():
                return None

    def _matching(self, pattern: str) -> Iterator[Path]:
        """Files that a path, a folder or a pattern of the project means."""
        for path in sorted(self.project.glob(pattern.rstrip("/"))):
            inside = path.rglob("*") if path.is_dir() else [path]
            yield from (each.relative_to(self.project) for each in inside if each.is_file())

    def _defined(self) -> dict[str, str]:
        """The job's variables, with what a runner adds and fills in. Files are written, and named."""
        known = {
            "CI_BUILDS_DIR": str(self.project.parents[1]),
            "CI_PROJECT_DIR": str(self.project),
            "CI_CONCURRENT_ID": "0",
            "CI_CONCURRENT_PROJECT_ID": "0",
            "CI_RUNNER_VERSION": "18.6.0",
            "CI_RUNNER_SHORT_TOKEN": "foreign",
            "CI_SHARED_ENVIRONMENT": "true",
        }
        raw = {each["key"]: each["value"] for each in self._job["variables"]}
        assert set(known) & set(raw) == set(), "GitLab has sent what is for the runner to say"
        assert "CI_JOB_STATUS" not in raw
        files = {each["key"]: str(self._files / each["key"]) for each in self._job["variables"] if each["file"]}
        every = {**raw, **known, **files}
        filled = {
            each["key"]: each["value"] if each["raw"] else _filled(each["value"], every)
            for each in self._job["variables"]
        }
        for key, path in files.items():
            Path(path).write_text(filled[key], encoding="utf-8")
        return {**known, **filled, **files}

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        around = {"HOME": str(self._home), "PATH": f"{self._bin}:{_SYSTEM}", "LANG": "C.UTF-8"}
        return {**around, **self.variables, "GIT_TERMINAL_PROMPT": "0", **more}

    def _expanded(self, text: str) -> str:
        return _filled(text, self.variables)


def _filled(text: str, known: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: match[3] or known.get(match[1] or match[2], ""), text)
