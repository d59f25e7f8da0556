"""Projects, environments and command lines that cannot be used."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

from portctl.sandbox.server import SWITCHES
from tests.e2e.refusal import KINDS, Refusal
from tests.unit.cli.conftest import PROJECT

REAL = """\
apiVersion: portctl/v1
instances:
  port:
    default:
      url: SANDBOX
      clientId: <% secret('PORT_CLIENT_ID') %>
      clientSecret: <% secret('PORT_CLIENT_SECRET') %>
secrets: {PORT_CLIENT_ID: {env: PORT_CLIENT_ID}, PORT_CLIENT_SECRET: {env: PORT_CLIENT_SECRET}}
values: {title: Change}
"""
GITLAB = """\
  gitlab:
    default:
      url: http://127.0.0.1:9
      token: <% secret('GITLAB_TOKEN') %>
"""

_MAKE = "portctl plan -o FILE writes one."
_WRITES = "`portctl apply` writes this file: correct its template, or the values of the environment."

REFUSED = (
    Refusal(
        what="secret in a file",
        files={"environments/sandbox.yaml": REAL.replace("<% secret('PORT_CLIENT_SECRET') %>", "hunter2hunter2")},
        said="""\
error[environment]: Secret in a file
  environments/sandbox.yaml:7:21  instances.port.default.clientSecret
  clientSecret may not stand in the file.
  hint: Write <% secret('PORT_CLIENT_SECRET') %> and declare that secret.
""",
    ),
    Refusal(
        what="unknown key in the project file or an environment file",
        files={"portctl.yaml": PROJECT + "guard: {deletes: 3}\n"},
        said="""\
error[project]: Unknown key
  portctl.yaml:6:1  guard
  portctl.yaml has no "guard". Did you mean "guards"?
  hint: Known keys: apiVersion, defaultEnvironment, guards, ledger, manifests, project, requires, rules, secrets and values.
""",
    ),
    Refusal(
        what="unknown key in the project file or an environment file",
        name="environment",
        files={"environments/sandbox.yaml": "apiVersion: portctl/v1\nsandbox: true\nvalue: {title: Change}\n"},
        said="""\
error[environment]: Unknown key
  environments/sandbox.yaml:3:1  value
  An environment file has no "value". Did you mean "values"?
  hint: Known keys: apiVersion, guards, instances, sandbox, secrets and values.
""",
    ),
    Refusal(
        what="another version of portctl is required",
        files={"portctl.yaml": PROJECT + 'requires: ">=9"\n'},
        said="""\
error[project]: Another version of portctl is required
  portctl.yaml:6:11  requires
  This project needs >=9; this is 0.1.0.
  hint: Install a version that fits.
""",
    ),
    Refusal(
        what="no project file",
        files={"portctl.yaml": None},
        in_file=False,
        said="""\
error: No project here
  There is no portctl.yaml in ROOT or above it.
  hint: Go to the folder of a project or name it with --chdir. A new one begins with three files: portctl.yaml, \
environments/sandbox.yaml and a manifest (README.md, Begin a project of your own).
""",
    ),
    Refusal(
        what="unknown environment",
        arguments=("plan", "-e", "sandbx"),
        in_file=False,
        said="""\
error: Unknown environment
  There is no environments/sandbx.yaml. Did you mean "sandbox"?
  hint: Environments of this project: sandbox.
""",
    ),
    Refusal(
        what="unknown environment",
        name="an empty one",
        arguments=("plan", "-e", ""),
        in_file=False,
        said="""\
error: Which environment?
  -e is given, and names none.
  hint: Is a variable empty? Leave -e out for the project's own choice.
""",
    ),
    Refusal(
        what="an address that is known not to be that of the API",
        files={"environments/real.yaml": REAL.replace("SANDBOX", "https://app.port.io")},
        arguments=("plan", "-e", "real"),
        said="""\
error[environment]: Not an API
  environments/real.yaml:5:12  instances.port.default.url
  https://app.port.io has Port's pages; its API is elsewhere.
  hint: Write https://api.port.io (EU) or https://api.us.port.io (US).
""",
    ),
    Refusal(
        what="a secret where a name is meant",
        files={"environments/real.yaml": REAL.replace("SANDBOX", "SANDBOX\n      organization: <% secret('TOKEN') %>")},
        arguments=("plan", "-e", "real"),
        said="""\
error[environment]: Secret as a name
  environments/real.yaml:6:21  instances.port.default.organization
  Plans and the ledger name the organization, so it is no secret.
  hint: Write the id itself, or take it from values.
""",
    ),
    Refusal(
        what="the sandbox does not run; sandbox status ends so, too",
        files={".portctl/sandbox.json": None},
        said="""\
error: The sandbox does not run
  environments/sandbox.yaml:1:1
  environments/sandbox.yaml is a sandbox environment, and no sandbox of this project runs.
  hint: Start it: portctl sandbox up --detach
""",
    ),
    Refusal(
        what="missing credentials",
        files={"environments/real.yaml": REAL},
        environ={"PORT_CLIENT_SECRET": None},
        arguments=("plan", "-e", "real"),
        in_file=False,
        said="""\
error: Secret not available
  secret 'PORT_CLIENT_SECRET': the environment variable PORT_CLIENT_SECRET is not set
  hint: Provide it where portctl.yaml or the environment file says it comes from, then run again.
""",
    ),
    Refusal(
        what="missing credentials",
        name="several",
        files={
            "environments/real.yaml": REAL.replace("secrets: {", f"{GITLAB}secrets: {{"),
            "portctl.yaml": PROJECT + "  GITLAB_TOKEN: {env: GITLAB_TOKEN}\n",
        },
        environ={"PORT_CLIENT_SECRET": None, "PORT_CLIENT_ID": None},
        arguments=("plan", "-e", "real"),
        in_file=False,
        said="""\
error: Secrets not available
  secret 'PORT_CLIENT_ID': the environment variable PORT_CLIENT_ID is not set
  secret 'PORT_CLIENT_SECRET': the environment variable PORT_CLIENT_SECRET is not set
  secret 'GITLAB_TOKEN': the environment variable GITLAB_TOKEN is not set
  hint: Provide it where portctl.yaml or the environment file says it comes from, then run again.
""",
    ),
    Refusal(
        what="missing credentials",
        name="not in the environment file",
        files={"environments/real.yaml": REAL.replace("      clientSecret: <% secret('PORT_CLIENT_SECRET') %>\n", "")},
        arguments=("plan", "-e", "real"),
        said="""\
error: Port is not fully set up
  environments/real.yaml:5:7
  instance port@default lacks clientSecret
  hint: Set them in the environment file; credentials as `<% secret('NAME') %>`.
""",
    ),
    Refusal(
        what="unknown target or label",
        arguments=("plan", "-t", "port/Blueprint:chnage"),
        in_file=False,
        said="""\
error: Unknown target
  port/Blueprint:chnage is neither declared in a manifest nor in the ledger. Did you mean "port/Blueprint:change"?
  hint: portctl state list shows what the ledger holds.
""",
    ),
    Refusal(
        what="unknown target or label",
        name="a label that nothing has",
        arguments=("plan", "-l", "team=nobody"),
        in_file=False,
        said="""\
error: Unknown label
  No manifest has the label team=nobody.
  hint: Labels of this project: none.
""",
    ),
    Refusal(
        what="unknown address or kind on the command line",
        arguments=("render", "port/Blueprint:chnage"),
        in_file=False,
        said="""\
error: No such resource
  No manifest is called port/Blueprint:chnage. Did you mean "port/Blueprint:change"?
  hint: portctl render without an address prints all of them.
""",
    ),
    Refusal(
        what="unknown address or kind on the command line",
        name="in the ledger",
        arguments=("state", "show", "port/Blueprint:chnage"),
        in_file=False,
        said="""\
error: Not in the ledger
  port/Blueprint:chnage is not in the ledger.
  hint: portctl state list shows what is.
""",
    ),
    Refusal(
        what="unknown address or kind on the command line",
        name="a kind",
        arguments=("schema", "port/Bluprint"),
        in_file=False,
        said=f"""\
error: Unknown kind
  There is no kind "port/Bluprint". Did you mean "port/Blueprint"?
  hint: Known kinds: {KINDS}.
""",
    ),
    Refusal(
        what="the sandbox does not run; sandbox status ends so, too",
        name="status",
        files={".portctl/sandbox.json": None},
        arguments=("sandbox", "status"),
        in_file=False,
        shown="The sandbox is down.\n",
    ),
    Refusal(
        what="the sandbox does not run; sandbox status ends so, too",
        name="status as a document",
        files={".portctl/sandbox.json": None},
        arguments=("sandbox", "status", "--json"),
        in_file=False,
        shown='{\n  "running": false\n}\n',
    ),
    *(
        Refusal(
            what="the sandbox does not run; sandbox status ends so, too",
            name=f"by hand, {words[0]}",
            files={".portctl/sandbox.json": None},
            arguments=("sandbox", *words),
            in_file=False,
            said="error: The sandbox does not run\n  hint: Start it: portctl sandbox up --detach\n",
        )
        for words in (
            ("pipelines",),
            ("logs", "r_1"),
            ("approve", "CHG1"),
            ("reject", "CHG1", "--reason", "no"),
            ("run-action", "deploy"),
        )
    ),
    Refusal(
        what="a sandbox with another seed than the one that is asked for",
        arguments=("sandbox", "up", "--detach", "--seed", "5"),
        in_file=False,
        said="""\
error: The sandbox has another seed
  its identifiers and credentials were derived from 0, not from 5
  hint: Begin anew: portctl sandbox down, remove .portctl/sandbox, then start it with the seed.
""",
    ),
    Refusal(
        what="a project without the workflow that demo plays",
        arguments=("demo", "--json"),
        in_file=False,
        shown=None,
        said="""\
error: Nothing to play
  the story deploys by the approval workflow, and this project does not declare port/Action deploy_service_to_cluster, port/Action approve_and_deploy_service, port/Blueprint servicenowChangeRequest, a gitlab/PipelineTrigger
  hint: Run it in a copy of portctl's own repository, which declares them. To see this project at work: portctl sandbox up --detach, portctl apply -e sandbox, portctl sandbox run-action.
""",
    ),
    Refusal(
        what="unknown switch of the sandbox",
        arguments=("sandbox", "up", "--detach", "--switch", "accept=strict", "--switch", "ghost=strict"),
        in_file=False,
        said=f"""\
error: Unknown switch
  no switch "ghost"; there are: {", ".join(sorted(switch.name for switch in SWITCHES))}.
  hint: The pages docs/sandbox-*.md say what each of them means.
""",
    ),
    Refusal(
        what="unknown switch of the sandbox",
        name="another reading, of a demo",
        arguments=("demo", "--switch", "accept=loose"),
        in_file=False,
        said="""\
error: Unknown switch
  switch "accept" is strict or lenient, not "loose".
  hint: The pages docs/sandbox-*.md say what each of them means.
""",
    ),
    *(
        Refusal(
            what="a file or folder on the command line that is not there or cannot be read",
            name=" ".join(words),
            arguments=words,
            in_file="--values" in words,
            said=f"error: {said}\n",
        )
        for words, said in (
            (("apply", "gone"), f"Cannot read the plan\n  gone: No such file or directory\n  hint: {_MAKE}"),
            (("apply", "blueprints"), f"Cannot read the plan\n  blueprints: Is a directory\n  hint: {_MAKE}"),
            (("show", "gone"), f"Cannot read the plan\n  gone: No such file or directory\n  hint: {_MAKE}"),
            (("plan", "--values", "gone"), "File cannot be read\n  gone:1:1\n  gone: No such file or directory."),
            (
                ("apply", "--values", "blueprints"),
                "File cannot be read\n  blueprints:1:1\n  blueprints: Is a directory.",
            ),
            (
                ("gate", "accept", "--settings", "gone"),
                f"No settings\n  ROOT/gone: No such file or directory\n  hint: {_WRITES}",
            ),
        )
    ),
    Refusal(
        what="a file that is no saved plan",
        files={"plan.json": '{"portctlPlan": true}\n'},
        arguments=("apply", "plan.json"),
        in_file=False,
        said="""\
error: Not a saved plan
  plan.json was not written by portctl plan -o
  hint: portctl plan -o FILE writes one.
""",
    ),
    Refusal(
        what="unknown command, option, or a value of the wrong form",
        arguments=("plan", "-t", "change"),
        in_file=False,
        said="""\
Usage: portctl plan [OPTIONS]
Try 'portctl plan --help' for help.

Error: Invalid value for '-t' / '--target': 'change' is not an address like port/Action:deploy.
""",
    ),
    Refusal(
        what="apply in CI with a ledger that does not outlive the job",
        files={"environments/real.yaml": REAL},
        environ={"CI": "true"},
        arguments=("apply", "--yes", "-e", "real"),
        in_file=False,
        said="""\
error: Ledger would be lost
  this is a CI job and the ledger is a file on its disk, which is gone afterwards
  hint: Keep the ledger's path between jobs and say `persistent: true` under `ledger:` in portctl.yaml.
""",
    ),
    Refusal(
        what="unavailable secret at apply",
        environ={"TOKEN": None},
        arguments=("apply", "--yes"),
        in_file=False,
        shown=None,
        said="""\
error: Secret not available
  TOKEN (needed by port/Secret:TOKEN): the environment variable TOKEN is not set
  hint: Provide it where portctl.yaml or the environment file says it comes from; nothing was written.
""",
    ),
    Refusal(
        what="unavailable secret at apply",
        name="a command that fails",
        files={"portctl.yaml": PROJECT.replace("{env: TOKEN}", "{command: [sh, -c, 'echo sup3rs3cret; exit 3']}")},
        arguments=("apply", "--yes"),
        in_file=False,
        shown=None,
        said="""\
error: Secret not available
  TOKEN (needed by port/Secret:TOKEN): the command sh ended with status 3
  hint: Provide it where portctl.yaml or the environment file says it comes from; nothing was written.
""",
    ),
)
