"""What may happen in the small world, and random histories of it. Each event draws who it happens to."""

from __future__ import annotations

from collections.abc import Callable

from portctl.gate.evidence import Approver, Call, Kind, Marks, Policy, State
from tests.unit.gate.gitlab import OVER, RETRIED_BY_ITSELF
from tests.unit.gate.histories import DAY, ENVIRONMENTS, MINUTE, Choices, History, say
from tests.unit.gate.world import Deployment, Record, World

_MOST_REQUESTS, _MOST_PIPELINES = 2, 60
_RETRIES = 2


def _work(h: History) -> None:
    """Somebody works for a while, undisturbed."""
    for _ in range(1 + h.choices.below(30)):
        process = h.processes[0] if h.processes else None
        if process is not None:
            h.step(process)
            continue
        deploying, pending = h.deploying(), h.pending()
        if deploying:
            h.end_deploying(*deploying[0], kind=h.choices.below(8))
        elif pending:
            h.run(*pending[0], kind=0)


def _step(h: History) -> None:
    process = h.choices.one_of(h.processes)
    for _ in range(1 + h.choices.below(6)):
        if process is not None and not process.is_over:
            h.step(process)


def _lose(h: History) -> None:
    process = h.choices.one_of(h.processes)
    if process is not None:
        h.step(process, lost=True)


def _pick(h: History) -> None:
    chosen = h.choices.one_of(h.pending())
    if chosen is not None:
        h.run(*chosen, kind=h.choices.below(6))


def _end_deploying(h: History) -> None:
    chosen = h.choices.one_of(h.deploying())
    if chosen is not None:
        h.end_deploying(*chosen, kind=h.choices.below(4))


def _kill(h: History) -> None:
    """A machine dies. GitLab may try again by itself; the process may not know yet and go on."""
    process = h.choices.one_of(h.processes)
    if process is None:
        return
    how, job = h.choices.below(4), process.job
    if how != 1:
        h.processes.remove(process)
    if job.status != "running":
        return
    job.fail(RETRIED_BY_ITSELF if how < 3 else "script_failure")
    if how < 3 and job.attempt < _RETRIES:
        h.world.retry(process.pipeline, job, attempt=job.attempt + 1)


def _request(h: History) -> None:
    if len(h.world.deployments) < _MOST_REQUESTS:
        h.world.request(ENVIRONMENTS[h.choices.below(2)])


def _deployment(h: History) -> Deployment:
    return list(h.world.deployments.values())[h.choices.below(len(h.world.deployments))]


def _repeat_request(h: History) -> None:
    """Port's message to GitLab arrives once more."""
    chosen = h.choices.one_of([each for each in h.world.pipelines if each.call.kind is not Kind.DEPLOY])
    if chosen is not None and len(h.world.pipelines) < _MOST_PIPELINES:
        h.world.start_pipeline(chosen.call, forged=chosen.forged)


def _look(h: History) -> None:
    deployment, arrives = _deployment(h), h.choices.below(4) != 3
    if deployment.is_watched and len(h.world.pipelines) < _MOST_PIPELINES:
        h.world.now += 30 * MINUTE
        h.world.automation(Kind.LOOK, deployment.id, arrives=int(arrives))


def _forge(h: History) -> None:
    if len(h.world.pipelines) >= _MOST_PIPELINES:
        return
    kind = tuple(Kind)[h.choices.below(len(Kind))]
    about = h.choices.one_of([*h.world.deployments, *h.world.runs, "nobody"]) or ""
    run = h.choices.one_of(["", *h.world.runs]) or ""
    environment = h.choices.one_of([*ENVIRONMENTS, "none"]) or ""
    h.world.start_pipeline(Call(kind=kind, deploy_run=about, run=run, environment=environment), forged=True)


def _forge_deployment(h: History) -> None:
    """What the gate would call, only nobody has decided that it should; or for another environment."""
    deployment = _deployment(h)
    if len(h.world.pipelines) < _MOST_PIPELINES:
        environment = deployment.run.environment if h.choices.below(2) else ENVIRONMENTS[2]
        call = Call(kind=Kind.DEPLOY, deploy_run=deployment.id, environment=environment)
        h.world.start_pipeline(call, forged=True)


def _deliver(h: History) -> None:
    """ServiceNow's oldest message, or a later one first, lost, or twice."""
    deployment, how = _deployment(h), h.choices.below(8)
    if not deployment.messages:
        return
    word = deployment.messages.pop(-1 if how == 1 else 0)
    if how == 2:
        return
    if how == 3:
        deployment.messages.append(word)
    h.world.show(deployment, word, arrives={4: 2, 5: 0}.get(how, 1))


def _cancel(h: History) -> None:
    pipeline = h.choices.one_of([each for each in h.world.pipelines if not each.is_over()])
    if pipeline is None:
        return
    pipeline.advance(protected=h.world.is_protected)
    jobs = [job for job in pipeline.jobs if job.status not in OVER]
    for job in jobs if h.choices.below(3) else jobs[:1]:
        h.cancel(pipeline, job)


def _retry(h: History) -> None:
    """A person starts a job again: the newest of its name, whatever has become of it."""
    found = [
        (pipeline, job)
        for pipeline in h.world.pipelines
        for job in {each.name: each for each in pipeline.jobs}.values()
        if job.status in ("success", "failed", "canceled") and not pipeline.deleted
    ]
    chosen = h.choices.one_of(found)
    if chosen is not None and len(chosen[0].jobs) < 12:
        h.world.retry(*chosen)


def _delete(h: History) -> None:
    chosen = h.choices.one_of([each for each in h.world.pipelines if each.is_over()])
    if chosen is not None:
        chosen.deleted = True


def _protect(h: History) -> None:
    h.world.is_protected = not h.world.is_protected


def _agree(h: History) -> None:
    """A person lets a blocked deploy job go, or refuses it."""
    manual = [job for pipeline in h.world.pipelines for job in pipeline.jobs if job.status == "manual"]
    job = h.choices.one_of(manual)
    if job is not None and h.choices.below(4):
        job.status = "pending"
    elif job is not None:
        job.fail("deployment_rejected")


def _pass_time(h: History) -> None:
    """A process may outlive the hour of its pipeline, but not the months after which marks are removed."""
    passed = (10 * MINUTE, 61 * MINUTE, 10 * MINUTE, 401 * DAY)[h.choices.below(4)]
    h.world.now += passed
    if passed < DAY:
        return
    for process in h.processes:
        if process.job.status == "running":
            process.job.fail("job_execution_timeout")
    h.processes.clear()


def _clean(h: History) -> None:
    """Marks of months that are over for long are removed, a page of files at a time: some may be left for a while."""
    is_cut = h.choices.below(2) == 1
    for deployment in h.world.deployments.values():
        if h.world.now - deployment.run.created_at > h.world.policy.marks_kept_seconds + 31 * DAY:
            deployment.marks = Marks(tested=deployment.marks.tested if is_cut else None)


def _commit(h: History) -> None:
    deployment = _deployment(h)
    deployment.sha = f"{deployment.sha}+"
    deployment.code_is_there = h.choices.below(3) != 0


def _end_by_hand(h: History) -> None:
    """Or Port does it, at once, where the pipeline seems not to have started: it says that nothing was deployed."""
    deployment = _deployment(h)
    if not deployment.run.is_open:
        return
    deployment.run.by_hand = True
    if deployment.marks.tested is None and not deployment.steps and h.choices.below(2):
        deployment.denials.append("the pipeline could not be started")


def _record(h: History) -> tuple[Deployment, Record | None]:
    deployment = _deployment(h)
    return deployment, deployment.record


def _approve(h: History) -> None:
    """All approvers that the change needs, in one go."""
    deployment, record = _record(h)
    who = (Approver.ANOTHER, Approver.ANOTHER, Approver.REQUESTER, Approver.ANOTHER, Approver.UNKNOWN)
    if record is not None and record.state in (State.ASSESS, State.AUTHORIZE):
        record.approvers = (who[h.choices.below(len(who))],)
        if h.choices.below(4) == 3:
            record.approvers = (*record.approvers, who[h.choices.below(len(who))])
        say(deployment, record, State.SCHEDULED, "approved")


def _approve_stage(h: History) -> None:
    deployment, record = _record(h)
    if record is not None and record.state == State.ASSESS:
        record.approvers = (Approver.ANOTHER,)
        say(deployment, record, State.AUTHORIZE, "requested")


def _write_word(h: History) -> None:
    deployment, record = _record(h)
    if record is not None:
        say(deployment, record, record.state, ("approved", "rejected", "requested")[h.choices.below(3)])


def _approve_without_approvers(h: History) -> None:
    """Whoever may write every column does so: nobody was asked, or nobody may see who."""
    deployment, record = _record(h)
    if record is not None and record.state != State.CLOSED:
        record.approvers = ()
        say(deployment, record, State.SCHEDULED, "approved")


def _reject(h: History) -> None:
    deployment, record = _record(h)
    if record is not None and record.state in (State.ASSESS, State.AUTHORIZE):
        record.approvers = ()
        say(deployment, record, State.NEW, "rejected")


def _resubmit(h: History) -> None:
    deployment, record = _record(h)
    if record is not None and record.state == State.NEW:
        record.approvers = ()
        say(deployment, record, State.ASSESS, "requested")


def _hold(h: History) -> None:
    deployment, record = _record(h)
    if record is not None:
        record.on_hold = not record.on_hold
        deployment.messages.append(record.approval)


def _move_change(h: History) -> None:
    """Somebody moves the change on by hand, or cancels it."""
    deployment, record = _record(h)
    if record is None:
        return
    if record.state in (State.SCHEDULED, State.IMPLEMENT) and h.choices.below(2):
        record.state = {State.SCHEDULED: State.IMPLEMENT}.get(record.state, State.CLOSED)
    elif record.state != State.CLOSED:
        say(deployment, record, State.CANCELED, record.approval)


def _open_before(h: History) -> None:
    """The version before this one has opened a change, and kept its marks elsewhere."""
    deployment = _deployment(h)
    if deployment.record is None and deployment.marks.tested is None:
        deployment.record = Record(f"CHG{deployment.id}", State.ASSESS, "requested")


def _tamper(h: History) -> None:
    _, record = _record(h)
    if record is not None:
        record.is_ours = h.choices.below(2) == 1


Event = Callable[[History], None]
_EVENTS: tuple[Event, ...] = (
    *([_work] * 9),
    *([_step] * 9),
    *([_pick] * 8),
    *([_end_deploying] * 2),
    *([_deliver] * 4),
    *([_approve] * 4),
    *([_look] * 3),
    *([_kill] * 3),
    *([_retry] * 3),
    *([_cancel] * 2),
    *([_lose] * 2),
    *([_reject, _resubmit, _hold, _forge, _forge_deployment, _repeat_request, _write_word, _commit] * 1),
    *([_request, _approve_stage, _move_change, _tamper, _end_by_hand, _pass_time, _agree, _delete] * 1),
    *([_approve_without_approvers, _protect, _clean, _open_before] * 1),
)


def play(drawn: bytes) -> History:
    """One history. Errors: Broken, with the law that does not hold."""
    choices = Choices(drawn)
    history = History(choices, World(Policy(requester_may_approve=choices.below(5) == 4)))
    history.begin(choices.below(6))
    while not choices.are_over:
        event = _EVENTS[choices.below(len(_EVENTS))]
        history.events.append(event.__name__)
        event(history)
    history.heal()
    return history
