"""What stands in the way of a plan, or of applying it."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

import contextlib

from portctl.ledger.backend import FileBackend
from tests.e2e.refusal import Refusal, quiet, write
from tests.e2e.refused_settings import REAL
from tests.servers import port_client
from tests.unit.cli.conftest import BLUEPRINT, Place

FILE = "blueprints/change.yaml"
OBSERVED = """\
apiVersion: portctl/v1
kind: port/Blueprint
metadata: {name: ghost, management: observe}
spec: {identifier: ghost}
"""


def blueprint_by_hand(place: Place, _: contextlib.ExitStack) -> None:
    with port_client(place.sandbox) as client:
        body = {"identifier": "change", "title": "By hand", "schema": {"properties": {}}}
        client.post("/v1/blueprints", json=body).raise_for_status()


def applied_and(place: Place, changes: dict[str, str | None]) -> None:
    assert place.run("apply", "--yes").code == 0
    for name, content in changes.items():
        write(place, name, content)


def two_removed(place: Place, _: contextlib.ExitStack) -> None:
    write(place, "blueprints/other.yaml", BLUEPRINT.replace("change", "other"))
    applied_and(place, {FILE: None, "blueprints/other.yaml": None})


def lock_held(place: Place, stack: contextlib.ExitStack) -> None:
    path = place.root / ".portctl/ledger/sandbox.json"
    stack.enter_context(FileBackend(path, project="delivery", environment="sandbox").lock("ada@laptop, run 4711"))


def protected(place: Place, _: contextlib.ExitStack) -> None:
    write(place, FILE, BLUEPRINT.replace("{name: change}", "{name: change, protect: [delete]}"))
    applied_and(place, {FILE: None})


def loses_data(place: Place, _: contextlib.ExitStack) -> None:
    place.run("apply", "--yes")
    with port_client(place.sandbox) as client:
        body = {"identifier": "CHG1", "properties": {"tier": "gold"}}
        client.post("/v1/blueprints/change/entities", json=body).raise_for_status()
    write(place, FILE, BLUEPRINT.replace("{tier: {type: string, title: Tier}}", "{}"))


def instance_gone(place: Place, stack: contextlib.ExitStack) -> None:
    both = REAL.replace(
        "secrets:",
        "    eu: {url: SANDBOX, clientId: <% secret('PORT_CLIENT_ID') %>, "
        "clientSecret: <% secret('PORT_CLIENT_SECRET') %>}\nsecrets:",
    )
    write(place, "environments/real.yaml", both)
    write(place, FILE, BLUEPRINT.replace("{name: change}", "{name: change, instance: eu}"))
    quiet("apply", "--yes", "-e", "real")(place, stack)
    write(place, FILE, None)
    write(place, "environments/real.yaml", REAL)


def plan_of_other_manifests(place: Place, stack: contextlib.ExitStack) -> None:
    quiet("plan", "-o", "plan.json")(place, stack)
    write(place, FILE, BLUEPRINT.replace("title: Tier", "title: Level"))


def plan_of_other_objects(place: Place, stack: contextlib.ExitStack) -> None:
    quiet("plan", "-o", "plan.json")(place, stack)
    blueprint_by_hand(place, stack)


def plan_used_up(place: Place, stack: contextlib.ExitStack) -> None:
    quiet("plan", "-o", "plan.json")(place, stack)
    quiet("apply", "plan.json")(place, stack)


REFUSED = (
    Refusal(
        what="a plan that cannot be written to the file that was named",
        arguments=("plan", "-o", "/nonexistent/x.json"),
        in_file=False,
        said="""\
error: Cannot write the plan
  /nonexistent/x.json: No such file or directory
""",
    ),
    Refusal(
        what="a resource with management: observe that does not exist",
        files={"blueprints/ghost.yaml": OBSERVED},
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

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

refused: Observed resource does not exist  port/Blueprint:ghost
  port/Blueprint:ghost has management: observe, but there is no such object at the service
  hint: Create it where it is managed, correct its identifier, or remove the manifest.

Plan: 2 to create, 0 to update, 0 to delete. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="something that exists, differs, and is not in the ledger",
        before=blueprint_by_hand,
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

=   port/Blueprint:change  will be adopted: needs consent

+   port/Secret:TOKEN  will be created
      + secretName: "TOKEN"
      + secretValue: (secret TOKEN)

refused: Exists already and is not ours  port/Blueprint:change
  port/Blueprint:change exists but is not in the ledger, and it differs from its manifest at schema.properties.tier, title
  hint: To take it over and overwrite these: --adopt 'port/Blueprint:change'

Plan: 1 to create, 0 to update, 0 to delete, 1 to adopt. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="more deletes than the guards allow",
        before=two_removed,
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

-   port/Blueprint:change  will be deleted: its manifest is gone

-   port/Blueprint:other  will be deleted: its manifest is gone

refused: Too many deletes
  this plan deletes 2 objects; the guard allows 20% of the 3 objects in the ledger, which is 1
  hint: If all of them shall go: --allow-deletes 2

Plan: 0 to create, 0 to update, 2 to delete. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="an empty set of manifests",
        before=lambda place, _: applied_and(place, {FILE: None, "integrations/secret.yaml": None}),
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

-   port/Blueprint:change  will be deleted: its manifest is gone

-   port/Secret:TOKEN  will be deleted: its manifest is gone

warning[manifest]: No manifests
  portctl.yaml:1:1
  There is none in actions, automations, blueprints, integrations, pipelines and servicenow.
  hint: Put them there, or name their folders under `manifests:`.

refused: Nothing is declared any more
  there is no manifest, and the ledger holds 2 objects
  hint: If everything shall go: portctl destroy. Otherwise check the manifest folders in portctl.yaml.

Plan: 0 to create, 0 to update, 2 to delete. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="a protected resource that would be deleted or replaced",
        before=protected,
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

-   port/Blueprint:change  will be deleted: its manifest is gone

refused: Protected from deletion  port/Blueprint:change
  port/Blueprint:change was applied with protect: [delete]
  hint: Bring its manifest back, apply it without the protection, then remove it; or: portctl state rm.

Plan: 0 to create, 0 to update, 1 to delete. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="a change that loses data",
        before=loses_data,
        in_file=False,
        shown="""\
Plan for delivery, environment sandbox
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

~   port/Blueprint:change  will be updated
      ! LOSES DATA at schema.properties.tier: the values of this property are lost
      - schema.properties.tier:  (manifest changed)
      -   type: "string"
      -   title: "Tier"

refused: Would lose data  port/Blueprint:change
  port/Blueprint:change: schema.properties.tier: the values of this property are lost
  hint: If it is only called otherwise now, its data stays with this under metadata: renamed: [{path: schema.properties.NEW_NAME, from: tier}]
        If that is meant: --allow-destroy 'port/Blueprint:change'

Plan: 0 to create, 1 to update, 0 to delete. Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="an instance or a kind that is gone while the ledger has entries of it",
        before=instance_gone,
        arguments=("plan", "-e", "real"),
        in_file=False,
        shown="""\
Plan for delivery, environment real
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

refused: In the ledger, but no longer configured  port@eu/Blueprint:change
  port@eu/Blueprint:change is in the ledger, and the instance port@eu is not configured any more
  hint: Configure it again, or forget the object: portctl state rm 'port@eu/Blueprint:change'

Nothing can be applied: 1 refusal.
""",
    ),
    Refusal(
        what="no terminal to ask at and no --yes",
        arguments=("apply",),
        in_file=False,
        shown=None,
        said="""\
error: Nobody said yes
  there is something to apply, and no terminal to ask at
  hint: Add --yes, or save a plan with portctl plan -o FILE and apply that: portctl apply FILE.
""",
    ),
    Refusal(
        what="somebody else holds the ledger's lock",
        before=lock_held,
        arguments=("apply", "--yes"),
        in_file=False,
        said="""\
error: Ledger is locked
  ROOT/.portctl/ledger/sandbox.json is held by ada@laptop, run 4711 (process N)
  hint: Wait for that run to end; the lock goes with its process.
""",
    ),
    Refusal(
        what="saved plan that no longer fits the manifests or the ledger",
        before=plan_of_other_manifests,
        arguments=("apply", "plan.json"),
        in_file=False,
        shown=None,
        said="""\
error: Manifests have changed
  rendering them again gives something else than the plan was made from
  hint: Nothing was written. Make a new plan and apply that one.
""",
    ),
    Refusal(
        what="saved plan that was applied before",
        before=plan_used_up,
        arguments=("apply", "plan.json"),
        in_file=False,
        shown=None,
        said="""\
error: Plan was applied already
  a saved plan is good for one apply
  hint: Nothing was written. Make a new plan and apply that one.
""",
    ),
    Refusal(
        what="a saved plan whose objects have changed at the service",
        before=plan_of_other_objects,
        arguments=("apply", "plan.json"),
        in_file=False,
        shown=None,
        said="""\
error: Plan is stale
  what lives has changed since the plan was made: port/Blueprint:change
  hint: Nothing was written. Make a new plan and apply that one.
""",
    ),
)
