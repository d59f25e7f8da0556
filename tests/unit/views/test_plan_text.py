"""The whole text of plans."""

from __future__ import annotations

import json

import pytest

from portctl.errors import ExitCode
from portctl.model.change import Action, Why
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.plan import InstanceInfo, Plan
from portctl.model.resource import Renamed
from portctl.model.value import Masked, Unknown
from portctl.source import ItemKey, Source
from portctl.views.colour import Palette
from portctl.views.json import json_text, plan_document
from portctl.views.plan import plan_text
from tests.unit.views.builders import address, change, edit, loss, plan, refusal

HEADER = "Plan for delivery, environment staging\n  port: org_1 at https://api.port.example as client_1\n\n"


def text(shown: Plan) -> str:
    return plan_text(plan_document(shown))


def test_a_new_object_is_shown_whole_with_secrets_and_unknown_values_named() -> None:
    body = {
        "identifier": "deploy",
        "published": True,
        "required": [],
        "trigger": {"type": "self-service", "order": ["a", {"key": "b", "on": None}]},
        "token": Masked("GITLAB_TOKEN"),
        "url": Unknown("gitlab/Project:pipelines id"),
        "description": "first\nsecond\n",
    }
    shown = plan(change("deploy", Action.CREATE, after=body))
    assert (
        text(shown)
        == HEADER
        + """\
+   port/Action:deploy  will be created
      + identifier: "deploy"
      + published: true
      + required: []
      + trigger:
      +   type: "self-service"
      +   order:
      +     - "a"
      +     - key: "b"
      +       "on": null
      + token: (secret GITLAB_TOKEN)
      + url: (known after apply: gitlab/Project:pipelines id)
      + description: |
      +   first
      +   second

Plan: 1 to create, 0 to update, 0 to delete."""
    )


def numbered(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(1, count + 1))


def test_of_a_long_new_text_the_start_is_shown_and_where_to_see_all() -> None:
    files = {"a.sh": {"content": numbered(12)}, "b.sh": [{"content": numbered(13)}]}
    shown = plan(change("deploy", Action.CREATE, after={"files": files}))
    short = "".join(f"      +       line {number}\n" for number in range(1, 13))
    assert (
        text(shown)
        == HEADER
        + f"""\
+   port/Action:deploy  will be created
      + files:
      +   "a.sh":
      +     content: |
{short}      +   "b.sh":
      +     - content: |
      +         line 1
      +         line 2
      +         line 3
      +         line 4
      +         line 5
      +         line 6
      +         ... + 7 lines (all: portctl render port/Action:deploy)

Plan: 1 to create, 0 to update, 0 to delete."""
    )


def test_a_text_that_is_removed_is_shown_whole() -> None:
    shown = plan(change("deploy", Action.UPDATE, edit(("description",), before=numbered(30))))
    assert text(shown).count("line ") == 30


def test_an_address_that_is_the_identity_is_said_once() -> None:
    url = "https://gitlab.example"
    info = InstanceInfo(provider="gitlab", name="default", identity=url, url=url, principal="sa")
    assert text(plan(instances=(info,))).splitlines()[1] == "  gitlab: https://gitlab.example as sa"


def test_every_edit_of_an_update_has_its_path_and_its_reason() -> None:
    edits = (
        edit(("title",), "Deploy", "Deploy service"),
        edit(("steps", ItemKey("identifier=a"), "icon"), after="Cluster", why=Why.NEW),
        edit(("properties", "tier.v2"), before={"type": "string"}, why=Why.DRIFT),
        edit(("count",), 1, True, Why.CONFLICT),
        edit(("token",), Masked("T"), Masked("T"), Why.SECRET),
        edit(("url",), "https://old.example", Unknown("port/Webhook:snow url"), Why.UNKNOWN),
    )
    shown = plan(change("deploy", Action.UPDATE, *edits, notes=("the title is also used by the catalogue",)))
    assert (
        text(shown)
        == HEADER
        + """\
~   port/Action:deploy  will be updated
      ~ title: "Deploy" -> "Deploy service"  (manifest changed)
      + steps[identifier=a].icon: "Cluster"  (new)
      - properties."tier.v2":  (drift: changed outside portctl)
      -   type: "string"
      ~ count: 1 -> true  (conflict: changed on both sides)
      ~ token: (secret T)  (secret changed)
      ~ url: "https://old.example" -> (known after apply: port/Webhook:snow url)  (known after apply)
        note: the title is also used by the catalogue

Plan: 0 to create, 1 to update, 0 to delete."""
    )


def test_long_values_are_compared_line_by_line() -> None:
    edits = (
        edit(("template",), "one\ntwo\nthree\n", "one\ntwo \nthree", Why.DRIFT),
        edit(("order",), ["a", "b", "c"], ["a", "c"]),
        edit(("mapping",), {"a": 1}, "a: 1"),
        edit(("url",), "https://one.example/" + "a" * 30, "https://two.example/" + "a" * 30),
    )
    assert (
        text(plan(change("deploy", Action.UPDATE, *edits)))
        == HEADER
        + f"""\
~   port/Action:deploy  will be updated
      ~ template:  (drift: changed outside portctl)
          @@ -1,3 +1,4 @@
          one
      -   two
      +   two\\x20
          three
      +   \\ no line end here
      ~ order:  (manifest changed)
          @@ -1,3 +1,2 @@
          - "a"
      -   - "b"
          - "c"
      ~ mapping:  (manifest changed)
          @@ -1 +1 @@
      -   a: 1
      +   "a: 1"
      ~ url:  (manifest changed)
      -   "https://one.example/{"a" * 30}"
      +   "https://two.example/{"a" * 30}"

Plan: 0 to create, 1 to update, 0 to delete."""
    )


def test_each_action_has_its_symbol_its_words_and_its_place_in_the_summary() -> None:
    shown = plan(
        change("a", Action.CREATE, after={"identifier": "a"}),
        change("b", Action.UPDATE, edit(("title",), "x", "y")),
        change("c", Action.REPLACE, edit(("identifier",), "x", "y")),
        change("d", Action.DELETE, why="its manifest is gone", identity=("service", "d")),
        change("e", Action.ADOPT, why="it exists and equals its manifest"),
        change("f", Action.MOVE, was=address("old")),
        change("g", Action.FORGET, why="it is gone already"),
        change("h", Action.RENAME, renames=(Renamed("schema.properties.new", "old"),)),
        change("i", Action.NOOP),
    )
    assert (
        text(shown)
        == HEADER
        + """\
+   port/Action:a  will be created
      + identifier: "a"

~   port/Action:b  will be updated
      ~ title: "x" -> "y"  (manifest changed)

+/- port/Action:c  will be replaced
      ~ identifier: "x" -> "y"  (manifest changed)

-   port/Action:d  will be deleted: its manifest is gone
        identity: service / d

=   port/Action:e  will be adopted: it exists and equals its manifest

>   port/Action:f  will be moved from port/Action:old

x   port/Action:g  will be forgotten: it is gone already

~   port/Action:h  will have a part renamed
      ~ schema.properties.new: renamed from old, its data stays

Plan: 1 to create, 1 to update, 1 to replace, 1 to rename, 1 to delete, 1 to adopt, 1 to move, 1 to forget."""
    )


def test_what_stands_in_the_way_comes_after_the_changes_and_before_the_summary() -> None:
    warning = Diagnostic(
        rule="after-only",
        severity=Severity.WARNING,
        summary="Condition looks only at the new state",
        source=Source("automations/a.yaml", 4, 7),
        path="trigger.condition",
        detail="It fires on every later change too.",
        hint="Compare with .diff.before.",
    )
    shown = plan(
        change("gone", Action.DELETE, losses=(loss(("schema", "tier"), "3 entities"), loss((), "all of it"))),
        refusals=(
            refusal(),
            refusal(exit_code=ExitCode.INVALID, summary="Protected", detail="", hint="", address=address("gone")),
        ),
        warnings=(warning,),
        notes=("TOKEN is not available here: assumed unchanged",),
        instances=(),
        targeted=True,
    )
    assert (
        text(shown)
        == """\
Plan for delivery, environment staging, only the targets

-   port/Action:gone  will be deleted
      ! LOSES DATA at schema.tier: 3 entities
      ! LOSES DATA: all of it

warning[after-only]: Condition looks only at the new state
  automations/a.yaml:4:7  trigger.condition
  It fires on every later change too.
  hint: Compare with .diff.before.

note: TOKEN is not available here: assumed unchanged

refused: Too many deletes
  7 deletes; this project allows 5
  hint: Add --allow-deletes 7 if that is meant.

refused: Protected  port/Action:gone

Plan: 0 to create, 0 to update, 1 to delete. Nothing can be applied: 2 refusals."""
    )


@pytest.mark.parametrize(
    ("shown", "last"),
    [
        (
            plan(change("a", Action.NOOP), change("b", Action.NOOP)),
            "No changes. Everything is as the manifests say (2 resources).",
        ),
        (
            plan(change("a", Action.NOOP), targeted=True),
            "No changes. The targets are as the manifests say (1 resource).",
        ),
        (plan(), "No changes. There are no resources."),
        (plan(destroy=True), "No changes. There is nothing left to destroy."),
        (
            plan(refusals=(refusal(),)),
            "Nothing can be applied: 1 refusal.",
        ),
    ],
)
def test_a_plan_without_changes_says_so(shown: Plan, last: str) -> None:
    assert text(shown).splitlines()[-1] == last


def test_a_plan_to_destroy_says_what_it_is() -> None:
    assert text(plan(destroy=True)).splitlines()[0] == "Plan to destroy delivery, environment staging"


def test_a_saved_plan_reads_exactly_like_the_one_that_was_made() -> None:
    made = plan_document(
        plan(change("a", Action.CREATE, after={"title": "é\x9b\u202e😀", "$masked": "not ours", "token": Masked("T")}))
    )
    saved = json.loads(json_text(made))
    assert saved == made
    assert plan_text(saved) == plan_text(made)


def test_a_plan_looks_the_same_without_its_colours() -> None:
    shown = plan_document(
        plan(change("a", Action.UPDATE, edit(("title",), "x", "y")), refusals=(refusal(),), notes=("n",))
    )
    coloured = plan_text(shown, Palette(on=True))
    assert "\x1b[33m      ~ title" in coloured
    plain = coloured
    for style in ("1", "2", "33", "1;31", "0"):
        plain = plain.replace(f"\x1b[{style}m", "")
    assert plain == plan_text(shown)


def test_nothing_from_the_service_acts_on_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202ereversed\r"
    shown = plan(
        change(
            "a",
            Action.UPDATE,
            edit((evil,), evil, f"{evil}\n{evil}"),
            edit(("x",), after={evil: f"{evil}\nsecond\n"}),
            edit(("y",), Masked(evil), Unknown(evil)),
            why=evil,
            notes=(evil,),
            losses=(loss((evil,), evil),),
        ),
        change("b", Action.DELETE, why="gone"),
        notes=(evil,),
        refusals=(refusal(summary=evil, detail=evil, hint=evil),),
    )
    document = plan_document(shown)
    acting = [
        character for character in "\x1b\x07\x9b\u202e\r" if character in plan_text(document) + json_text(document)
    ]
    assert acting == []
    assert r"\x1b]0;owned\x07\x9b31m\u202ereversed\r" in plan_text(document)


def test_an_object_that_imitates_a_secret_is_shown_as_the_object_it_is() -> None:
    shown = plan(change("a", Action.CREATE, after={"body": {"$masked": "GITLAB_TOKEN"}}))
    assert (
        text(shown)
        == HEADER
        + """\
+   port/Action:a  will be created
      + body:
      +   $masked: "GITLAB_TOKEN"

Plan: 1 to create, 0 to update, 0 to delete."""
    )
