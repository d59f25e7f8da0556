"""Deletes that are answered and not performed: nothing that still stands is forgotten."""

from __future__ import annotations

import pytest

from portctl.apply.uncertain import NotAsWanted
from portctl.model.change import Action
from portctl.model.report import Status
from portctl.sandbox.core.faults import Fault, FaultKind
from tests.laws.samples_changed import changed
from tests.laws.world import World, acting
from tests.servers import gitlab_client


@pytest.mark.parametrize("service", ["port", "gitlab", "servicenow"])
def test_what_a_delete_has_left_standing_is_told_and_kept_in_mind(
    world: World, service: str, covered: list[str]
) -> None:
    assert world.apply().complete
    world.sandbox.faults.add(Fault(FaultKind.IGNORE, service=service, method="DELETE", times=None))
    report = world.destroy()
    failed = [outcome for outcome in report.outcomes if outcome.status is Status.FAILED]
    assert failed
    told = {(outcome.error.summary, type(outcome.error)) for outcome in failed if outcome.error}
    assert told == {("Deleted, but still there", NotAsWanted)}

    standing = {outcome.step.change.address for outcome in failed}
    remembered = {entry.address for entry in world.workspace().backend.load().entries.values()}
    assert standing <= remembered
    world.sandbox.faults.clear()
    assert world.destroy().complete
    assert world.workspace().backend.load().entries == {}
    kinds = sorted({address.kind_name for address in standing})
    covered.append(f"law 8: {service}, deletes that did nothing: {', '.join(kinds)}")


def test_a_token_that_was_replaced_and_still_works_is_told_of(world: World) -> None:
    assert world.apply().complete
    world.manifests(changed())
    world.sandbox.faults.add(Fault(FaultKind.IGNORE, service="gitlab", method="DELETE", path="/triggers/", times=None))
    failed = {str(outcome.step.change.address): outcome.error for outcome in world.apply().outcomes if outcome.error}
    told = failed["gitlab/PipelineTrigger:laws"]
    assert (told.summary, type(told)) == ("Deleted, but still there", NotAsWanted)
    assert acting(world.plan()) == {"gitlab/PipelineTrigger:laws": Action.UPDATE}
    (again,) = [outcome.error for outcome in world.apply().outcomes if outcome.error]
    assert again.summary == "Written, but not as wanted"
    assert again.detail == "gitlab/PipelineTrigger:laws: the service dropped or changed superseded"
    world.sandbox.faults.clear()
    assert world.apply().complete
    assert acting(world.plan()) == {}
    with gitlab_client(world.sandbox) as client:
        assert len(client.get("/projects/platform%2Flaws/triggers").json()) == 1
