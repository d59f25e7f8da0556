"""Findings and failures as text."""

from __future__ import annotations

from portctl.errors import ApiError, InvalidInput, PortctlError
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.source import Source
from portctl.views.colour import Palette
from portctl.views.diagnostics import error_text, findings_text
from portctl.views.json import diagnostics_document, error_document, tool_version

DANGLING = Diagnostic(
    rule="reference",
    severity=Severity.ERROR,
    summary="Unknown reference",
    source=Source("actions/deploy.yaml", 14, 7),
    detail='No blueprint "servce" is declared. Did you mean "service"?',
    hint="Declare it, or correct the name.",
    path="trigger.blueprintIdentifier",
)
TABS = Diagnostic(
    rule="yaml", severity=Severity.WARNING, summary="Odd \x1b[2J file", source=Source("blueprints/a.yaml", 1, 1)
)


def test_a_finding_says_what_where_why_and_what_next() -> None:
    assert (
        findings_text(diagnostics_document([DANGLING, TABS], resources=3))
        == r"""error[reference]: Unknown reference
  actions/deploy.yaml:14:7  trigger.blueprintIdentifier
  No blueprint "servce" is declared. Did you mean "service"?
  hint: Declare it, or correct the name.

warning[yaml]: Odd \x1b[2J file
  blueprints/a.yaml:1:1

Invalid: 1 error, 1 warning."""
    )


def test_valid_manifests_are_counted() -> None:
    assert findings_text(diagnostics_document([], resources=12)) == "Valid: 12 resources, 0 warnings."
    assert findings_text(diagnostics_document([TABS], resources=1)).splitlines()[-1] == "Valid: 1 resource, 1 warning."


def test_findings_as_a_document() -> None:
    assert diagnostics_document([DANGLING], resources=3) == {
        "formatVersion": 1,
        "tool": f"portctl {tool_version()}",
        "ok": False,
        "resources": 3,
        "summary": {"errors": 1, "warnings": 0},
        "diagnostics": [
            {
                "rule": "reference",
                "severity": "error",
                "summary": "Unknown reference",
                "detail": 'No blueprint "servce" is declared. Did you mean "service"?',
                "hint": "Declare it, or correct the name.",
                "file": "actions/deploy.yaml",
                "line": 14,
                "column": 7,
                "path": "trigger.blueprintIdentifier",
            }
        ],
    }


def test_a_failure_lists_every_finding_and_ends_with_what_stopped_the_run() -> None:
    error = InvalidInput("The manifests cannot be used", "1 error", diagnostics=[DANGLING], hint="Run validate.")
    assert (
        error_text(error_document(error))
        == """\
error[reference]: Unknown reference
  actions/deploy.yaml:14:7  trigger.blueprintIdentifier
  No blueprint "servce" is declared. Did you mean "service"?
  hint: Declare it, or correct the name.

error: The manifests cannot be used
  1 error
  hint: Run validate."""
    )


def test_a_failure_names_its_place_and_its_request() -> None:
    placed = PortctlError("Unknown key", "protec", source=Source("portctl.yaml", 3, 1))
    assert error_text(error_document(placed)) == "error: Unknown key\n  portctl.yaml:3:1\n  protec"
    refused = ApiError("Refused", method="PUT", path="/v1/actions/a", status=500)
    assert error_text(error_document(refused)) == "error: Refused\n  PUT /v1/actions/a was answered 500"
    named = ApiError("Refused", "PUT /v1/actions/a (500): try later", method="PUT", path="/v1/actions/a", status=500)
    assert error_text(error_document(named)) == "error: Refused\n  PUT /v1/actions/a (500): try later"


def test_colour_adds_nothing_but_colour() -> None:
    document = diagnostics_document([DANGLING], resources=1)
    coloured = findings_text(document, Palette(on=True))
    assert coloured.startswith("\x1b[1;31merror[reference]\x1b[0m: \x1b[1mUnknown reference\x1b[0m\n")
    for style in ("1;31", "1", "0"):
        coloured = coloured.replace(f"\x1b[{style}m", "")
    assert coloured == findings_text(document)
