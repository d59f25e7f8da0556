"""Make a plan true. Decides nothing: at most it refuses, fails a step, or says that it cannot tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from portctl.apply.ledger_updates import LedgerUpdates
from portctl.apply.uncertain import NotAsWanted, OutcomeUnknown
from portctl.apply.write import Writer, Written
from portctl.compare.normalise import normalise
from portctl.errors import AnswerLost, ApiError, ConsentNeeded, NoConnection, PortctlError, TryLater, Unreachable
from portctl.ledger.backend import LedgerBackend
from portctl.ledger.intents import made_by_claim, remote_id
from portctl.model.address import Address
from portctl.model.change import Action, Change
from portctl.model.ledger import Entry, Ledger, Run
from portctl.model.plan import Phase, Plan, Step
from portctl.model.provider import Provider
from portctl.model.report import Outcome, Report, Status
from portctl.model.resource import Live, RemoteKey, Resource
from portctl.model.value import MISSING, Canonical, get
from portctl.plan.outputs import lookup_in
from portctl.plan.requirements import require_secrets
from portctl.pool import run_graph
from portctl.refresh.read import is_recent
from portctl.unexpected import explained
from portctl.vault import Vault

_REFUSED = 400
_SERVER_ERROR = 500
_FOUND_AGAIN = "What this run did stands, and the next one finds it: the ledger says what was to be made."


class Left(Enum):
    """What a step that did not end well has left at the service."""

    NOTHING = "nothing"
    SOMETHING = "something"
    UNKNOWN = "unknown"


class Watch(Protocol):
    """Told about progress while it happens."""

    def started(self, step: Step) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def waiting(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Approval:
    """Consent to one plan, by its digest. Made from a confirmation, or from a flag that stands for one."""

    digest: str

    @classmethod
    def given(cls, plan: Plan) -> Approval:
        return cls(plan.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyContext:
    """What an apply works with."""

    providers: Mapping[str, Provider]
    backend: LedgerBackend
    vault: Vault
    resources: Mapping[Address, Resource]
    watch: Watch
    run: Run
    consumes: str = ""
    """The saved plan that this apply uses up, from its first write on."""

    workers: int = 8
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def execute(plan: Plan, approval: Approval, ledger: Ledger, context: ApplyContext) -> Report:
    """Perform every step, failures included, and keep the ledger true whatever happens.

    A KeyboardInterrupt while steps are done ends in a report, too: of what was done, was under way, and is left.
    Raises ConsentNeeded without an approval of exactly this plan, InvalidInput while a secret that will be sent is
    missing; both before anything is written.
    """
    if plan.refusals:
        first = plan.refusals[0]
        raise ConsentNeeded(first.summary, first.detail, hint=first.hint)
    if approval.digest != plan.digest:
        raise ConsentNeeded("Not the plan that was approved", "the plan changed after it was approved")
    require_secrets(plan.changes, context.vault)
    return _Execution(plan, ledger, context).run()


class _Execution:
    """One apply under way. Shared between worker threads; everything mutable is guarded by one lock."""

    def __init__(self, plan: Plan, ledger: Ledger, context: ApplyContext) -> None:
        self._plan = plan
        self._context = context
        self._ledger = ledger
        self._before = ledger
        self._lock = threading.Lock()
        self._steps = {step.key: step for step in plan.steps}
        self._outcomes: dict[str, Outcome] = {}
        self._begun: set[str] = set()
        self._shaken = frozenset(change.key for change in plan.changes if change.renames or _removes(change))
        self._seen: dict[RemoteKey, list[Live | None]] = {}
        self._lives: dict[RemoteKey, Live] = {change.key: change.live for change in plan.changes if change.live}
        self._sources: dict[Address, Live] = {
            change.address: change.live for change in plan.changes if change.live and change.resource
        }
        lookup = lookup_in(context.resources, self._sources, context.vault)
        salt = bytes.fromhex(ledger.salt)
        self._updates = LedgerUpdates(vault=context.vault, lookup=lookup, salt=salt, now=context.now)
        self._writer = Writer(
            providers=context.providers,
            lookup=lookup,
            current=self._current,
            sleep=context.sleep,
            waiting=context.watch.waiting,
        )

    def run(self) -> Report:
        started = time.monotonic()
        sent = {name: provider.requests() for name, provider in self._context.providers.items()}
        self._ledger = replace(self._ledger, instances={**self._ledger.instances, **self._instances()})
        if self._context.consumes:
            self._ledger = self._ledger.with_consumed(self._context.consumes)
        if self._context.consumes or any(change.action.writes for change in self._plan.changes):
            claimed = self._updates.claim(self._ledger, self._plan).with_run(self._context.run)
            try:
                self._ledger = self._context.backend.save(claimed)
            except PortctlError as error:
                error.hint = f"Nothing was sent. {error.hint}".rstrip()
                raise
        interrupted = False
        try:
            self._run_rounds()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            self._withdraw_unstarted()
            unsaved = self._save()
        outcomes = (*self._outcomes.values(), *self._unended())
        return Report(
            plan=self._plan,
            outcomes=outcomes,
            interrupted=interrupted and len(outcomes) > len(self._outcomes),
            unsaved=unsaved,
            seconds=time.monotonic() - started,
            requests={name: provider.requests() - sent[name] for name, provider in self._context.providers.items()},
            kept=tuple(f"{change.address}: {change.why}" for change in self._plan.changes if change.stays),
        )

    def _unended(self) -> Iterator[Outcome]:
        """What an interrupt has left: steps whose end nobody saw, and steps that were not begun."""
        for key, step in self._steps.items():
            if key not in self._outcomes:
                yield Outcome(step=step, status=Status.UNDER_WAY if key in self._begun else Status.NOT_STARTED)

    def _stopping(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._context.watch.waiting("Interrupted: waiting for what is under way. Once more: end at once.")

    def _instances(self) -> Mapping[str, str]:
        return {f"{info.provider}@{info.name}": info.identity for info in self._plan.instances}

    def _save(self) -> PortctlError | None:
        """Keep what has become of everything. Why that cannot be is part of the report, if there is one."""
        ledger = self._updates.refresh(self._ledger, self._plan)
        now = self._context.now()
        ledger = replace(ledger, deleted={key: at for key, at in ledger.deleted.items() if is_recent(at, now)})
        if ledger == self._before:
            return None
        try:
            self._ledger = self._context.backend.save(ledger)
        except PortctlError as error:
            if not self._begun:
                raise
            error.hint = f"{error.hint} {_FOUND_AGAIN}".lstrip()
            return error
        return None

    def _run_rounds(self) -> None:
        """Run the graph; completions that failed are tried again as long as another completion made progress.

        Members of a cycle may derive fields from each other's derived fields, in an order that only the service knows.
        """
        remaining = dict(self._steps)
        while remaining:
            run_graph(
                {key: step.needs for key, step in remaining.items()},
                self._work,
                lane=lambda key: self._steps[key].change.key[0],
                widths={name: provider.width for name, provider in self._context.providers.items()},
                workers=self._context.workers,
                stopping=self._stopping,
            )
            again = {key: step for key, step in remaining.items() if self._may_retry(key)}
            progress = any(
                step.phase is Phase.COMPLETE and self._outcomes[key].status is Status.DONE
                for key, step in remaining.items()
            )
            if not progress or not any(self._steps[key].phase is Phase.COMPLETE for key in again):
                return
            for key in again:
                del self._outcomes[key]
                self._begun.discard(key)
            remaining = again

    def _may_retry(self, key: str) -> bool:
        outcome = self._outcomes[key]
        if outcome.status is Status.FAILED:
            return outcome.step.phase is Phase.COMPLETE and isinstance(outcome.error, ApiError)
        return outcome.status is Status.SKIPPED and self._may_retry(outcome.because)

    def _work(self, key: str) -> None:
        step = self._steps[key]
        cause = self._blocked_by(step)
        if cause:
            outcome = Outcome(step=step, status=Status.SKIPPED, because=cause)
        else:
            with self._lock:
                self._begun.add(key)
            self._context.watch.started(step)
            outcome = self._attempt(step)
        left = self._left_by(outcome)
        with self._lock:
            self._outcomes[key] = outcome
            if left is Left.NOTHING:
                self._withdraw_claim(step.change)
            elif left is Left.SOMETHING and step.change.action is Action.CREATE:
                self._confirm_claim(step.change)
        self._context.watch.ended(outcome)

    def _left_by(self, outcome: Outcome) -> Left:
        """What a step has left: a request that was refused may have been performed, and some steps take several."""
        change = outcome.step.change
        if outcome.step.phase not in (Phase.CREATE, Phase.UPDATE, Phase.RENAME):
            return Left.UNKNOWN
        if outcome.status is Status.SKIPPED:
            return Left.NOTHING
        with self._lock:
            entry = self._ledger.entries.get(change.key)
        if outcome.status is not Status.FAILED or entry is None or change.action is Action.REPLACE:
            return Left.UNKNOWN
        if change.action is Action.CREATE and isinstance(outcome.error, NotAsWanted):
            return Left.SOMETHING
        try:
            live = self._context.providers[change.key[0]].fetch(change.kind, change.identity)
        except Exception:  # the step has an error that is told
            return Left.UNKNOWN
        if live is not None and self._is_of_this_run(change, entry, live):
            return Left.SOMETHING
        return Left.NOTHING if surely_answered(outcome.error) else Left.UNKNOWN

    def _is_of_this_run(self, change: Change, entry: Entry, live: Live) -> bool:
        """Whether `live` is what the claim announced, or has a path that the claim announced and nobody had."""
        if change.action is Action.CREATE and change.kind.create is not None:
            return made_by_claim(change.kind, entry, live)
        there = normalise(change.kind, live.attributes)
        old = normalise(change.kind, change.live.attributes) if change.live else Canonical({})
        return any(get(there, path) is not MISSING and get(old, path) is MISSING for path in entry.paths if path)

    def _blocked_by(self, step: Step) -> str:
        """The step whose failure keeps `step` from being done, "" when nothing does."""
        with self._lock:
            for need in step.needs:
                outcome = self._outcomes.get(need)
                if outcome is not None and outcome.status not in (Status.DONE, Status.UNCHANGED):
                    return outcome.because or need
        return ""

    def _attempt(self, step: Step) -> Outcome:
        started = time.monotonic()
        try:
            written = self._writer.perform(step)
            with self._lock:
                self._remember(step, written)
        except OutcomeUnknown as error:
            return Outcome(step=step, status=Status.UNKNOWN, error=error, seconds=time.monotonic() - started)
        except PortctlError as error:
            return Outcome(step=step, status=Status.FAILED, error=error, seconds=time.monotonic() - started)
        except Exception as error:  # a bug costs one step, and says nothing of what has been sent
            told = explained(error)
            return Outcome(step=step, status=Status.UNKNOWN, error=told, seconds=time.monotonic() - started)
        status = Status.DONE if written.changed else Status.UNCHANGED
        return Outcome(step=step, status=status, seconds=time.monotonic() - started)

    def _remember(self, step: Step, written: Written) -> None:
        change = step.change
        if step.phase is Phase.DELETE and change.action is Action.REPLACE:
            # Until now two objects had this identity; from now on the ledger tells the new one by its id.
            remote = self._updates.kept(remote_id(change.kind, self._lives[change.key]))
            entry = replace(self._ledger.entries[change.key], remote=remote, former=())
            self._ledger = self._ledger.with_entry(entry)
            return
        if step.phase is Phase.DELETE:
            self._ledger = self._ledger.without(change.key, deleted_at=self._context.now())
            self._lives.pop(change.key, None)
            return
        if change.action is Action.FORGET or (change.resource is None and step.phase is Phase.UPDATE):
            self._ledger = self._ledger.without(change.key)
            return
        if written.live is not None:
            self._lives[change.key] = written.live
            if change.resource is not None:
                self._sources[change.address] = written.live
        if written.desired is not None and written.live is not None:
            previous = None if change.anew and change.key not in self._seen else self._ledger.entries.get(change.key)
            seen = self._seen.setdefault(change.key, [change.live])
            if written.found is not None:
                seen.append(written.found)
            entry = self._updates.done(change, written.desired, written.live, previous, seen)
            seen.append(written.live)
            self._ledger = self._ledger.with_entry(entry)

    def _withdraw_claim(self, change: Change) -> None:
        """What was announced and surely not done is as it was before: ours if it was, else not."""
        before = self._before.entries.get(change.key)
        if before is not None:
            self._ledger = self._ledger.with_entry(before)
        else:
            self._ledger = self._ledger.without(change.key)

    def _confirm_claim(self, change: Change) -> None:
        """What was announced is there, although it is not what it should be."""
        entry = self._ledger.entries.get(change.key)
        if entry is not None and entry.claimed:
            self._ledger = self._ledger.with_entry(replace(entry, made=True))

    def _withdraw_unstarted(self) -> None:
        """After an interruption: what was announced and never begun is surely not there."""
        with self._lock:
            begun = {step.change.key for key, step in self._steps.items() if key in self._begun}
            for step in self._steps.values():
                entry = self._ledger.entries.get(step.change.key)
                claimed = entry is not None and entry.claimed and step.change.kind.create is not None
                if claimed and step.change.key not in begun:
                    self._withdraw_claim(step.change)

    def _current(self, change: Change) -> Live | None:
        """The object as this run last saw it; read again where a change before this one may have changed it too."""
        if any(need in self._shaken for need in change.depends):
            return self._context.providers[change.key[0]].fetch(change.kind, change.identity)
        with self._lock:
            return self._lives.get(change.key, change.live)


def _removes(change: Change) -> bool:
    """Whether a part of the object goes, and with it perhaps what other objects hold of it."""
    return change.action is Action.UPDATE and any(edit.after is MISSING for edit in change.edits)


def surely_answered(error: PortctlError | None) -> bool:
    """Whether the service has said that it did nothing, or was not asked: what is not there now will not appear."""
    if isinstance(error, Unreachable):
        return isinstance(error, NoConnection | TryLater)
    if isinstance(error, NotAsWanted | AnswerLost):
        return False
    return not isinstance(error, ApiError) or _REFUSED <= error.status < _SERVER_ERROR
