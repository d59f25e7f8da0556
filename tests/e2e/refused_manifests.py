"""Manifests that can be read and cannot be used."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

from tests.e2e.refusal import KINDS, Refusal
from tests.unit.cli.conftest import BLUEPRINT, ENVIRONMENT, SECRET

FILE = "blueprints/change.yaml"
ACTION_FILE = "actions/restart.yaml"
ACTION = """\
apiVersion: portctl/v1
kind: port/Action
spec:
  identifier: restart
  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {}, required: []}}
  invocationMethod: {type: WEBHOOK, url: "https://ci.example.com/restart"}
"""
CIRCLE = """\
apiVersion: portctl/v1
kind: port/Blueprint
metadata: {dependsOn: [port/Blueprint:%s]}
spec: {identifier: %s, title: One of a cycle, schema: {properties: {}}}
"""
FILES = """\
apiVersion: portctl/v1
kind: gitlab/Project
metadata: {name: shop}
spec: {path_with_namespace: platform/shop}
---
apiVersion: portctl/v1
kind: gitlab/Files
metadata: {name: shop, in: gitlab/Project:shop}
spec:
  branch: main
  files:
    config: {content: "token = <% secret('TOKEN') %>"}
"""

REFUSED = (
    Refusal(
        what="unknown kind",
        files={FILE: BLUEPRINT.replace("port/Blueprint", "port/Bluprint")},
        said=f"""\
error[manifest]: Unknown kind
  blueprints/change.yaml:2:7  kind
  There is no kind "port/Bluprint". Did you mean "port/Blueprint"?
  hint: Known kinds: {KINDS}.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unknown metadata key",
        files={FILE: BLUEPRINT.replace("{name: change}", "{name: change, lables: {team: a}}")},
        said="""\
error[manifest]: Unknown key
  blueprints/change.yaml:3:26  metadata.lables
  metadata has no "lables". Did you mean "labels"?
  hint: Known keys: adopt, dependsOn, forEach, in, instance, labels, management, moved, name, onDelete, options, protect and renamed.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="missing field",
        files={FILE: BLUEPRINT.replace("  identifier: change\n", "")},
        said="""\
error[identity]: Identity is missing
  blueprints/change.yaml:5:3  spec.identifier
  identifier says which object this is at the service, and is missing.
  hint: Write identifier.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="missing field",
        name="of a chosen shape",
        files={ACTION_FILE: ACTION.replace(', url: "https://ci.example.com/restart"', "")},
        said="""\
error[schema]: Missing field
  actions/restart.yaml:6:21  spec.invocationMethod.url
  invocationMethod.url is required

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="missing field",
        name="the whole body",
        files={FILE: "apiVersion: portctl/v1\nkind: port/Blueprint\n"},
        said="""\
error[manifest]: Missing key
  blueprints/change.yaml:1:1
  spec, the body as the API has it, is missing.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unknown field",
        files={FILE: BLUEPRINT.replace("  title: <%", "  tittle: <%")},
        said="""\
error[schema]: Missing field
  blueprints/change.yaml:5:3  spec.title
  title is required

warning[port/unknown-blueprint-key]: Unknown key of a blueprint
  blueprints/change.yaml:6:11  spec.tittle
  Port accepts tittle and forgets it
  hint: Did you mean "title"?

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="wrong enum",
        files={ACTION_FILE: ACTION.replace("CREATE", "CREAT")},
        said="""\
error[schema]: Value not accepted
  actions/restart.yaml:5:44  spec.trigger.operation
  trigger.operation: expected one of "CREATE", "DAY-2", "DELETE", found "CREAT"
  hint: Did you mean "CREATE"?

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="wrong enum",
        name="of what decides the shape",
        files={ACTION_FILE: ACTION.replace("type: WEBHOOK", "type: WEBHOOKS")},
        said="""\
error[schema]: Value not accepted
  actions/restart.yaml:6:28  spec.invocationMethod.type
  invocationMethod.type: expected one of "WEBHOOK", "KAFKA", "GITHUB", "GITLAB", "AZURE_DEVOPS", "INTEGRATION_ACTION", "UPSERT_ENTITY", found "WEBHOOKS"
  hint: Did you mean "WEBHOOK"?

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="wrong enum",
        name="in metadata",
        files={FILE: BLUEPRINT.replace("{name: change}", "{name: change, adopt: maybe}")},
        said="""\
error[manifest]: Value not accepted
  blueprints/change.yaml:3:33  metadata.adopt
  adopt is one of always, equal and never.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="wrong type",
        files={FILE: BLUEPRINT.replace("title: Tier", "title: 3")},
        said="""\
error[schema]: Wrong type
  blueprints/change.yaml:7:53  spec.schema.properties.tier.title
  tier.title: expected string, found number
  hint: Quote it if it is meant as text.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="wrong type",
        name="in metadata",
        files={FILE: BLUEPRINT.replace("{name: change}", "{name: change, dependsOn: port/Secret:TOKEN}")},
        said="""\
error[manifest]: Wrong type
  blueprints/change.yaml:3:37  metadata.dependsOn
  A list of texts is expected here, not text.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="duplicate name",
        files={"blueprints/other.yaml": BLUEPRINT},
        said="""\
error[duplicate]: Duplicate name
  blueprints/other.yaml:3:18  metadata.name
  port/Blueprint:change is here and at blueprints/change.yaml:1:1.
  hint: Give one of them another metadata.name.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="two resources with one remote identity",
        files={"blueprints/other.yaml": BLUEPRINT.replace("{name: change}", "{name: other}")},
        said="""\
error[duplicate]: Two manifests for one object
  blueprints/other.yaml:5:15  spec.identifier
  port/Blueprint:other and port/Blueprint:change (blueprints/change.yaml:1:1) are both the port/Blueprint "change".
  hint: Remove one of them, or give it another identifier.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="two resources with one remote identity",
        name="actions and automations share a name space",
        files={
            ACTION_FILE: ACTION,
            "automations/restart.yaml": ACTION.replace("port/Action", "port/Automation").replace(
                "{type: self-service, operation: CREATE, userInputs: {properties: {}, required: []}}",
                "{type: automation, event: {type: ENTITY_CREATED, blueprintIdentifier: change}}",
            ),
        },
        said="""\
error[duplicate]: Two manifests for one object
  automations/restart.yaml:4:15  spec.identifier
  port/Automation:restart and port/Action:restart (actions/restart.yaml:1:1) are both the port/Automation and port/Action "restart".
  hint: Remove one of them, or give it another identifier.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unopenable cycle of references",
        files={"blueprints/a.yaml": CIRCLE % ("b", "a"), "blueprints/b.yaml": CIRCLE % ("a", "b")},
        said="""\
error[cycle]: Cycle that cannot be opened
  blueprints/a.yaml:3:24
  port/Blueprint:a, port/Blueprint:b need each other before any of them can be created.
  hint: Break the cycle: drop one of the references, or the dependsOn that closes it.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="dangling reference",
        files={
            FILE: BLUEPRINT
            + "  relations: {service: {target: serivce, title: Service, required: false, many: false}}\n"
        },
        said="""\
error[reference]: Unknown reference
  blueprints/change.yaml:8:33  spec.relations.service.target
  No port/Blueprint "serivce" is declared here.
  hint: Declare it. If it exists and is managed elsewhere:
        apiVersion: portctl/v1
        kind: port/Blueprint
        metadata:
          management: observe
        spec:
          identifier: serivce

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="dangling reference",
        name="in metadata",
        files={FILE: BLUEPRINT.replace("{name: change}", "{name: change, dependsOn: [port/Secret:TOKENS]}")},
        said="""\
error[reference]: Unknown address
  blueprints/change.yaml:3:38  metadata.dependsOn[0]
  No manifest is called port/Secret:TOKENS. Did you mean "port/Secret:TOKEN"?
  hint: Declare it; `management: observe` is enough for something that is managed elsewhere.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unknown instance",
        files={FILE: BLUEPRINT.replace("{name: change}", "{name: change, instance: eu}")},
        said="""\
error[instance]: Unknown instance
  blueprints/change.yaml:3:36  metadata.instance
  The environment has default, but no instance "eu" of port.
  hint: Add instances.port.eu to the environment file, or correct metadata.instance.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="a rule of severity error",
        files={ACTION_FILE: ACTION.replace("https://ci.example.com/restart", "${PORT_API_URL}/restart")},
        said="""\
error[port/left-over-placeholder]: Left-over placeholder
  actions/restart.yaml:6:42  spec.invocationMethod.url
  Port sends ${PORT_API_URL} as it stands: it expands {{ }} only
  hint: Write <% values.NAME %> for a value of the environment, {{ .secrets.NAME }} for a secret that Port fills in.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="a secret in what is committed",
        files={
            "environments/sandbox.yaml": ENVIRONMENT.replace("  port:", "  gitlab:\n    default: {}\n  port:"),
            "integrations/files.yaml": FILES,
        },
        said="""\
error[secret]: Secret would be published
  integrations/files.yaml:12:23  spec.files.config.content
  What a gitlab/Files says is committed to a repository, and so would be the secret TOKEN.
  hint: Put it into a gitlab/Variable that is masked, and read that here.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="undeclared secret",
        files={"integrations/secret.yaml": SECRET.replace("secret('TOKEN')", "secret('TOKNE')")},
        said="""\
error[secret]: Undeclared secret
  integrations/secret.yaml:4:40  spec.secretValue
  No secret is called "TOKNE". Did you mean "TOKEN"?
  hint: Declare it under `secrets:` in portctl.yaml: `TOKNE: {env: TOKNE}`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
)
