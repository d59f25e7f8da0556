"""What a change would lose, told by the kind's hazards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portctl.engine.losses import possible_losses
from portctl.model.change import Edit, Loss, Why
from portctl.model.kind import Hazard
from portctl.model.value import Canonical
from tests.unit.engine.kinds import SHELF


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
