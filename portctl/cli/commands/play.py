"""`portctl sandbox run-action`, `approve`, `reject`, `logs` and `pipelines`: play along by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from portctl.cli import output
from portctl.cli.options import common
from portctl.cli.project_root import project_folder
from portctl.errors import InvalidInput, PortctlError
from portctl.findings import did_you_mean, listing
from portctl.sandbox import launcher

if TYPE_CHECKING:
    from portctl.story.services import Said, Services

_AS = click.option("--as", "person", metavar="NAME", help="Who does it: a name in .portctl/sandbox.json.")


@click.command("run-action")
@click.argument("action")
@click.option("--entity", metavar="ID", help="The entity that it is about; of a change request, the number will do.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="One input; repeatable.")
@_AS
@common
def run_action(action: str, entity: str | None, inputs: tuple[str, ...], person: str | None) -> None:
    """Start an action in the sandbox's Port."""
    from portctl.story.inputs import complaint_about
    from portctl.story.services import ORGANISATION

    given = dict(_pair(text) for text in inputs)
    with _services() as services:
        complaint = complaint_about(services, action, given)
        if complaint:
            raise InvalidInput("Nothing was sent", complaint)
        if entity is not None and entity.startswith("CHG"):
            entity = _change(services, entity)
        said = _done(services.start(action, given, entity, person=person or ORGANISATION), "Port")
        output.write(f"Started {said.body['run']['id']}; portctl sandbox logs {said.body['run']['id']}")


@click.command()
@click.argument("number")
@click.option("--reason", default="", help="Kept with the decision.")
@_AS
@common
def approve(number: str, reason: str, person: str | None) -> None:
    """Approve a change request in the sandbox's ServiceNow."""
    _decide(number, "approved", reason, person)


@click.command()
@click.argument("number")
@click.option("--reason", required=True, help="ServiceNow refuses a rejection without one.")
@_AS
@common
def reject(number: str, reason: str, person: str | None) -> None:
    """Reject a change request in the sandbox's ServiceNow."""
    _decide(number, "rejected", reason, person)


@click.command()
@click.argument("run")
@common
def logs(run: str) -> None:
    """Show a run of the sandbox's Port: how it stands, and its log."""
    with _services() as services:
        said = services.port("GET", f"/actions/runs/{quote(run, safe='')}?version=v2")
        if said.status == HTTPStatus.NOT_FOUND:
            raise InvalidInput("No such run", f"Port has no run {run}", hint="portctl sandbox run-action says its id.")
        _done(said, "Port")
        row = services.run(run)
        output.write("\n".join([f"{row['action']['identifier']} {run}: {row['status']}", *services.log(run)]))


@click.command()
@click.argument("project", required=False)
@common
def pipelines(project: str | None) -> None:
    """List the pipelines of the sandbox's GitLab: what they were called for, and their jobs.

    Of all projects, oldest first; with PROJECT (group/name) of that one.
    """
    with _services() as services:
        projects = [project] if project else services.projects()
        if project and project not in (known := services.projects()):
            detail = f"GitLab has no project {project}.{did_you_mean(project, known)}"
            raise InvalidInput("No such project", detail, hint=f"Its projects: {listing(known)}.")
        found = [(row["id"], name, row) for name in projects for row in services.pipelines(name)]
        for number, name, row in sorted(found, key=lambda each: each[0]):
            jobs = ", ".join(map(_job, services.jobs(number, name)))
            where = "" if project else f"{name} "
            output.write(f"{where}{number} {row['name'] or row['source']}, {row['status']}: {jobs}")
        if not found:
            output.write("There are no pipelines.")


COMMANDS = (run_action, approve, reject, logs, pipelines)


def _decide(number: str, word: str, reason: str, person: str | None) -> None:
    with _services() as services:
        change = _change(services, number)
        _done(services.decide(change, word, reason, person=person or "approver"), "ServiceNow")
        output.write(f"{number} is {word}.")


def _job(row: Mapping[str, Any]) -> str:
    why = row.get("failure_reason")
    return f"{row['name']} {row['status']}" + (f" ({why})" if why else "")


def _change(services: Services, number: str) -> str:
    row = services.change(number)
    if row is None:
        raise InvalidInput("No such change request", f"ServiceNow does not know {number}")
    return str(row["sys_id"])


def _done(said: Said, service: str) -> Said:
    if not said.is_good:
        raise PortctlError(f"{service} refuses", f"{said.reason} (status {said.status})")
    return said


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not of the form name=value.", param_hint="--input")
    return name, value


@contextlib.contextmanager
def _services() -> Iterator[Services]:
    from portctl.story.services import Services

    try:
        running = launcher.status(project_folder())
    except launcher.ControlError as error:
        raise PortctlError("The sandbox failed", str(error), hint="its log is .portctl/sandbox/log") from error
    if running is None:
        raise InvalidInput("The sandbox does not run", "", hint="Start it: portctl sandbox up --detach")
    services = Services(running.document)
    try:
        yield services
    finally:
        services.close()
