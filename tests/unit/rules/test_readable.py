"""Secrets in fields that everybody reads who may see the object: found in every kind, with the place to put them."""

from __future__ import annotations

import pytest

from portctl.model.kind import Kind
from portctl.providers.catalogue import catalogue
from tests.unit.rules.builders import findings

LEAVE_OUT = "Leave it out: Port fills in secrets in the `invocationMethod` of actions and automations only."
OF_JOBS = "Leave it out. Secrets of jobs belong in a gitlab/Variable with `hidden: true`."
AS_VALUE = "Write it as the `value` of a variable with `hidden: true`, and say here what it is for."
KEPT = (
    "Keep it in a credential record, or in a column of the type password2, with the `secrets` of a servicenow/Record; "
    "let the script read it there."
)
SHOWN_TO_FEW = {("gitlab/Variable", "value"), ("gitlab/GroupVariable", "value")}
"""Rules of their own say whether a secret may stand there: it depends on how the variable is guarded."""


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        (
            "kind: port/Action\nspec: {identifier: a, invocationMethod: {headers: {X-Key: SECRET}}}\n",
            "spec.invocationMethod.headers.X-Key",
            "Declare a port/Secret and write `{{ .secrets.NAME }}` here.",
        ),
        ("kind: port/Action\nspec: {identifier: a, description: SECRET}\n", "spec.description", LEAVE_OUT),
        ("kind: port/Automation\nspec: {identifier: a, title: SECRET}\n", "spec.title", LEAVE_OUT),
        ("kind: port/Blueprint\nspec: {identifier: a, description: SECRET}\n", "spec.description", LEAVE_OUT),
        (
            "kind: port/Entity\nspec: {blueprint: b, identifier: a, properties: {p: SECRET}}\n",
            "spec.properties.p",
            LEAVE_OUT,
        ),
        ("kind: port/Secret\nspec: {secretName: A, description: SECRET}\n", "spec.description", LEAVE_OUT),
        (
            "kind: port/ActionPermissions\nmetadata: {in: port/Action:a}\nspec: {execute: {users: [SECRET]}}\n",
            "spec.execute.users[0]",
            LEAVE_OUT,
        ),
        ("kind: gitlab/Project\nspec: {path_with_namespace: a/b, description: SECRET}\n", "spec.description", OF_JOBS),
        ("kind: gitlab/Project\nspec: {path_with_namespace: a/b, topics: [SECRET]}\n", "spec.topics[0]", OF_JOBS),
        (
            "kind: gitlab/Variable\nspec: {key: A, environment_scope: b, description: SECRET}\n",
            "spec.description",
            AS_VALUE,
        ),
        (
            "kind: gitlab/GroupVariable\nspec: {group: g, key: A, environment_scope: all, description: SECRET}\n",
            "spec.description",
            AS_VALUE,
        ),
        (
            "kind: servicenow/BusinessRule\nspec: {name: a, collection: b, script: SECRET}\n",
            "spec.script",
            KEPT,
        ),
        ("kind: servicenow/Column\nspec: {name: a, element: u_b, default_value: SECRET}\n", "spec.default_value", KEPT),
        (
            "kind: servicenow/RestMessage\nspec: {name: a, functions: {post: {content: SECRET}}}\n",
            "spec.functions.post.content",
            KEPT,
        ),
        (
            "kind: servicenow/Record\nspec: {table: t, key: a=b, columns: {title: SECRET}}\n",
            "spec.columns.title",
            "Move the column from `columns` to `secrets`, and choose one of a password type (password2).",
        ),
    ],
)
@pytest.mark.parametrize(
    ("secret", "name"),
    [
        ("<% secret('A') %>", "A"),
        ("before <% secret('A') %>", "A"),
        ("<% output('gitlab/PipelineTrigger:t', 'token') %>", "gitlab/PipelineTrigger:t token"),
    ],
)
def test_a_secret_that_everybody_reads_is_an_error(text: str, place: str, hint: str, secret: str, name: str) -> None:
    manifest = text.replace("SECRET", f'"{secret}"')
    kind = text.split()[1]
    (found,) = findings(f"{kind.partition('/')[0]}/secret-in-clear", manifest)
    address = found.detail.rpartition(" ")[2]
    assert address.startswith(f"{kind}:")
    assert (found.severity, found.summary, found.path, found.detail, found.hint) == (
        "error",
        "Secret in a readable field",
        place,
        f"the secret {name} would be stored in clear text in {address}",
        hint,
    )


@pytest.mark.parametrize(
    "text",
    [
        "kind: port/Secret\nspec: {secretName: A, secretValue: SECRET}\n",
        "kind: port/Webhook\nspec: {identifier: a, security: {secret: SECRET}}\n",
        "kind: gitlab/Variable\nspec: {key: A, environment_scope: b, value: SECRET}\n",
        "kind: servicenow/RestMessage\nspec: {name: a, rest_endpoint: SECRET, headers: {X-Key: SECRET}}\n",
        "kind: servicenow/Record\nspec: {table: t, key: a=b, secrets: {password: SECRET}}\n",
        "kind: port/Entity\nmetadata: {management: observe}\nspec: {blueprint: b, identifier: a, title: SECRET}\n",
    ],
)
def test_a_secret_where_it_belongs_or_where_nothing_is_written_is_none(text: str) -> None:
    manifest = text.replace("SECRET", "\"<% secret('A') %>\"")
    assert findings(f"{text.split()[1].partition('/')[0]}/secret-in-clear", manifest) == ()


def test_an_output_that_is_no_secret_may_be_read() -> None:
    text = """\
kind: servicenow/RestMessage
spec: {name: a, description: "<% output('port/Webhook:w', 'url') %>"}
"""
    assert findings("servicenow/secret-in-clear", text) == ()


@pytest.mark.parametrize("kind", catalogue().values(), ids=lambda kind: kind.full_name)
def test_of_every_field_it_is_said_who_reads_it(kind: Kind) -> None:
    schema = kind.schema()
    fields = {
        name: value
        for part in (schema, *schema.get("oneOf", ()))
        for name, value in part.get("properties", {}).items()
        if name not in kind.identity and "enum" not in value and value.get("type") != "boolean"
    }
    hidden = {pattern.partition(".")[0] for pattern in (*kind.sensitive, *kind.write_only)}
    unsaid = {name for name in fields if name not in hidden and kind.readable_at((name,)) is None}
    assert {(kind.full_name, name) for name in unsaid} == {each for each in SHOWN_TO_FEW if each[0] == kind.full_name}
