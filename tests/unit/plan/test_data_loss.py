"""What a change would lose, told by the kind's hazards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portctl.model.change import Edit, Loss, Why
from portctl.model.kind import Hazard
from portctl.model.value import MISSING, Canonical
from portctl.plan.data_loss import lost_elsewhere, possible_losses
from portctl.providers.port.kinds.blueprint import KIND as BLUEPRINT
from portctl.source import Path
from tests.unit.examples.kinds import SHELF

F: Path = ("schema", "properties", "f")


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [(40, 80, ()), (80, 40, (Loss(("width",), "cut"),)), (40, "80", (Loss(("width",), "cut"),))],
)
def test_a_number_that_may_only_grow_loses_data_when_it_shrinks(
    before: object, after: object, lost: tuple[Loss, ...]
) -> None:
    kind = replace(SHELF, hazards=(Hazard("width", "cut", removed=False, shrinking=True),))
    edit = Edit(("width",), before, after, Why.MANIFEST)
    assert possible_losses(kind, Canonical({"width": after}), [edit]) == lost


@pytest.mark.parametrize(
    ("edit", "lost", "elsewhere"),
    [
        (
            Edit((*F, "type"), "string", MISSING, Why.MANIFEST),
            "values of the old type are lost",
            (("properties", "f"),),
        ),
        (Edit((*F, "title"), "F", "G", Why.MANIFEST), "", ()),
        (
            Edit(("relations", "r", "target"), "a", "b", Why.MANIFEST),
            "links to the former target are lost",
            (("relations", "r"),),
        ),
        (Edit(("relations", "r", "target"), MISSING, "b", Why.NEW), "", ()),
    ],
)
def test_a_blueprint_says_what_is_lost_and_where_its_entities_held_it(
    edit: Edit, lost: str, elsewhere: tuple[Path, ...]
) -> None:
    wanted: dict[str, object] = {} if edit.after is MISSING else {str(edit.path[-1]): edit.after}
    for part in reversed(edit.path[:-1]):
        wanted = {str(part): wanted}

    assert [loss.why for loss in possible_losses(BLUEPRINT, Canonical(wanted), [edit])] == ([lost] if lost else [])
    assert lost_elsewhere(BLUEPRINT, [edit]) == elsewhere
