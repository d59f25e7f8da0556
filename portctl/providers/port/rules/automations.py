"""Rules about when automations fire."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.model.value import get
from portctl.providers.port.rules.shapes import Organisation, list_at, text_at

_REPEATED = ("ENTITY_UPDATED", "ANY_ENTITY_CHANGE", "RUN_UPDATED", "ANY_RUN_CHANGE")
_AFTER = re.compile(r"\.diff\s*(?:\.\s*after\b|\[\s*\"after\"\s*\])|\.diff\s*\|\s*\.after\b")
_BEFORE = re.compile(r"\bbefore\b")
_ENDED = re.compile(r'\.diff\.after\.status\s*[=!]=\s*"')


def conditions_without_before(organisation: Organisation) -> Iterator[Finding]:
    """Every later update of the same object satisfies such a condition again.

    A run that has ended never changes, so a condition on its final status holds once.
    """
    for automation in organisation.ours("Automation"):
        event = text_at(automation.attributes, "trigger", "event", "type")
        path = ("trigger", "condition", "expressions")
        expressions = [text for text in list_at(automation.attributes, *path) if isinstance(text, str)]
        if event not in _REPEATED or any(_BEFORE.search(text) for text in expressions):
            continue
        for index, text in enumerate(list_at(automation.attributes, *path)):
            about_end = event in ("RUN_UPDATED", "ANY_RUN_CHANGE") and any(map(_ENDED.search, expressions))
            if isinstance(text, str) and _AFTER.search(text) and not about_end:
                yield Finding(
                    resource=automation,
                    path=(*path, index),
                    summary="Condition looks only at what is, not at what changed",
                    detail=f"{event} fires on every write; as long as this holds, each one starts the automation again",
                    hint="Compare in one expression: (.diff.before.properties.x != .diff.after.properties.x) and ...",
                )
                break


def runs_before_approval(organisation: Organisation) -> Iterator[Finding]:
    """RUN_CREATED fires while the run still waits for its approvers."""
    actions = organisation.of("Action")
    for automation in organisation.ours("Automation"):
        event = ("trigger", "event")
        action = actions.get(text_at(automation.attributes, *event, "actionIdentifier"))
        if action is None or text_at(automation.attributes, *event, "type") != "RUN_CREATED":
            continue
        approval = get(action.attributes, ("requiredApproval",))
        if approval is True or text_at(approval, "type"):
            yield Finding(
                resource=automation,
                path=(*event, "type"),
                summary="Fires before anybody approved",
                detail=f"{action.address} requires an approval, and RUN_CREATED fires when the run is asked for",
                hint="Use RUN_UPDATED and test that .diff.after.status became IN_PROGRESS.",
            )
