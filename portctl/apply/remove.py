"""Delete one object, and believe that it is gone when it is seen to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portctl.apply.uncertain import ATTEMPTS, NotAsWanted, OutcomeUnknown, answer_lost
from portctl.errors import AnswerLost, ApiError, PortctlError, StalePlan
from portctl.ledger.intents import remote_id
from portctl.model.change import Change
from portctl.model.provider import Provider
from portctl.model.resource import Live
from portctl.refresh.read import LAG_PAUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Deletes through one provider. `waiting` is told what is waited for."""

    provider: Provider
    sleep: Callable[[float], None]
    waiting: Callable[[str], None]

    def delete(self, change: Change) -> bool:
        """Whether there was anything left to delete. Raises StalePlan where another object stands there by now."""
        lost: PortctlError
        for _ in range(ATTEMPTS):
            live = self.provider.fetch(change.kind, change.identity)
            if live is None:
                return False
            if change.live is not None and remote_id(change.kind, live) != remote_id(change.kind, change.live):
                raise StalePlan(
                    "Made anew meanwhile",
                    f"{change.address}: the object that the plan saw is gone, and somebody has made another one",
                    hint="Plan again; what is not this project's is left as it is.",
                )
            try:
                self.provider.delete(change.kind, live, cascade=bool(change.losses))
            except (AnswerLost, ApiError) as error:
                lost = error
                if not self._after_no_answer(change, live, error):
                    return True
                if isinstance(error, ApiError):
                    raise
            else:
                self._see_it_gone(change, live)
                return True
        raise answer_lost(change, lost, "it is still shown")

    def supersede(self, change: Change) -> None:
        """Delete the object that was replaced: exactly that one, since another has its identity by now."""
        if change.live is None:
            return
        lost: PortctlError
        for _ in range(ATTEMPTS):
            try:
                self.provider.delete(change.kind, change.live)
            except AnswerLost as error:
                lost = error
                continue
            self._see_it_gone(change, change.live)
            return
        raise answer_lost(change, lost, "whether it is gone was not looked at, since another one has its name by now")

    def _see_it_gone(self, change: Change, deleted: Live) -> None:
        """Look until it is, for as long as what is read may lag behind what was written."""
        for pause in LAG_PAUSES:
            if not self._may_be_there(change, deleted):
                return
            self.waiting(f"{change.address} was deleted and is still shown, looking again")
            self.sleep(pause)
        if not self._after_answer(change, deleted):
            return
        raise NotAsWanted(
            "Deleted, but still there",
            f"{change.address}: the service answered that it deleted it, and shows it still",
            hint="Apply again: it is still in the ledger. The account may lack the right to delete it, or something "
            "between here and the service answers in its place.",
        )

    def _may_be_there(self, change: Change, deleted: Live) -> bool:
        """Also where the service refuses to show it: parts that it still shows of something that is gone are odd."""
        try:
            return self._after_answer(change, deleted)
        except OutcomeUnknown as error:
            if isinstance(error.__cause__, ApiError):
                return True
            raise

    def _after_answer(self, change: Change, deleted: Live) -> bool:
        try:
            return self._is_there(change, deleted)
        except PortctlError as error:
            what = f"the service answered that it deleted {change.address}, and looking whether it is gone failed"
            raise OutcomeUnknown(
                "Outcome unknown",
                f"{what}: {error}",
                hint="Plan again: it is still in the ledger, and is forgotten once it is seen to be gone.",
            ) from error

    def _after_no_answer(self, change: Change, deleted: Live, lost: PortctlError) -> bool:
        try:
            return self._is_there(change, deleted)
        except PortctlError as error:
            raise answer_lost(change, lost, f"reading it back failed: {error}") from error

    def _is_there(self, change: Change, deleted: Live) -> bool:
        """Whether the service shows that very object, and not one that was made since under its identity."""
        live = self.provider.fetch(change.kind, change.identity)
        return live is not None and remote_id(change.kind, live) == remote_id(change.kind, deleted)
