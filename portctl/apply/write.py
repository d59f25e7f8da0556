"""Do one step: one write, or the few that belong together, and check that the service did what was asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from portctl.apply.remove import Remover
from portctl.apply.uncertain import ATTEMPTS, NOT_SHOWN, OTHER, NotAsWanted, answer_lost
from portctl.compare.diff import differences
from portctl.compare.fingerprints import is_write_only
from portctl.compare.normalise import normalise
from portctl.compare.parts import in_the_way
from portctl.compare.paths import unit_of
from portctl.compare.three_way import Desired, delta, desired_side, live_side
from portctl.errors import AnswerLost, ApiError, PortctlError, StalePlan
from portctl.ledger.intents import remote_id
from portctl.model.change import Action, Change
from portctl.model.kind import within
from portctl.model.plan import Phase, Step
from portctl.model.provider import Provider, WriteRequest
from portctl.model.resource import Live, Resource
from portctl.model.value import MISSING, Attributes, get
from portctl.plan.outputs import Lookup, output_refs, resolve
from portctl.plan.resend import to_send_again
from portctl.source import Path, path_text

_LATER = (Phase.CONNECT, Phase.COMPLETE)
"""What follows on the write that made the object: secrets have been sent, and nothing has a former name."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands at the service after a step; `desired` is what was sent. `live` is None after a delete.

    `found` is what stood there just before, where the step had to look.
    """

    live: Live | None
    desired: Desired | None
    changed: bool = True
    found: Live | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Performs steps. `current` gives the object as this run last saw or wrote it; `waiting` hears of waits."""

    providers: Mapping[str, Provider]
    lookup: Lookup
    current: Callable[[Change], Live | None]
    sleep: Callable[[float], None] = time.sleep
    waiting: Callable[[str], None] = lambda _: None

    def perform(self, step: Step) -> Written:
        """Raises a PortctlError when the step failed, OutcomeUnknown when nobody can tell."""
        change = step.change
        match step.phase:
            case Phase.DELETE if change.action is Action.REPLACE:
                self._remover(change).supersede(change)
                return Written(None, None)
            case Phase.DELETE:
                return Written(None, None, changed=self._remover(change).delete(change))
            case Phase.RELEASE:
                return self._release(step)
            case Phase.LEDGER if change.unclear:
                raise _unclear(change)
            case Phase.LEDGER if change.action is Action.FORGET:
                return Written(None, None)
            case Phase.LEDGER:
                return Written(change.live, self._desired(change, change.resource) if change.resource else None)
            case Phase.CREATE:
                return self._create(step)
            case Phase.UPDATE | Phase.RENAME | Phase.CONNECT | Phase.COMPLETE:
                return self._update(step)

    def _provider(self, change: Change) -> Provider:
        return self.providers[change.key[0]]

    def _remover(self, change: Change) -> Remover:
        return Remover(provider=self._provider(change), sleep=self.sleep, waiting=self.waiting)

    def _desired(self, change: Change, resource: Resource | None) -> Desired:
        assert resource is not None, change.address
        attributes = resolve(resource.attributes, self.lookup)
        missing = next(output_refs(attributes), None)
        if missing is not None:
            raise PortctlError(
                "Output not known",
                f"{change.address} needs {missing.field!r} of {missing.address}, which has none",
                hint="Apply again; if it stays, check that resource at the service.",
            )
        return desired_side(resource, attributes)

    def _sent(self, step: Step, live: Live | None = None) -> Desired:
        """The desired side as this step sends it: without what comes later, with what is held back.

        Where the object is there, what comes later stays as it is in `live` for now.
        """
        desired = self._desired(step.change, step.change.resource)
        if not step.without and not step.held:
            return desired
        kept = {} if live is None or desired.merge else live.attributes
        attributes: Attributes = {
            **{key: value for key, value in desired.attributes.items() if key not in step.without},
            **{key: kept[key] for key in step.without if key in kept},
            **step.held,
        }
        return desired_side(desired.resource, attributes)

    def _create(self, step: Step) -> Written:
        change, desired = step.change, self._sent(step)
        provider = self._provider(change)
        if change.kind.create is None:
            live = provider.fetch(change.kind, change.identity)
            if live is None:
                raise PortctlError(
                    "Not there",
                    f"{change.address} should have come into being with its parent, and did not",
                    hint="Apply again in a moment.",
                )
            return replace(self._write(step, desired, live), found=live)
        if change.action is Action.CREATE and any(is_write_only(change.kind, path) for path in desired.sealed):
            self._require_absence(change)
        request = WriteRequest(
            identity=change.identity,
            attributes=desired.attributes,
            changed=tuple(desired.declared),
            options=desired.resource.meta.options,
        )
        return Written(self._created(change, desired, lambda: provider.create(change.kind, request)), desired)

    def _require_absence(self, change: Change) -> None:
        """Look right before a creation whose object cannot be compared: what is there afterwards is of this run."""
        if self._provider(change).fetch(change.kind, change.identity) is not None:
            raise StalePlan(
                "Made meanwhile",
                f"{change.address} was not there when the plan was made, and is there now",
                hint="Plan again; if it may be taken over: --adopt.",
            )

    def _update(self, step: Step) -> Written:
        change = step.change
        live = self.current(change)
        if live is None:
            raise PortctlError("Gone", f"{change.address} was there when the plan was made", hint="Plan again.")
        if step.phase not in _LATER:
            for renamed in change.renames:
                live = self._renamed(change, live, tuple(renamed.path.split(".")), renamed.before)
        if change.resource is None:
            return Written(self._cleared(change, live, change.removals), None)
        return self._write(step, self._sent(step, live if step.phase is Phase.UPDATE else None), live)

    def _write(self, step: Step, desired: Desired, live: Live) -> Written:
        """Send what differs between `live` and `desired`, and what must be sent although it cannot be compared."""
        change = step.change
        live = self._with_room(change, desired, live)
        changed, removed = (dict.fromkeys(paths) for paths in delta(desired, live_side(desired, live)))
        secrets: list[Path] = []
        if step.phase not in _LATER:
            for path in map(unit_of, change.removals):
                if not is_write_only(change.kind, path) and not _standing(live, (path,)):
                    continue
                (removed if get(desired.canonical, path) is MISSING else changed)[path] = None
            secrets = [unit_of(edit.path) for edit in change.edits if edit.path in desired.sealed]
            changed.update(dict.fromkeys((*secrets, *to_send_again(change, desired.canonical))))
        if not changed and not removed:
            return Written(live, desired, changed=bool(change.renames) or step.phase is Phase.CREATE)
        request = WriteRequest(
            identity=change.identity,
            attributes=desired.attributes,
            changed=tuple(changed),
            removed=tuple(removed),
            merge=desired.merge,
            options=desired.resource.meta.options,
        )
        return Written(self._updated(change, desired, live, request, telling=not secrets), desired)

    def _with_room(self, change: Change, desired: Desired, live: Live) -> Live:
        """`live` after what has to be made anew was removed from it, where the service refuses to change it."""
        before = live_side(desired, live)
        parts = in_the_way(change.kind, before, delta(desired, before)[0]) if change.kind.retyped else ()
        return self._cleared(change, live, parts) if parts else live

    def _created(self, change: Change, desired: Desired, write: Callable[[], Live]) -> Live:
        """The object after a create. Sent again only when reading back shows that nothing was created.

        A proxy may send a request twice, and a service may refuse what it has just done: where the object is there,
        and is what was wanted, the step is done.
        """
        lost: PortctlError
        for _ in range(ATTEMPTS):
            try:
                return self._checked(change, desired, write())
            except (AnswerLost, ApiError) as error:
                lost, live = error, self._read_back_new(change, error)
                if isinstance(error, ApiError) and (live is None or self._lacking(change, desired, live)):
                    raise
            if live is not None:
                return self._finished(change, desired, live, lost)
        raise answer_lost(change, lost, NOT_SHOWN)

    def _finished(self, change: Change, desired: Desired, live: Live, lost: PortctlError) -> Live:
        """`live`, which a creation without a good answer has made, with the parts that it had not come to.

        What cannot be compared is sent again.
        """
        if self._lacking(change, desired, live):
            raise answer_lost(change, lost, OTHER)
        changed, removed = delta(desired, live_side(desired, live))
        changed = tuple(dict.fromkeys((*changed, *map(unit_of, desired.sealed))))
        if not changed and not removed:
            return live
        request = WriteRequest(
            identity=change.identity,
            attributes=desired.attributes,
            changed=changed,
            removed=removed,
            merge=desired.merge,
            options=desired.resource.meta.options,
        )
        return self._updated(change, desired, live, request, telling=not desired.sealed)

    def _lacking(self, change: Change, desired: Desired, live: Live) -> bool:
        """Whether `live` differs from what was wanted by more than parts that further requests write."""
        parts = change.kind.parts
        return any(not any(within(pattern, path) for pattern in parts) for path in _unlike(desired, live))

    def _read_back_new(self, change: Change, lost: PortctlError) -> Live | None:
        """What stands there now, unless it is the object that was to be replaced."""
        live = self._read_back(change, lost)
        old = change.live
        if live is None or old is None:
            return live
        return None if remote_id(change.kind, live) == remote_id(change.kind, old) else live

    def _updated(self, change: Change, desired: Desired, live: Live, request: WriteRequest, *, telling: bool) -> Live:
        """The object after an update, which may be sent twice. `telling`: reading back shows whether it was done."""
        lost: PortctlError
        seen: Live | None = None
        for _ in range(ATTEMPTS):
            try:
                there = self._provider(change).update(change.kind, live, request)
            except (AnswerLost, ApiError) as error:
                lost = error
                seen = self._read_back(change, error) if telling or isinstance(error, AnswerLost) else None
                if seen is not None and telling and not _unlike(desired, seen) and not _standing(seen, request.removed):
                    return seen
                if isinstance(error, ApiError):
                    raise
                continue
            left = _standing(there, request.removed) if request.merge else ()
            if left:
                raise _not_as_wanted(change, left)
            return self._checked(change, desired, there)
        shown = OTHER if telling else "the secrets in it cannot be read back"
        raise answer_lost(change, lost, NOT_SHOWN if seen is None else shown)

    def _renamed(self, change: Change, live: Live, path: Path, before: str) -> Live:
        provider = self._provider(change)
        lost: PortctlError
        for _ in range(ATTEMPTS):
            try:
                return provider.rename(change.kind, live, path, before)
            except (AnswerLost, ApiError) as error:
                lost, there = error, self._read_back(change, error)
                if there is not None and get(there.attributes, path) is not MISSING:
                    return there
                if isinstance(error, ApiError):
                    raise
        raise answer_lost(change, lost, f"reading it back did not show {path_text(path)}")

    def _cleared(self, change: Change, live: Live, removed: tuple[Path, ...]) -> Live:
        """`live` without what stands at `removed`; everything else is left alone."""
        request = WriteRequest(identity=change.identity, attributes={}, removed=removed, merge=True)
        lost: PortctlError
        seen = OTHER
        for _ in range(ATTEMPTS):
            try:
                there: Live | None = self._provider(change).update(change.kind, live, request)
            except (AnswerLost, ApiError) as error:
                lost, there = error, self._read_back(change, error)
                if isinstance(error, ApiError) and (there is None or _standing(there, removed)):
                    raise
                if there is not None and _standing(there, removed):
                    continue
            if there is None:
                seen = NOT_SHOWN
                break
            left = _standing(there, removed)
            if left:
                raise _not_as_wanted(change, left)
            return there
        raise answer_lost(change, lost, seen)

    def _read_back(self, change: Change, lost: PortctlError) -> Live | None:
        try:
            return self._provider(change).fetch(change.kind, change.identity)
        except PortctlError as error:
            raise answer_lost(change, lost, f"reading it back failed: {error}") from error

    def _checked(self, change: Change, desired: Desired, live: Live) -> Live:
        wrong = _unlike(desired, live)
        if wrong:
            raise _not_as_wanted(change, wrong)
        return live

    def _release(self, step: Step) -> Written:
        """Take away the references of an object that is about to be deleted, so that a cycle can be."""
        change = step.change
        provider = self._provider(change)
        live = provider.fetch(change.kind, change.identity)
        if live is None:
            return Written(None, None, changed=False)
        removed = tuple(
            (name,) for name in step.without if get(live.attributes, (name,)) not in (MISSING, None, {}, ())
        )
        return Written(self._cleared(change, live, removed) if removed else live, None, changed=bool(removed))


def _unlike(desired: Desired, live: Live) -> tuple[Path, ...]:
    """The managed paths at which `live` is not what was wanted."""
    found = differences(live_side(desired, live), desired.canonical, desired.resource.kind.aligned)
    return tuple(difference.path for difference in found)


def _standing(live: Live, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of `paths` at which something still stands."""
    canonical = normalise(live.kind, live.attributes)
    return tuple(path for path in paths if get(canonical, path) is not MISSING)


def _unclear(change: Change) -> PortctlError:
    return PortctlError(
        "Left as it is",
        f"{change.address}: {change.why}",
        hint=f"Look at it at the service. If it is not this project's: portctl state rm '{change.address}'; "
        "if it is, bring its manifest back and adopt it.",
    )


def _not_as_wanted(change: Change, wrong: tuple[Path, ...]) -> NotAsWanted:
    paths = ", ".join(path_text(path) for path in wrong)
    return NotAsWanted(
        "Written, but not as wanted",
        f"{change.address}: the service dropped or changed {paths}",
        hint="Compare the manifest with the object at the service; the account may lack a right on that field.",
    )
