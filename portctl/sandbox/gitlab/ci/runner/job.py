"""One job, from a fresh checkout to its artifacts. Knows nothing of the instance: all it needs is in the order."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portctl.sandbox.gitlab.ci.model import JobSpec
from portctl.sandbox.gitlab.ci.runner import confinement, files
from portctl.sandbox.gitlab.ci.runner.process import Command, Ended, Why, run
from portctl.sandbox.gitlab.ci.runner.reports import HandIn, Rejected, Report
from portctl.sandbox.gitlab.ci.runner.script import script_of
from portctl.sandbox.gitlab.ci.runner.shells import Shell
from portctl.sandbox.gitlab.ci.runner.trace import Trace
from portctl.sandbox.gitlab.ci.variables import Variable, Variables, expand_in_runner, expand_text
from portctl.sandbox.gitlab.git.repository import environment as git_environment

AFTER_SCRIPT_SECONDS = 300.0
_FAILED = "ERROR: Job failed: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where jobs run. `workspaces`: each has a folder of its own there. `tools`: what stands on their search path.

    `hidden`: what is not for them, where they can be kept from it.
    """

    workspaces: Path
    tools: Path
    hidden: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run. `variables`: as the server hands them over. `received`: archives of earlier jobs, by job name.

    `timeout_seconds` counts on the clock that `run_job` is given. `mark` stands in the environment of all processes.
    """

    job_id: int
    spec: JobSpec
    repository: Path
    clone_url: str
    project_path: str
    sha: str
    ref: str
    variables: Variables
    masked: tuple[str, ...]
    received: Mapping[str, Path]
    timeout_seconds: float
    after_seconds: float
    most_dotenv_variables: int
    runner_version: str
    keep_undefined: bool
    mark: str
    shell: Shell
    folder: Path
    """Where the trace and the artifacts are kept."""
    machine: Machine


@dataclass(slots=True)
class Signals:
    """How a running job is told to end. `cancel` lets `after_script` run, `stop` does not."""

    canceled: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def cancel(self, *, force: bool = False) -> None:
        if force:
            self.stopped.set()
        self.canceled.set()

    def stop(self) -> None:
        self.stopped.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`status`: success, failed or canceled. `exit_code`: of the script, where it ended by itself."""

    status: str
    failure_reason: str | None = None
    exit_code: int | None = None
    dotenv: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()


class _Unprepared(Exception):
    """There is no place to run in."""


class _Unfetched(Exception):
    """What an earlier job has left could not be fetched."""


def trace_file(folder: Path) -> Path:
    return folder / "job.log"


def run_job(order: Order, signals: Signals, now: Callable[[], float]) -> Outcome:
    """Run it to its end, whatever that is. `now`: seconds on the clock that time-outs count on."""
    workspace = Path(tempfile.mkdtemp(prefix=f"job-{order.job_id}-", dir=order.machine.workspaces)).resolve()
    with Trace(trace_file(order.folder), order.masked) as trace:
        try:
            return _Job(order, signals, now, workspace, trace).outcome()
        finally:
            shutil.rmtree(workspace, ignore_errors=True)


class _Job:
    def __init__(self, order: Order, signals: Signals, now: Callable[[], float], workspace: Path, trace: Trace) -> None:
        self._order = order
        self._signals = signals
        self._now = now
        self._trace = trace
        self._deadline = now() + order.timeout_seconds
        self._workspace = workspace
        self._home = workspace / "home"
        self._project = workspace / "builds" / order.project_path
        self._files = self._project.with_name(f"{self._project.name}.tmp")
        around = {
            "CI_BUILDS_DIR": str(workspace / "builds"),
            "CI_PROJECT_DIR": str(self._project),
            "CI_CONCURRENT_ID": "0",
            "CI_CONCURRENT_PROJECT_ID": "0",
            "CI_JOB_STATUS": "running",
            "CI_RUNNER_SHORT_TOKEN": "sandbox",
            "CI_RUNNER_VERSION": order.runner_version,
            "GIT_STRATEGY": "fetch",
        }
        known = {name: Variable(key=name, value=value, raw=True) for name, value in around.items()}
        strategy = order.variables.get("GIT_STRATEGY", known["GIT_STRATEGY"])
        self._variables = expand_in_runner(
            {**order.variables, **known, "GIT_STRATEGY": strategy}, self._path_of, keep_undefined=order.keep_undefined
        )

    def outcome(self) -> Outcome:
        spec, signals = self._order.spec, self._signals
        try:
            self._prepare()
        except _Unprepared as error:
            return self._failed(str(error), "runner_system_failure")
        except _Unfetched as error:
            return self._failed(str(error), "script_failure")
        ends = (self._deadline, lambda: signals.canceled.is_set() or signals.stopped.is_set())
        ended = self._run("step_script", [*spec.before_script, *spec.script], {}, *ends)
        status = _status(ended)
        if ended.why is Why.EXPIRED:
            limit = f"execution took longer than {self._order.timeout_seconds:g} seconds"
            return self._failed(limit, "job_execution_timeout")
        if spec.after_script and not signals.stopped.is_set():
            self._after(status)
        if status == "canceled" and not signals.canceled.is_set():
            return self._failed("the sandbox was stopped", "runner_system_failure")
        if status == "canceled":
            self._trace.line(f"{_FAILED}canceled")
            return Outcome(status=status)
        return self._finished(status, ended.exit_code)

    def _prepare(self) -> None:
        order = self._order
        self._trace.line(f"Running with gitlab-runner of the sandbox, using {order.shell.name}")
        if not confinement.is_possible():
            self._trace.line("WARNING: on this machine jobs see the processes and files of their user")
        if order.spec.image is not None:
            self._trace.line(f"Image {self._expanded(order.spec.image)} is noted: the job runs on this machine")
        for folder in (self._home, self._project, self._files):
            folder.mkdir(parents=True)
        for variable in self._variables.values():
            if variable.file:
                (self._files / variable.key).write_text(variable.value, encoding="utf-8")
        if self._variables["GIT_STRATEGY"].value not in ("none", "empty"):
            self._checkout()
        for name, archive in order.received.items():
            self._trace.line(f"Downloading artifacts for {name}...")
            try:
                files.unpack(archive, self._project)
            except FileNotFoundError as error:  # erased since the job was given out
                raise _Unfetched(f"the artifacts of {name} are not there any more") from error

    def _checkout(self) -> None:
        order = self._order
        self._trace.line("Getting source from Git repository")
        for arguments in (
            ["clone", "--quiet", "--no-checkout", str(order.repository), str(self._project)],
            ["-C", str(self._project), "remote", "set-url", "origin", order.clone_url],
            ["-C", str(self._project), "checkout", "--quiet", "--detach", order.sha],
        ):
            ended = subprocess.run(
                ["git", *arguments], env=git_environment(self._home), capture_output=True, check=False, text=True
            )
            if ended.returncode != 0:
                raise _Unprepared(ended.stderr.strip())
        self._trace.line(f"Checking out {order.sha[:8]} as detached HEAD (ref is {order.ref})...")

    def _run(
        self,
        step: str,
        commands: list[str],
        more: Mapping[str, str],
        deadline: float,
        stopped: Callable[[], bool],
    ) -> Ended:
        script = self._files / f"{step}.sh"
        script.write_text(script_of(commands), encoding="utf-8")
        self._trace.line(f'Executing "{step}" stage of the job script')
        command = Command(
            arguments=[*self._order.shell.argv, str(script)],
            environment={**self._environment(), **more},
            folder=self._project,
            mark=self._order.mark,
            view=self._view(),
        )
        return run(command, self._trace.write, lambda: self._now() >= deadline, stopped)

    def _view(self) -> confinement.View | None:
        if not confinement.is_possible():
            return None
        machine = self._order.machine
        return confinement.View((*machine.hidden, machine.workspaces), kept=(self._workspace, machine.tools))

    def _after(self, status: str) -> None:
        """Its own shell, its own time, and how it ends does not matter."""
        deadline = self._now() + self._order.after_seconds
        commands, more = list(self._order.spec.after_script), {"CI_JOB_STATUS": status}
        ended = self._run("after_script", commands, more, deadline, self._signals.stopped.is_set)
        if ended.why is not Why.EXITED or ended.exit_code != 0:
            how = "timed out" if ended.why is Why.EXPIRED else f"exit code {ended.exit_code}"
            self._trace.line(f"WARNING: after_script failed, but job will continue unaffected: {how}")

    def _finished(self, status: str, exit_code: int) -> Outcome:
        try:
            reports, dotenv = self._hand_in().collect(status)
        except Rejected as error:
            return self._failed(str(error), "script_failure", exit_code)
        if status == "failed":
            return self._failed(f"exit code {exit_code}", "script_failure", exit_code, reports, dotenv)
        self._trace.line("Job succeeded")
        return Outcome(status=status, exit_code=exit_code, reports=reports, dotenv=dotenv)

    def _failed(
        self,
        text: str,
        reason: str,
        exit_code: int | None = None,
        reports: tuple[Report, ...] = (),
        dotenv: Mapping[str, str] | None = None,
    ) -> Outcome:
        self._trace.line(f"{_FAILED}{text}")
        return Outcome(
            status="failed",
            failure_reason=reason,
            exit_code=exit_code,
            reports=reports,
            dotenv=dotenv or {},
        )

    def _hand_in(self) -> HandIn:
        return HandIn(
            wanted=self._order.spec.artifacts,
            project=self._project,
            folder=self._order.folder,
            most_dotenv_variables=self._order.most_dotenv_variables,
            expand=self._expanded,
            trace=self._trace,
        )

    def _environment(self) -> dict[str, str]:
        clean = {"HOME": str(self._home), "PATH": self._order.shell.path, "LANG": "C.UTF-8", "USER": "gitlab-runner"}
        given = {
            key: self._path_of(variable) if variable.file else variable.value
            for key, variable in self._variables.items()
        }
        return {key: value.replace("\0", "") for key, value in {**clean, **given}.items()}

    def _path_of(self, variable: Variable) -> str:
        return str(self._files / variable.key)

    def _expanded(self, text: str) -> str:
        known = {key: Variable(key=key, value=value, raw=True) for key, value in self._environment().items()}
        return expand_text(text, known)


def _status(ended: Ended) -> str:
    if ended.why is Why.STOPPED:
        return "canceled"
    return "success" if ended.why is Why.EXITED and ended.exit_code == 0 else "failed"
