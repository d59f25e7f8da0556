"""Every scenario by its name, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portctl.story.narration import Telling
from portctl.story.scenarios import decisions, forgeries, governance, lost, requests, twice

SCENARIOS: Mapping[str, Callable[[Telling], None]] = {
    "approve-in-port": decisions.approve_in_port,
    "approve-in-servicenow": decisions.approve_in_servicenow,
    "reject-in-port": decisions.reject_in_port,
    "reject-in-servicenow": decisions.reject_in_servicenow,
    "coverage-met": requests.coverage_met,
    "pipeline-crash": requests.pipeline_crash,
    "both-at-once": twice.both_at_once,
    "forged-webhook": forgeries.forged_webhook,
    "forged-trigger": forgeries.forged_trigger,
    "word-only-patch": forgeries.word_only_patch,
    "approved-then-edited": twice.approved_then_edited,
    "rejected-then-approved": twice.rejected_then_approved,
    "lost-message": lost.lost_message,
    "refused-pipeline": lost.refused_pipeline,
    "two-stages": governance.two_stages,
    "hold-and-resume": governance.hold_and_resume,
    "own-approval": governance.own_approval,
    "other-languages": requests.other_languages,
    "missing-repository": requests.missing_repository,
    "opened-before-upgrade": governance.opened_before_upgrade,
}
