"""What an apply did, as text and as a document."""

from __future__ import annotations

from portctl.errors import AnswerLost, ApiError, PortctlError
from portctl.model.change import Action
from portctl.model.plan import Phase
from portctl.model.report import Outcome, Report, Status
from portctl.views.json import plan_document, report_document, tool_version
from portctl.views.report import report_text
from tests.unit.views.builders import change, plan, step

REFUSED = ApiError(
    "Port refused the action",
    "identifier: must match the pattern\n\nseen: \x1b[31m",
    method="POST",
    path="/v1/actions",
    status=422,
    code="invalid_request",
    hint="Correct the identifier,\nthen run the same command again.",
)
LOST = AnswerLost("The answer was lost", "POST /v1/webhooks", hint="Look for webhook b in the data sources.")

A, B, C, D, E = (change(name, Action.CREATE) for name in "abcde")
GONE = change("gone", Action.DELETE)
STEPS = {
    "a": step(A, Phase.CREATE),
    "b": step(B, Phase.CREATE),
    "c": step(C, Phase.UPDATE, "port/Action:a#create"),
    "d1": step(D, Phase.CREATE),
    "d2": step(D, Phase.COMPLETE),
    "e": step(E, Phase.LEDGER),
    "gone": step(GONE, Phase.DELETE),
}
MIXED = Report(
    plan=plan(A, B, C, D, E, GONE, steps=tuple(STEPS.values())),
    outcomes=(
        Outcome(step=STEPS["d1"], status=Status.DONE, seconds=0.25),
        Outcome(step=STEPS["d2"], status=Status.DONE, seconds=0.5),
        Outcome(step=STEPS["a"], status=Status.FAILED, error=REFUSED, seconds=0.1),
        Outcome(step=STEPS["c"], status=Status.SKIPPED, because="port/Action:a#create"),
        Outcome(step=STEPS["b"], status=Status.UNKNOWN, error=LOST),
        Outcome(step=STEPS["gone"], status=Status.UNCHANGED),
        Outcome(step=STEPS["e"], status=Status.DONE),
    ),
    seconds=1.23456,
    requests={"port": 9},
)


def test_a_report_lists_failures_first_and_counts_each_resource_once() -> None:
    assert (
        report_text(report_document(MIXED))
        == r"""Failed
  +   port/Action:a  create: Port refused the action
        POST /v1/actions was answered 422 invalid_request
        identifier: must match the pattern
        seen: \x1b[31m
        hint: Correct the identifier,
              then run the same command again.

Unknown: it may have been done; look before running it again
  +   port/Action:b  create: The answer was lost
        POST /v1/webhooks
        hint: Look for webhook b in the data sources.

Skipped: something they need was not done
  +   port/Action:c  update: needs port/Action:a (create)

Done
  +   port/Action:d  created
  +   port/Action:d  completed
  +   port/Action:e  created

Nothing to do any more
  -   port/Action:gone

Apply incomplete: 2 created, 0 updated, 0 deleted, 1 unchanged, 1 failed, 1 skipped, 1 unknown."""
    )


def test_a_report_document_holds_every_outcome() -> None:
    document = report_document(MIXED)
    assert {key: value for key, value in document.items() if key not in ("outcomes", "summary")} == {
        "formatVersion": 1,
        "tool": f"portctl {tool_version()}",
        "project": "delivery",
        "environment": "staging",
        "digest": "d1",
        "destroy": False,
        "complete": False,
        "interrupted": False,
        "unsaved": None,
        "kept": [],
        "residue": [],
        "seconds": 1.235,
        "requests": {"port": 9},
    }
    assert document["summary"] == {
        "create": 2,
        "update": 0,
        "replace": 0,
        "delete": 0,
        "adopt": 0,
        "move": 0,
        "forget": 0,
        "rename": 0,
        "no-op": 0,
        "unchanged": 1,
        "failed": 1,
        "skipped": 1,
        "unknown": 1,
        "under way": 0,
        "not started": 0,
    }
    assert document["outcomes"][2:4] == [
        {
            "address": "port/Action:a",
            "action": "create",
            "phase": "create",
            "status": "failed",
            "seconds": 0.1,
            "error": {
                "exitCode": 1,
                "summary": "Port refused the action",
                "detail": "identifier: must match the pattern\n\nseen: \x1b[31m",
                "hint": "Correct the identifier,\nthen run the same command again.",
                "request": {"method": "POST", "path": "/v1/actions", "status": 422, "code": "invalid_request"},
            },
        },
        {
            "address": "port/Action:c",
            "action": "create",
            "phase": "update",
            "status": "skipped",
            "seconds": 0.0,
            "because": "port/Action:a (create)",
        },
    ]


def test_a_complete_destroy_says_what_it_kept_and_what_stays_behind() -> None:
    gone = step(GONE, Phase.DELETE)
    report = Report(
        plan=plan(GONE, steps=(gone,), destroy=True),
        outcomes=(Outcome(step=gone, status=Status.DONE),),
        kept=("port/Blueprint:service: onDelete is keep",),
        residue=("the audit log of port",),
    )
    assert (
        report_text(report_document(report))
        == """\
Done
  -   port/Action:gone  deleted

Kept on purpose
  port/Blueprint:service: onDelete is keep

Cannot be removed and stays behind
  the audit log of port

Destroy complete: 1 deleted."""
    )


def test_an_interrupted_apply_says_what_was_done_what_was_under_way_and_what_is_left() -> None:
    report = Report(
        plan=plan(A, B, D, GONE, steps=tuple(STEPS.values())),
        outcomes=(
            Outcome(step=STEPS["a"], status=Status.DONE),
            Outcome(step=STEPS["b"], status=Status.UNDER_WAY),
            Outcome(step=STEPS["d1"], status=Status.DONE),
            Outcome(step=STEPS["d2"], status=Status.NOT_STARTED),
            Outcome(step=STEPS["gone"], status=Status.NOT_STARTED),
        ),
        interrupted=True,
    )
    document = report_document(report)
    assert (document["interrupted"], document["complete"]) == (True, False)
    assert (
        report_text(document)
        == """\
Under way when it was interrupted: sent or not, done or not; the next plan finds out
  +   port/Action:b  create

Not started
  +   port/Action:d  complete
  -   port/Action:gone  delete

Done
  +   port/Action:a  created
  +   port/Action:d  created

Apply interrupted: 1 created, 0 updated, 0 deleted, 1 under way, 2 not started.
portctl plan shows what is left to do."""
    )


def test_a_failure_without_words_still_has_its_line() -> None:
    failed = step(A, Phase.CREATE)
    report = Report(
        plan=plan(A, steps=(failed,)),
        outcomes=(
            Outcome(step=failed, status=Status.UNKNOWN),
            Outcome(step=failed, status=Status.SKIPPED),
            Outcome(step=failed, status=Status.FAILED, error=PortctlError("Stopped")),
        ),
    )
    assert (
        report_text(report_document(report))
        == """\
Failed
  +   port/Action:a  create: Stopped

Unknown: it may have been done; look before running it again
  +   port/Action:a  create

Skipped: something they need was not done
  +   port/Action:a  create

Apply incomplete: 0 created, 0 updated, 0 deleted, 1 failed."""
    )


def test_a_plan_document_names_everything_a_script_needs() -> None:
    moved = change("new", Action.MOVE, was=A.address, why="renamed in the manifest")
    assert plan_document(plan(moved, requests={"port": 3})) == {
        "formatVersion": 1,
        "tool": f"portctl {tool_version()}",
        "project": "delivery",
        "environment": "staging",
        "digest": "d1",
        "destroy": False,
        "targeted": False,
        "instances": [
            {
                "provider": "port",
                "name": "default",
                "identity": "org_1",
                "url": "https://api.port.example",
                "principal": "client_1",
            }
        ],
        "summary": {
            "create": 0,
            "update": 0,
            "replace": 0,
            "delete": 0,
            "adopt": 0,
            "move": 1,
            "forget": 0,
            "rename": 0,
            "no-op": 0,
        },
        "changes": [
            {
                "address": "port/Action:new",
                "kind": "port/Action",
                "action": "move",
                "identity": ["new"],
                "why": "renamed in the manifest",
                "edits": [],
                "losses": [],
                "notes": [],
                "was": "port/Action:a",
            }
        ],
        "refusals": [],
        "warnings": [],
        "notes": [],
        "requests": {"port": 3},
    }
