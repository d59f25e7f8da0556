"""`portctl gate`: change control inside a pipeline, one command per job."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from portctl.cli import output
from portctl.cli.common_options import current
from portctl.cli.options import FILE, common
from portctl.errors import InvalidInput

if TYPE_CHECKING:
    from portctl.gate.evidence import Call

_RUN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SHOWN = 40
"""Characters of a value that is refused."""
_SETTINGS = pathlib.Path("gate.json")
_HINT = "`portctl gate` runs in the jobs of the pipeline that `portctl apply` writes: see docs/deployment.md."
_KINDS = {
    "accept": ("request",),
    "open": ("request",),
    "wait": ("decision",),
    "look": ("look",),
    "start": ("deploy",),
    "finish": ("deploy",),
    "report": ("request", "decision", "look", "deploy"),
}


@click.group()
def command() -> None:
    """Control changes inside a deployment pipeline.

    Each job of the pipeline calls one of these commands. What the pipeline was called with comes from the variables
    GATE_CALL, GATE_DEPLOY_RUN, GATE_RUN and GATE_ENVIRONMENT, addresses and limits from the settings file.
    """


def _job(name: str, summary: str) -> None:
    @command.command(name, help=summary)
    @click.option(
        "--settings",
        "path",
        type=FILE,
        default=_SETTINGS,
        show_default=True,
        help="The settings file.",
    )
    @common
    def run(path: pathlib.Path) -> int:
        from portctl.gate.settings import read_settings

        root, environ = current().directory, dict(os.environ)
        settings, call, now = read_settings(root / path), _call(name, environ), _now(environ)

        from portctl.gate.commands import Gate, run_gate
        from portctl.gate.connections import Rim
        from portctl.gate.evidence import Question

        rim = Rim(environ=environ, say=_say, scrub_with=output.scrub_with)
        return run_gate(Question(name), Gate(settings=settings, call=call, now=now, rim=rim, root=root))


for _name, _summary in (
    ("accept", "Check that a request is genuine, and fetch the code of its service."),
    ("open", "Start the deployment if coverage is high enough, else open a change request."),
    ("wait", "Wait for a decision about a change request, and carry it out."),
    ("look", "Look what has become of a deployment, and go on with it or end it."),
    ("start", "Take the one start of a deployment, right before its deploy job."),
    ("finish", "Tell how a deployment has ended."),
    ("report", "Tell whoever waits that a job has failed or was cancelled."),
):
    _job(_name, _summary)


def _say(text: str) -> None:
    """Into the job's log, which acts on control characters; what services have said is part of it."""
    from portctl.views.escape import escape

    output.write(escape(text))


def _call(name: str, environ: Mapping[str, str]) -> Call:
    """Errors: InvalidInput. GitLab has checked the inputs of the pipeline; a job of another project has not."""
    from portctl.gate.evidence import Call, Kind

    kind = environ.get("GATE_CALL", "")
    if kind not in _KINDS[name]:
        wanted = " or ".join(_KINDS[name])
        raise InvalidInput("Not called by its pipeline", f"GATE_CALL is {kind[:_SHOWN]!r}, not {wanted}", hint=_HINT)
    for variable in ("GATE_DEPLOY_RUN", *(() if kind == "deploy" else ("GATE_RUN",))):
        if not _RUN.fullmatch(environ.get(variable, "")):
            raise InvalidInput("Not called by its pipeline", f"{variable} is no id of a run", hint=_HINT)
    pipeline = environ.get("CI_PIPELINE_ID", "")
    return Call(
        kind=Kind(kind),
        deploy_run=environ["GATE_DEPLOY_RUN"],
        run="" if kind == "deploy" else environ["GATE_RUN"],
        environment=environ.get("GATE_ENVIRONMENT", "") if kind == "deploy" else "",
        pipeline=int(pipeline) if _NUMBER.fullmatch(pipeline) else 0,
        pipeline_url=environ.get("CI_PIPELINE_URL", ""),
        job_url=environ.get("CI_JOB_URL", ""),
        canceled=environ.get("CI_JOB_STATUS") == "canceled",
    )


def _now(environ: Mapping[str, str]) -> float:
    """When the job was started, in Unix seconds, by GitLab's clock. A job of an old pipeline may be run again."""
    from portctl.gate.evidence import unix_seconds

    try:
        return unix_seconds(environ.get("CI_JOB_STARTED_AT", ""))
    except ValueError as error:
        raise InvalidInput("Not called by its pipeline", "CI_JOB_STARTED_AT is no time", hint=_HINT) from error
