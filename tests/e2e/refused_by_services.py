"""What only the answer of a service tells."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

import contextlib
import json
from typing import Any

from portctl.sandbox.core.faults import Fault, FaultKind
from tests.e2e.refusal import Refusal, quiet, write
from tests.e2e.refused_settings import REAL
from tests.unit.cli.conftest import ENVIRONMENT, Place

OLD_SERVER = Fault(
    FaultKind.STATUS, service="gitlab", path="/api/v4/version$", status=200, value={"version": "17.11.4-ee"}
)
INPUTS = """\
apiVersion: portctl/v1
kind: gitlab/Project
metadata: {name: p, adopt: always}
spec:
  path_with_namespace: platform/pipelines
  ci_pipeline_variables_minimum_override_role: no_one_allowed
---
apiVersion: portctl/v1
kind: gitlab/Files
metadata: {name: f, in: "gitlab/Project:p"}
spec:
  branch: main
  files:
    .gitlab-ci.yml:
      content: |
        spec: {inputs: {call: {options: [request, look]}}}
        ---
        look: {variables: {CALL: {value: "$[[ inputs.call ]]", expand: false}}, script: ['echo "$CALL"']}
"""
CREATION: dict[str, Any] = {"service": "port", "method": "POST", "path": "/v1/blueprints$"}


def sign_in(place: Place, name: str) -> None:
    """Go on with other credentials of the sandbox: "member", or "elsewhere"."""
    document = json.loads((place.root / ".portctl/sandbox.json").read_text(encoding="utf-8"))
    document["services"]["port"]["credentials"] = dict(place.sandbox.credentials["port"][name])
    write(place, ".portctl/sandbox.json", json.dumps(document))


def other_organisation(place: Place, stack: contextlib.ExitStack) -> None:
    quiet("apply", "--yes")(place, stack)
    sign_in(place, "elsewhere")


REFUSED = (
    Refusal(
        what="wrong credentials",
        files={"environments/real.yaml": REAL},
        environ={"PORT_CLIENT_SECRET": "not-the-secret"},
        arguments=("plan", "-e", "real"),
        in_file=False,
        said="""\
error: Login refused
  Port: Invalid credentials supplied to the generate token API
  hint: Check the secrets behind `clientId` and `clientSecret`, and that `url` is https://api.port.io (EU) or https://api.us.port.io (US), whichever your organisation is in.
""",
    ),
    Refusal(
        what="a role that is missing",
        before=lambda place, _: sign_in(place, "member"),
        arguments=("apply", "--yes", "-t", "port/Blueprint:change"),
        in_file=False,
        shown=None,
        said="""\
creating port/Blueprint:change
[1/1] failed port/Blueprint:change (create): Not allowed
""",
    ),
    Refusal(
        what="a server that is too old for what a manifest relies on",
        files={
            "blueprints/gitlab.yaml": INPUTS,
            "environments/sandbox.yaml": ENVIRONMENT.replace("instances:", "instances:\n  gitlab: {default: {}}"),
        },
        faults=(OLD_SERVER,),
        said="""\
error[service]: The server is too old for this
  blueprints/gitlab.yaml:15:16  files.".gitlab-ci.yml".content
  gitlab/Files:f: .gitlab-ci.yml declares `spec: inputs`, which takes GitLab 18.1; this one is 17.11.4-ee. It refuses the inputs of a trigger, or starts the pipeline without them
  hint: Update GitLab to 18.1 or newer, or take the header away and send a payload.

error[service]: The server is too old for this
  blueprints/gitlab.yaml:6:48  ci_pipeline_variables_minimum_override_role
  gitlab/Project:p: `ci_pipeline_variables_minimum_override_role: no_one_allowed` in a project that is triggered takes GitLab 18.5; this one is 17.11.4-ee. It takes the payload of a trigger for a variable and refuses each with 400, Insufficient permissions to set pipeline variables
  hint: Update GitLab to 18.5 or newer. To let a role set variables instead opens the environment of every job to whoever has the trigger token.

error: Invalid manifests
  2 complaints of the service
""",
    ),
    Refusal(
        what="wrong organisation",
        files={"environments/real.yaml": REAL.replace("url: SANDBOX", "url: SANDBOX\n      organization: org_other")},
        arguments=("plan", "-e", "real"),
        said="""\
error: Wrong organisation
  environments/real.yaml:5:7
  the credentials of port@default belong to org_gZnqUwgGk11MbWi2, the environment expects org_other
  hint: Check the credentials and the -e option; nothing was read or written.
""",
    ),
    Refusal(
        what="wrong organisation",
        name="than the ledger's",
        before=other_organisation,
        in_file=False,
        said="""\
error: Wrong organisation
  port@default at URL is org_z2aCA9HeUfgGttaS, but this environment was applied to org_gZnqUwgGk11MbWi2
  hint: Check the credentials and the -e option; nothing was read or written.
""",
    ),
    Refusal(
        what="unreachable host",
        files={"environments/real.yaml": REAL.replace("SANDBOX", "http://127.0.0.1:9")},
        arguments=("plan", "-e", "real"),
        in_file=False,
        said="""\
waiting for Port (attempt 2 of 5): cannot be reached
waiting for Port (attempt 3 of 5): cannot be reached
waiting for Port (attempt 4 of 5): cannot be reached
waiting for Port (attempt 5 of 5): cannot be reached
error: Port cannot be used
  http://127.0.0.1:9 cannot be reached: connection refused
  hint: Check `url` in the environment file, and the network, proxy and certificates between here and there.
""",
    ),
    Refusal(
        what="unreachable host",
        name="a sandbox that has ended",
        files={
            ".portctl/sandbox.json": '{"services": {"port": {"url": "http://127.0.0.1:9", '
            '"credentials": {"clientId": "a", "clientSecret": "b"}}}}'
        },
        in_file=False,
        said="""\
waiting for Port (attempt 2 of 5): cannot be reached
waiting for Port (attempt 3 of 5): cannot be reached
waiting for Port (attempt 4 of 5): cannot be reached
waiting for Port (attempt 5 of 5): cannot be reached
error: Port cannot be used
  http://127.0.0.1:9 cannot be reached: connection refused
  hint: The sandbox may have ended. Start it again: portctl sandbox up --detach
""",
    ),
    Refusal(
        what="a rate limit that lasts longer than is waited",
        faults=(
            Fault(
                FaultKind.STATUS, service="port", path="/v1/blueprints", status=429, retry_after_seconds=3_155_760_000
            ),
        ),
        in_file=False,
        said="""\
error: Service asks to wait
  Port takes no requests for more than a year: it limits requests; 600 s is the most that is waited
  hint: Run the same command again then, or let it wait: --max-wait SECONDS.
""",
    ),
    Refusal(
        what="HTML with status 200, or anything else that is not the API",
        faults=(Fault(FaultKind.HTML, service="port", path="/v1/blueprints"),),
        in_file=False,
        said="""\
error: Port cannot be used
  URL answered 200 with text/html, not JSON: that is not its API
  hint: Check `url` in the environment file, and the network, proxy and certificates between here and there.
""",
    ),
    Refusal(
        what="HTML with status 200, or anything else that is not the API",
        name="at login",
        faults=(Fault(FaultKind.HTML, service="port", path="/v1/auth"),),
        in_file=False,
        said="""\
error: Port cannot be used
  URL answered 200 with text/html, not JSON: that is not its API
  hint: Check `url` in the environment file, and the network, proxy and certificates between here and there.
""",
    ),
    Refusal(
        what="a list that may be cut short",
        faults=(
            Fault(
                FaultKind.STATUS,
                service="port",
                path="/v1/blueprints$",
                status=200,
                value={"blueprints": [], "next": "x"},
            ),
        ),
        in_file=False,
        said="""\
error: Unexpected answer
  GET /v1/blueprints: the list is only the first part of a longer one
  hint: Run the command again; if it stays so, the service's API has changed.
""",
    ),
    Refusal(
        what="a write that the service refuses, with nothing done",
        faults=(Fault(FaultKind.STATUS, status=422, times=None, **CREATION),),
        arguments=("apply", "--yes", "-t", "port/Blueprint:change"),
        in_file=False,
        said="""\
creating port/Blueprint:change
[1/1] failed port/Blueprint:change (create): Port refused a request
""",
        shown="""\
Plan for delivery, environment sandbox, only the targets
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

+   port/Blueprint:change  will be created
      + identifier: "change"
      + title: "Change"
      + schema:
      +   properties:
      +     tier:
      +       type: "string"
      +       title: "Tier"

note: Only part of the project was looked at (-t or -l); objects without a manifest were left alone.

Plan: 1 to create, 0 to update, 0 to delete.

Failed
  +   port/Blueprint:change  create: Port refused a request
        POST /v1/blueprints (422): Refused by a fault of the sandbox

Apply incomplete: 0 created, 0 updated, 0 deleted, 1 failed.
""",
    ),
    Refusal(
        what="a write that the service refuses, with something done",
        faults=(Fault(FaultKind.STATUS, status=422, times=None, **CREATION),),
        arguments=("apply", "--yes", "--workers", "1"),
        in_file=False,
        said="""\
creating port/Blueprint:change
[1/2] failed port/Blueprint:change (create): Port refused a request
creating port/Secret:TOKEN
[2/2] created port/Secret:TOKEN (N s)
""",
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

Plan: 2 to create, 0 to update, 0 to delete.

Failed
  +   port/Blueprint:change  create: Port refused a request
        POST /v1/blueprints (422): Refused by a fault of the sandbox

Done
  +   port/Secret:TOKEN  created

Apply incomplete: 1 created, 0 updated, 0 deleted, 1 failed.
""",
    ),
    Refusal(
        what="a write whose answer was lost and cannot be found out",
        faults=(
            Fault(FaultKind.LOSE_ANSWER, **CREATION),
            Fault(FaultKind.STATUS, service="port", method="GET", path="/v1/blueprints", status=403, nth=2, times=None),
        ),
        arguments=("apply", "--yes", "-t", "port/Blueprint:change"),
        in_file=False,
        said="""\
creating port/Blueprint:change
[1/1] unknown port/Blueprint:change (create): Outcome unknown
""",
        shown="""\
Plan for delivery, environment sandbox, only the targets
  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox

+   port/Blueprint:change  will be created
      + identifier: "change"
      + title: "Change"
      + schema:
      +   properties:
      +     tier:
      +       type: "string"
      +       title: "Tier"

note: Only part of the project was looked at (-t or -l); objects without a manifest were left alone.

Plan: 1 to create, 0 to update, 0 to delete.

Unknown: it may have been done; look before running it again
  +   port/Blueprint:change  create: Outcome unknown
        Port may or may not have done POST /v1/blueprints: it ended the connection or gave no answer that is HTTP; \
reading it back failed: Not allowed: GET /v1/blueprints/change: Refused by a fault of the sandbox
        hint: Look at Blueprint change at the service, then plan again.

Apply incomplete: 0 created, 0 updated, 0 deleted, 1 unknown.
""",
    ),
)
