"""`portctl demo`: the deployment story, told on a sandbox of its own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from portctl.cli import output
from portctl.cli.common_options import current
from portctl.cli.options import common
from portctl.cli.project_root import project_folder
from portctl.cli.sandbox_options import fault_option, switch_option
from portctl.errors import ExitCode, PortctlError
from portctl.sandbox import launcher

if TYPE_CHECKING:
    import pathlib

    from portctl.story.narration import Step
    from portctl.story.services import Services

_NAMES = (
    "approve-in-port",
    "approve-in-servicenow",
    "reject-in-port",
    "reject-in-servicenow",
    "coverage-met",
    "pipeline-crash",
    "both-at-once",
    "forged-webhook",
    "forged-trigger",
    "word-only-patch",
    "approved-then-edited",
    "rejected-then-approved",
    "lost-message",
    "refused-pipeline",
    "two-stages",
    "hold-and-resume",
    "own-approval",
    "other-languages",
    "missing-repository",
    "opened-before-upgrade",
)


@click.command("demo")
@click.option("--scenario", "names", multiple=True, type=click.Choice(_NAMES), help="Only this one; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@switch_option
@fault_option
@click.option(
    "--lag",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="SECONDS",
    help="How late reads and permissions are.",
)
@common
def command(
    names: tuple[str, ...], as_json: bool, switches: tuple[str, ...], faults: tuple[str, ...], lag: float
) -> None:
    """Tell the story of a deployment on a sandbox of its own, and check every step.

    A copy of this project is applied to a new sandbox, in a temporary folder that goes away afterwards.
    """
    from portctl.story.services import Services
    from portctl.story.stage import stage

    current().json = as_json
    project = project_folder()
    pipelines = _deploying_project(project)
    told = []
    with stage(project, switches=switches, faults=faults) as running:
        if lag:
            launcher.call(running, "PUT", "/lag", {"seconds": lag})
        for name in names or _NAMES:
            services = Services(running.document, pipelines)
            told.append(_tell(name, services, lag_seconds=lag, quiet=as_json))
    broken = [each["name"] for each in told if not each["ok"]]
    if as_json:
        output.write_json({"ok": not broken, "scenarios": told})
        click.get_current_context().exit(ExitCode.ERROR if broken else ExitCode.OK)
    output.write(f"\n{len(told) - len(broken)} of {len(told)} scenarios went as they should")
    if broken:
        raise PortctlError("The story is broken", ", ".join(broken))


def _deploying_project(project: pathlib.Path) -> str:
    """Before anything is started: whether this project has what is played, and where its pipelines run."""
    from portctl import app
    from portctl.cli.wiring import Choices, open_workspace
    from portctl.story.workflow import deploying_project

    return deploying_project(app.rendered(open_workspace(Choices(directory=project, environment="sandbox"))).resources)


def _tell(name: str, services: Services, *, lag_seconds: float, quiet: bool) -> dict[str, Any]:
    """One scenario: what it was, step by step."""
    from portctl.story.narration import Broken, LeftOut, Telling
    from portctl.story.scenarios import SCENARIOS

    if not quiet:
        output.write(f"\n== {name}")
    telling = Telling(services, (lambda _: None) if quiet else _show, lag_seconds=lag_seconds)
    begin, broken, left_out = time.monotonic(), None, None
    try:
        SCENARIOS[name](telling)
        telling.end()
    except Broken as error:
        broken = str(error)
        if not quiet:
            output.write(f"         NOT SO: {broken}")
    except LeftOut as reason:
        left_out = str(reason)
        if not quiet:
            output.write(f"         left out: {left_out}")
    finally:
        services.close()
    seconds = round(time.monotonic() - begin, 2)
    steps = [_step(step) for step in telling.steps]
    ended = {"ok": broken is None, "broken": broken, "leftOut": left_out}
    return {"name": name, **ended, "seconds": seconds, "steps": steps}


def _step(step: Step) -> dict[str, Any]:
    document = {name: getattr(step, name) for name in ("who", "where", "what", "details", "holds")}
    return json.loads(json.dumps({"afterSeconds": step.after_seconds, **document}))  # type: ignore[no-any-return]


def _show(step: Step) -> None:
    lines = [f"{step.after_seconds:7.2f}  {step.who}, {step.where}: {step.what}"]
    lines += [f"           {line}" for line in step.details]
    lines += [f"         ok: {line}" for line in step.holds]
    output.write("\n".join(lines))
