"""Do one step: one write, or the few that belong together, and check that the service did what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portctl.engine.compare import Desired, desired_side, live_side
from portctl.engine.diff import differences, whole
from portctl.engine.outputs import Lookup, output_refs, resolve
from portctl.errors import AnswerLost, ApiError, PortctlError
from portctl.model.change import Change
from portctl.model.plan import Phase, Step
from portctl.model.provider import Draft, Provider
from portctl.model.resource import Live, Resource
from portctl.model.value import MISSING, Attributes, get
from portctl.source import Path, path_text


class NotAsWanted(PortctlError):
    """The service accepted a write and answered with something else than what was asked for."""


class OutcomeUnknown(PortctlError):
    """A write was sent, its answer was lost, and reading back could not tell whether it was done."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands at the service after a step; `desired` is what was sent. `live` is None after a delete."""

    live: Live | None
    desired: Desired | None
    changed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Performs steps. `current` gives the object as this run last saw or wrote it."""

    providers: Mapping[str, Provider]
    lookup: Lookup
    current: Callable[[Change], Live | None]

    def perform(self, step: Step) -> Written:
        """Raises a PortctlError when the step failed, OutcomeUnknown when nobody can tell."""
        change = step.change
        match step.phase:
            case Phase.DELETE:
                return self._delete(change)
            case Phase.RELEASE:
                return self._release(step)
            case Phase.LEDGER:
                return Written(change.live, self._desired(change, change.resource) if change.resource else None)
            case Phase.CREATE:
                return self._create(step)
            case Phase.UPDATE | Phase.RENAME | Phase.COMPLETE:
                return self._update(step)

    def _provider(self, change: Change) -> Provider:
        return self.providers[change.key[0]]

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

    def _sent(self, step: Step) -> Desired:
        """The desired side as this step sends it: without what comes later, with what is held back."""
        desired = self._desired(step.change, step.change.resource)
        if not step.without and not step.held:
            return desired
        attributes: Attributes = {
            **{key: value for key, value in desired.attributes.items() if key not in step.without},
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
            return self._write(step, desired, live)
        draft = Draft(
            identity=change.identity,
            attributes=desired.attributes,
            changed=tuple(desired.declared),
            options=desired.resource.meta.options,
        )
        live = self._surely(change, desired, lambda: provider.create(change.kind, draft))
        return Written(live, desired)

    def _update(self, step: Step) -> Written:
        change = step.change
        live = self.current(change)
        if live is None:
            raise PortctlError("Gone", f"{change.address} was there when the plan was made", hint="Plan again.")
        provider = self._provider(change)
        if step.phase is not Phase.COMPLETE:
            for renamed in change.renames:
                live = provider.rename(change.kind, live, tuple(renamed.path.split(".")), renamed.before)
        if change.resource is None:
            draft = Draft(identity=change.identity, attributes={}, removed=change.removals, merge=True)
            return Written(provider.update(change.kind, live, draft), None)
        return self._write(step, self._sent(step), live)

    def _write(self, step: Step, desired: Desired, live: Live) -> Written:
        """Send what differs between `live` and `desired`, and what must be sent although it cannot be compared."""
        change = step.change
        before = live_side(desired, live)
        paths = dict.fromkeys(
            whole(difference.path) for difference in differences(before, desired.canonical, change.kind.aligned)
        )
        removed = [path for path in paths if get(desired.canonical, path) is MISSING and path not in desired.declared]
        if step.phase is not Phase.COMPLETE:
            removed.extend(path for path in change.removals if path not in removed)
            paths.update(dict.fromkeys(whole(edit.path) for edit in change.edits if edit.path in desired.sealed))
        if not paths and not removed:
            return Written(live, desired, changed=bool(change.renames) or step.phase is Phase.CREATE)
        draft = Draft(
            identity=change.identity,
            attributes=desired.attributes,
            changed=tuple(path for path in paths if path not in removed),
            removed=tuple(removed),
            merge=desired.merge,
            options=desired.resource.meta.options,
        )
        provider = self._provider(change)
        return Written(self._surely(change, desired, lambda: provider.update(change.kind, live, draft)), desired)

    def _surely(self, change: Change, desired: Desired, write: Callable[[], Live]) -> Live:
        """The object after `write`, whose answer may get lost: then it is read back before anything is sent again."""
        try:
            return self._checked(change, desired, write())
        except AnswerLost:
            pass
        live = self._read_back(change)
        if live is not None and not _unlike(desired, live):
            return live
        try:
            return self._checked(change, desired, write())
        except AnswerLost as error:
            live = self._read_back(change)
            if live is not None and not _unlike(desired, live):
                return live
            raise self._unknown(change) from error
        except ApiError:
            live = self._read_back(change)
            if live is not None and not _unlike(desired, live):
                return live
            raise

    def _read_back(self, change: Change) -> Live | None:
        try:
            return self._provider(change).fetch(change.kind, change.identity)
        except PortctlError as error:
            raise self._unknown(change) from error

    def _unknown(self, change: Change) -> OutcomeUnknown:
        return OutcomeUnknown(
            "Outcome unknown",
            f"the write of {change.address} was sent, its answer was lost, and reading it back did not tell",
            hint=f"Look at {'/'.join(change.identity)} at the service, then plan again.",
        )

    def _checked(self, change: Change, desired: Desired, live: Live) -> Live:
        wrong = _unlike(desired, live)
        if wrong:
            paths = ", ".join(path_text(path) for path in wrong)
            raise NotAsWanted(
                "Written, but not as wanted",
                f"{change.address}: the service dropped or changed {paths}",
                hint="Compare the manifest with the object at the service; the account may lack a right on that field.",
            )
        return live

    def _delete(self, change: Change) -> Written:
        provider = self._provider(change)
        live = provider.fetch(change.kind, change.identity)
        if live is None:
            return Written(None, None, changed=False)
        provider.delete(change.kind, live, cascade=bool(change.losses))
        return Written(None, None)

    def _release(self, step: Step) -> Written:
        """Take away the references of an object that is about to be deleted, so that a circle can be."""
        change = step.change
        provider = self._provider(change)
        live = provider.fetch(change.kind, change.identity)
        if live is None:
            return Written(None, None, changed=False)
        removed = tuple(
            (name,) for name in step.without if get(live.attributes, (name,)) not in (MISSING, None, {}, ())
        )
        if removed:
            draft = Draft(identity=change.identity, attributes={}, removed=removed, merge=True)
            live = provider.update(change.kind, live, draft)
        return Written(live, None)


def _unlike(desired: Desired, live: Live) -> tuple[Path, ...]:
    """The managed paths at which `live` is not what was wanted."""
    found = differences(live_side(desired, live), desired.canonical, desired.resource.kind.aligned)
    return tuple(difference.path for difference in found)
