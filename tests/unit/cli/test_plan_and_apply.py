"""The commands that talk to services, against the sandbox: the whole text of what they print."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.views.json import tool_version
from tests.servers import port_client
from tests.unit.cli.conftest import BLUEPRINT, PROJECT, Place

HEADER = "Plan for delivery, environment sandbox\n  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox\n\n"
FIRST = (
    HEADER
    + """\
+   port/Blueprint:change  will be created
      + identifier: "change"
      + title: "Change"
      + schema:
      +   properties:
      +     tier:
      +       type: "string"
      +       title: "Tier"

+   port/Secret:TOKEN  will be created
      + secretName: "TOKEN"
      + secretValue: (secret TOKEN)

Plan: 2 to create, 0 to update, 0 to delete.
"""
)
SAME = f"{HEADER}No changes. Everything is as the manifests say (2 resources).\n"


def test_a_project_is_planned_applied_and_then_as_the_manifests_say(place: Place) -> None:
    planned = place.run("plan", "--detailed-exitcode")
    assert (planned.code, planned.out, planned.err) == (2, FIRST, "")
    applied = place.run("apply", "--yes", "--workers", "1")
    assert (applied.code, applied.out) == (
        0,
        f"""\
{FIRST}
Done
  +   port/Blueprint:change  created
  +   port/Secret:TOKEN  created

Apply complete: 2 created, 0 updated, 0 deleted.
""",
    )
    assert [line.split(" (")[0] for line in applied.err.splitlines()] == [
        "creating port/Blueprint:change",
        "[1/2] created port/Blueprint:change",
        "creating port/Secret:TOKEN",
        "[2/2] created port/Secret:TOKEN",
    ]
    again = place.run("plan", "--detailed-exitcode")
    assert (again.code, again.out, again.err) == (0, SAME, "")
    nothing = place.run("apply")
    assert (nothing.code, nothing.out, nothing.err) == (0, SAME, "")


def test_a_create_that_is_answered_503_is_sent_again(place: Place) -> None:
    place.fail(Fault(FaultKind.STATUS, service="port", method="POST", path="^/v1/blueprints$", status=503))
    applied = place.run("apply", "--yes")
    assert (applied.code, applied.out.splitlines()[-1]) == (0, "Apply complete: 2 created, 0 updated, 0 deleted.")
    posted = [each.status for each in place.sandbox.journal.exchanges() if each.path == "/v1/blueprints"]
    assert [status for status in posted if status != 200] == [503, 201]


def test_an_apply_says_its_version_in_the_ledger_and_keeps_twenty_journals(place: Place) -> None:
    for number in range(25):
        place.write(f".portctl/journal/old-{number:02}.jsonl", "")
    assert place.run("apply", "--yes").code == 0
    ledger = json.loads((place.root / ".portctl/ledger/sandbox.json").read_text(encoding="utf-8"))
    assert ledger["tool"] == tool_version()
    journals = [file.name for file in (place.root / ".portctl/journal").iterdir()]
    assert (len(journals), len([name for name in journals if name.startswith("sandbox-")])) == (21, 1)


def test_a_saved_plan_is_shown_as_it_was_made_and_applied_once(place: Place) -> None:
    file = str(place.root / "plan.json")
    made = place.run("plan", "-o", file)
    assert (made.code, made.err) == (
        0,
        f"Saved to {file}. To do exactly this: portctl -C {place.root} apply {file}\n",
    )
    assert place.run("show", file).out == made.out == FIRST
    assert place.run("show", file, "--format", "markdown").out == place.run("plan", "--format", "markdown").out
    document = place.run("show", file, "--json").document
    assert document == place.run("plan", "--json").document
    applied = place.run("apply", file, "--json")
    assert applied.code == 0
    assert applied.document["plan"] == document
    assert applied.document["report"]["summary"]["create"] == 2
    again = place.run("apply", file, "--json")
    assert again.code == 4
    assert again.document == {
        "error": {
            "exitCode": 4,
            "summary": "Plan was applied already",
            "detail": "a saved plan is good for one apply",
            "hint": "Nothing was written. Make a new plan and apply that one.",
        }
    }
    assert again.err.startswith("error: Plan was applied already\n")


def test_a_saved_plan_takes_neither_options_of_plan_nor_another_environment(place: Place) -> None:
    file = str(place.root / "plan.json")
    place.run("plan", "-o", file)
    targeted = place.run("apply", file, "-t", "port/Blueprint:change")
    assert targeted.code == 64
    assert targeted.err.endswith(
        "Error: Targets, labels, allowances and values are part of a saved plan: give them to plan -o.\n"
    )
    elsewhere = place.run("apply", file, "-e", "staging")
    assert elsewhere.code == 64
    assert elsewhere.err.endswith("Error: The saved plan is for environment 'sandbox', not 'staging'.\n")
    assert place.run("apply", file).code == 0


def test_without_a_terminal_nothing_is_applied_unless_yes_was_said(place: Place) -> None:
    asked = place.run("apply")
    assert (asked.code, asked.out) == (5, FIRST)
    assert asked.err == (
        "error: Nobody said yes\n"
        "  there is something to apply, and no terminal to ask at\n"
        "  hint: Add --yes, or save a plan with portctl plan -o FILE and apply that: portctl apply FILE.\n"
    )
    assert place.run("apply", "--json").document["error"]["exitCode"] == 5
    assert place.run("destroy").code == 0
    assert place.run("apply", "--yes").code == 0
    assert place.run("destroy").err.endswith(
        "  hint: Add --yes, or save a plan with portctl plan --destroy -o FILE and apply that: portctl apply FILE.\n"
    )


def test_a_refusal_ends_the_command_with_its_code_and_saves_nothing(place: Place) -> None:
    place.run("apply", "--yes")
    (place.root / "blueprints/change.yaml").unlink()
    (place.root / "integrations/secret.yaml").unlink()
    file = place.root / "plan.json"
    planned = place.run("plan", "-o", str(file))
    assert planned.code == 5
    assert planned.out.endswith("Plan: 0 to create, 0 to update, 2 to delete. Nothing can be applied: 1 refusal.\n")
    assert planned.err == f"Not saved to {file}: a plan with refusals cannot be applied.\n"
    assert not file.exists()
    applied = place.run("apply", "--yes", "--json")
    assert applied.code == 5
    assert applied.document["report"] is None
    assert applied.document["plan"]["refusals"][0]["exitCode"] == 5


def test_a_failed_apply_reports_what_was_not_done(place: Place) -> None:
    place.fail(Fault(FaultKind.STATUS, service="port", method="POST", path="/v1/blueprints", status=422, times=None))
    applied = place.run("apply", "--yes")
    assert applied.code == 7
    assert applied.out.endswith("Apply incomplete: 1 created, 0 updated, 0 deleted, 1 failed.\n")
    assert "\nFailed\n  +   port/Blueprint:change  create: " in applied.out
    alone = place.run("apply", "--yes", "-t", "port/Blueprint:change")
    assert alone.code == 1
    assert alone.out.endswith("Apply incomplete: 0 created, 0 updated, 0 deleted, 1 failed.\n")


def test_what_nobody_foresaw_in_a_step_ends_in_a_report(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = httpx.HTTPTransport.handle_request

    def answer(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) == ("POST", "/v1/blueprints"):
            raise KeyError("hunter2")
        return answered(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    told = place.run("apply", "--yes", "--debug")
    assert told.code == 7
    report = told.out.partition("\n\nUnknown")[2]
    assert (
        re.sub(r"test_plan_and_apply\.py:\d+", "PLACE", report)
        == """\
: it may have been done; look before running it again
  +   port/Blueprint:change  create: This is a bug in portctl
        KeyError at PLACE
        hint: Run the same command with --debug and report what it prints, with the version of portctl.

Done
  +   port/Secret:TOKEN  created

Apply incomplete: 1 created, 0 updated, 0 deleted, 1 unknown.
"""
    )
    assert "in answer\nKeyError\n" in told.err
    assert "hunter2" not in told.out + told.err
    monkeypatch.undo()
    monkeypatch.setenv("TOKEN", "sup3rs3cret")
    assert place.run("apply", "--yes").code == 0


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(("--set-json", 'title="\\ud800"'), "--set-json title"), (("--set", "title=\udcff"), "--set title"), ((), "")],
)
def test_a_value_that_cannot_be_sent_is_refused_before_anything_is(
    arguments: tuple[str, ...], name: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not arguments:
        monkeypatch.setenv("PORTCTL_VAR_title", "\udcff")
    told = place.run("apply", "--yes", *arguments)
    assert (told.code, told.out, told.err) == (
        3,
        "",
        f"""\
error: Malformed value
  {name or "PORTCTL_VAR_title"}: it is not UTF-8, or holds half a surrogate pair.
  hint: Give it in UTF-8, and a character beyond U+FFFF as itself.
""",
    )


def test_the_reason_of_every_change_is_told(place: Place) -> None:
    place.run("apply", "--yes")
    place.write("blueprints/change.yaml", BLUEPRINT.replace("title: Tier", "title: Service tier"))
    with port_client(place.sandbox) as client:
        client.patch("/v1/blueprints/change", json={"title": "By hand", "description": "By hand"}).raise_for_status()
    planned = place.run("plan", "--set", "title=Request")
    assert (planned.code, planned.out) == (
        0,
        HEADER
        + """\
~   port/Blueprint:change  will be updated
      - description: "By hand"  (drift: changed outside portctl)
      ~ schema.properties.tier.title: "Tier" -> "Service tier"  (manifest changed)
      ~ title: "By hand" -> "Request"  (conflict: changed on both sides)

Plan: 0 to create, 1 to update, 0 to delete.
""",
    )


def test_a_changed_secret_is_sent_again_and_never_shown(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run("apply", "--yes")
    monkeypatch.setenv("TOKEN", "an0ther-s3cret")
    planned = place.run("plan")
    assert planned.out == (
        HEADER
        + """\
~   port/Secret:TOKEN  will be updated
      ~ secretValue: (secret TOKEN)  (secret changed)

Plan: 0 to create, 1 to update, 0 to delete.
"""
    )
    assert place.run("apply", "--yes").code == 0
    assert place.run("plan").out == SAME


def test_destroy_takes_everything_away_and_says_so(place: Place) -> None:
    place.run("apply", "--yes")
    gone = place.run("destroy", "--yes")
    assert gone.code == 0
    assert gone.out.startswith("Plan to destroy delivery, environment sandbox\n")
    assert "\nPlan: 2 to delete.\n" in gone.out
    assert "Destroy complete: 2 deleted.\n" in gone.out
    assert place.run("state", "list").out == "The ledger holds no resources.\n"


def test_destroying_is_planned_shown_saved_and_applied_as_saved(place: Place) -> None:
    place.run("apply", "--yes")
    file = str(place.root / "gone.json")
    planned = place.run("plan", "--destroy", "-o", file, "--detailed-exitcode")
    assert (planned.code, planned.out) == (
        2,
        """\
Plan to destroy delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

-   port/Blueprint:change  will be deleted

-   port/Secret:TOKEN  will be deleted

Plan: 2 to delete.
""",
    )
    assert place.run("plan", "--destroy", "--json").document["destroy"] is True
    assert place.run("show", file).out == planned.out
    gone = place.run("apply", file, "--workers", "1")
    assert (gone.code, gone.out) == (
        0,
        f"""\
{planned.out}
Done
  -   port/Blueprint:change  deleted
  -   port/Secret:TOKEN  deleted

Destroy complete: 2 deleted.
""",
    )
    assert place.run("plan", "--destroy").out.endswith("No changes. There is nothing left to destroy.\n")
    assert place.run("apply", file).code == 4


def test_destroying_part_of_it_takes_targets_and_labels(place: Place) -> None:
    place.write("blueprints/change.yaml", BLUEPRINT.replace("{name: change}", "{name: change, labels: {team: red}}"))
    place.run("apply", "--yes")
    assert place.run("plan", "--destroy", "-l", "team=red").out.endswith("Plan: 1 to delete.\n")
    unknown = place.run("destroy", "-l", "team=rde")
    assert (unknown.code, unknown.err.splitlines()[1]) == (
        3,
        '  Nothing in the ledger has the label team=rde. Did you mean "team=red"?',
    )
    gone = place.run("destroy", "-l", "team=red", "--yes")
    assert "-   port/Blueprint:change  deleted\n" in gone.out
    assert place.run("plan", "--destroy", "-t", "port/Secret:TOKEN").out.endswith("Plan: 1 to delete.\n")


@pytest.mark.parametrize("more", ["--adopt=port/Secret:TOKEN", "--rotate=port/Secret:TOKEN", "--allow-deletes=9"])
def test_allowances_for_what_is_declared_do_not_go_with_destroying(more: str, place: Place) -> None:
    refused = place.run("plan", "--destroy", more)
    assert (refused.code, refused.out) == (64, "")
    assert refused.err.endswith("Error: --adopt, --rotate and --allow-deletes have no meaning with --destroy.\n")


def test_the_ledger_can_be_listed_shown_and_made_to_forget(place: Place) -> None:
    place.run("apply", "--yes")
    assert place.run("state", "list").out == "port/Blueprint:change  created\nport/Secret:TOKEN      created\n"
    assert [entry["address"] for entry in place.run("state", "list", "--json").document] == [
        "port/Blueprint:change",
        "port/Secret:TOKEN",
    ]
    shown = place.run("state", "show", "port/Blueprint:change")
    assert shown.out.startswith("port/Blueprint:change\n  identity:   change\n  origin:     created\n")
    assert place.run("state", "show", "port/Blueprint:change", "--json").document["identity"] == ["change"]
    forgotten = place.run("state", "rm", "port/Secret:TOKEN")
    assert (forgotten.code, forgotten.out, forgotten.err) == (0, "", "Forgotten: port/Secret:TOKEN\n")
    assert place.run("state", "rm", "port/Secret:TOKEN").code == 3
    assert place.run("state", "list").out == "port/Blueprint:change  created\n"


def test_no_command_prints_a_secret(place: Place) -> None:
    printed = [place.run(*arguments, "--debug") for arguments in (("plan",), ("apply", "--yes"), ("state", "list"))]
    assert all("sup3rs3cret" not in ended.out + ended.err for ended in printed)
    assert "debug: GET /v1/blueprints 200 " in printed[0].err


def test_a_token_in_clear_text_is_refused_by_validate_and_never_shown_by_a_plan(place: Place) -> None:
    token = "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"
    place.write("blueprints/change.yaml", BLUEPRINT.replace("spec:", f"spec:\n  description: Sent with {token}"))
    refused = place.run("plan")
    assert (refused.code, token in refused.out + refused.err) == (3, False)
    place.write("portctl.yaml", f"{PROJECT}rules: {{manifest/secret-shaped: 'off'}}\n")
    file = place.root / "plan.json"
    planned, as_json = place.run("plan", "-o", str(file)), place.run("plan", "--format", "json")
    assert '+ description: "Sent with (hidden: a token of GitLab)"' in planned.out
    saved = file.read_text(encoding="utf-8")
    assert token not in planned.out + planned.err + as_json.out + as_json.err + saved
    assert place.run("apply", str(file)).code == 0
    assert place.run("plan", "--detailed-exitcode").code == 0


UNKNOWN = """\
Unknown: it may have been done; look before running it again
  +   port/Blueprint:change  create: Outcome unknown
        Port may or may not have done POST /v1/blueprints: the answer was 503: Refused by a fault of the sandbox; \
reading it back did not show it
        hint: Look at Blueprint change at the service, then plan again.

Apply incomplete: 0 created, 0 updated, 0 deleted, 1 unknown.
"""


def test_a_write_of_which_nobody_knows_is_told_with_what_the_service_said_and_shows(place: Place) -> None:
    place.fail(Fault(FaultKind.STATUS, service="port", method="POST", path="/v1/blueprints$", status=503, times=None))
    applied = place.run("apply", "--yes", "-t", "port/Blueprint:change")
    assert (applied.code, applied.out.partition("0 to delete.\n\n")[2]) == (7, UNKNOWN)
