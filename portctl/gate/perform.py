"""Carries effects out, one after the other. What fails to be told is said in the job's log; what counts raises."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.errors import AnswerLost, ApiError, PortctlError, Unreachable
from portctl.gate import effects
from portctl.gate.connections import TRIGGER_TOKEN
from portctl.gate.evidence import Call, Change, Ended, Evidence, Rejected, Run, Started, State, Tested
from portctl.gate.gather import Desk
from portctl.gate.handover import Handover

_ABANDONED = Ended(success=False, text="The pipeline of this run has ended without a word")
_TRIES = 3


class Refused(Exception):
    """The call is not for this gate to answer; the text says why."""


@dataclass(slots=True)
class Performer:
    """`evidence`: what the effects were decided on. `say`: the job's log."""

    desk: Desk
    evidence: Evidence
    say: Callable[[str], None]
    folder: pathlib.Path

    def perform(self, wanted: effects.Effects) -> None:
        """Errors: TakenBySomebodyElse, Refused, PortctlError."""
        for effect in wanted:
            _PERFORM[type(effect)](self, effect)

    @property
    def call(self) -> Call:
        return self.evidence.call

    @property
    def request(self) -> Run:
        assert self.evidence.request is not None
        return self.evidence.request

    def change(self) -> Change:
        """As it is now."""
        found = self.desk.change(self.call.deploy_run)
        if found is None:
            raise PortctlError("No change request", f"ServiceNow has none for {self.call.deploy_run}")
        return found

    def started(self, job: int = 0) -> Started:
        return Started(pipeline_url=self.call.pipeline_url, by=self.call.job_url, job=job)

    def attempt(self, what: str, write: Callable[[], object]) -> None:
        """A write on which nothing depends."""
        try:
            write()
        except PortctlError as error:
            self.say(f"{what}: {error}")


def _keep_tested(p: Performer, effect: effects.KeepTested) -> None:
    p.desk.marks.keep_tested(p.request, effect.tested)


def _take_start(p: Performer, _: effects.TakeStart) -> None:
    job = p.desk.pipelines.deploy_job(p.call.pipeline)
    p.desk.marks.take_start(p.request, p.started(job))


def _close(p: Performer, effect: effects.Close) -> None:
    p.desk.marks.close(p.request, p.started(), effect.ended)


def _keep_end(p: Performer, effect: effects.KeepEnd) -> None:
    p.desk.marks.keep_end(p.request, effect.ended)


def _keep_rejection(p: Performer, effect: effects.KeepRejection) -> None:
    p.desk.marks.keep_rejection(p.request, Rejected(effect.number))


def _open_change(p: Performer, effect: effects.OpenChange) -> None:
    """An answer that was lost is looked up before anything is sent again."""
    problem: PortctlError | None = None
    columns = _columns_of_service(p)
    for attempt in range(_TRIES):
        change = p.desk.change(p.call.deploy_run)
        if change is not None:
            break
        try:
            p.desk.changes.open(p.call.deploy_run, effect.tested, _described(p, effect.tested), columns)
        except (AnswerLost, ApiError, Unreachable) as error:
            problem = error
            p.desk.sleep(attempt + 1.0)
    else:
        change = p.desk.change(p.call.deploy_run)
        if change is None:
            raise problem or PortctlError("ServiceNow did not open a change request")
    if not change.is_ours:
        account = p.desk.settings.servicenow.account
        raise PortctlError(
            "Change request is not as it was sent",
            f"{change.number} does not name {p.call.deploy_run}, or was not made by {account}",
            hint="Is the column u_external_tags there, may this account write it, and is the account's name right?",
        )
    _tell(p, effects.Tell(f"Change request {change.number} was opened", once=True))
    _ask_for_approval(p, effects.AskForApproval())


def _described(p: Performer, tested: Tested) -> str:
    """What whoever decides has to know: what will be deployed, from where, and why it takes a decision."""
    return (
        f"{tested.service}, from {tested.project} at {tested.sha}, to {tested.environment}. Coverage is "
        f"{tested.coverage:g}%; {p.desk.settings.policy.threshold:g}% are required. Pipeline: {p.call.pipeline_url}\n"
        f"Deployed by: {tested.deploy}"
    )


def _columns_of_service(p: Performer) -> Mapping[str, str]:
    """Columns of the change that properties of the service in Port fill."""
    wanted = p.desk.settings.servicenow.service_columns
    said = (p.desk.portal.service(p.request.service) or {}) if wanted else {}
    return {column: said[name] for column, name in wanted.items() if isinstance(said.get(name), str)}


def _ask_for_approval(p: Performer, _: effects.AskForApproval) -> None:
    change = p.change()
    if change.state == State.NEW and change.approval == "not requested":
        p.desk.changes.move(change, State.ASSESS)


def _catalogue(p: Performer, effect: effects.Catalogue) -> None:
    change = p.change()
    service = p.request.service

    def show() -> None:
        p.desk.portal.catalogue(p.call, change, p.desk.columns, service, decision=effect.decision)

    if effect.decision:  # Port shows it again with the next look; what was decided does not wait for that
        p.attempt("Port's catalogue stays as it is", show)
    else:
        show()


def _put_back(p: Performer, _: effects.PutBack) -> None:
    p.desk.portal.put_back(p.call, p.change())


def _start_pipeline(p: Performer, effect: effects.StartPipeline) -> None:
    token = p.desk.connections.secret(TRIGGER_TOKEN)
    url = p.desk.starter.start(token, p.desk.settings.ref, p.call.deploy_run, effect.environment)
    p.say(f"Started {url}")
    p.attempt("Port took no link", lambda: p.desk.portal.link(p.call.deploy_run, url))


def _hand_over(p: Performer, effect: effects.HandOver) -> None:
    """The job that was named in the mark, and no other, finds its own id here. The code is there already."""
    handover = Handover(p.folder)
    job = p.desk.pipelines.deploy_job(p.call.pipeline)
    handover.leave_deployment(effect.tested, job)


def _tell(p: Performer, effect: effects.Tell) -> None:
    p.say(effect.text)
    p.attempt("Port took no log line", lambda: p.desk.portal.tell(p.call.deploy_run, effect.text, once=effect.once))


def _end_request(p: Performer, effect: effects.EndRequest) -> None:
    _end(p, p.call.deploy_run, effect.ended)
    p.attempt("Port keeps the open deployment", lambda: p.desk.portal.forget_open_deployment(p.call))


def _end_own(p: Performer, effect: effects.EndOwn) -> None:
    _end(p, p.call.run, effect.ended)


def _end_abandoned(p: Performer, effect: effects.EndAbandoned) -> None:
    p.attempt(f"{effect.run} stays open", lambda: _end(p, effect.run, _ABANDONED))


def _end(p: Performer, run: str, ended: Ended) -> None:
    if p.desk.portal.end(run, ended):
        p.say(f"{run} {'SUCCESS' if ended.success else 'FAILURE'}: {ended.text}")
    else:
        p.say(f"{run} has ended before")


def _note(p: Performer, effect: effects.Note) -> None:
    p.attempt("ServiceNow took no work note", lambda: p.desk.changes.note(p.change(), effect.text))


def _implement(p: Performer, _: effects.Implement) -> None:
    def move() -> None:
        change = p.change()
        if change.state == State.SCHEDULED:
            p.desk.changes.move(change, State.IMPLEMENT)

    p.attempt("The change request stays where it is", move)


def _close_change(p: Performer, effect: effects.CloseChange) -> None:
    p.attempt("The change request stays open", lambda: p.desk.changes.close(p.change(), effect.ended))


def _refuse(_: Performer, effect: effects.Refuse) -> None:
    raise Refused(effect.why)


_PERFORM: Mapping[type, Callable[[Performer, Any], None]] = {
    effects.KeepTested: _keep_tested,
    effects.TakeStart: _take_start,
    effects.Close: _close,
    effects.KeepEnd: _keep_end,
    effects.KeepRejection: _keep_rejection,
    effects.OpenChange: _open_change,
    effects.AskForApproval: _ask_for_approval,
    effects.Catalogue: _catalogue,
    effects.PutBack: _put_back,
    effects.StartPipeline: _start_pipeline,
    effects.HandOver: _hand_over,
    effects.Tell: _tell,
    effects.EndRequest: _end_request,
    effects.EndOwn: _end_own,
    effects.EndAbandoned: _end_abandoned,
    effects.Note: _note,
    effects.Implement: _implement,
    effects.CloseChange: _close_change,
    effects.Refuse: _refuse,
}
