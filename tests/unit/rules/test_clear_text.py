"""Secrets in clear text: by what a kind says of its fields, by the names of headers, and by their look."""

from __future__ import annotations

import base64
import json

import pytest

from portctl.model.diagnostic import Severity
from portctl.model.kind import Kind, pattern_parts
from portctl.providers.catalogue import catalogue
from tests.unit.rules.builders import details, findings

LITERAL, SHAPED, NAMED = "manifest/secret-literal", "manifest/secret-shaped", "manifest/secret-named"
TOKEN = "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"
SECRET_FIELDS = [(kind, pattern) for kind in catalogue().values() for pattern in kind.write_only]


def _with(kind: Kind, pattern: str, value: str) -> str:
    """A manifest of `kind` that has `value` where `pattern` leads."""
    body: object = value
    for part in reversed(pattern_parts(pattern)):
        body = {"some" if part == "*" else part: body}
    assert isinstance(body, dict)
    for path in kind.identity:
        body.setdefault(path, "x")
    return json.dumps({"kind": kind.full_name, "spec": body})


@pytest.mark.parametrize(("kind", "pattern"), SECRET_FIELDS, ids=lambda each: getattr(each, "full_name", each))
def test_a_literal_in_every_field_that_a_kind_calls_secret_is_found(kind: Kind, pattern: str) -> None:
    for value in ("hunter2", "changeme", TOKEN):
        (found,) = (*findings(LITERAL, _with(kind, pattern, value)), *findings(SHAPED, _with(kind, pattern, value)))
        assert (found.rule, found.summary) == (LITERAL, "Secret in clear text")
        assert value not in repr(found)


@pytest.mark.parametrize(("kind", "pattern"), SECRET_FIELDS, ids=lambda each: getattr(each, "full_name", each))
def test_a_secret_an_output_and_nothing_at_all_are_no_literals(kind: Kind, pattern: str) -> None:
    for value in ("<% secret('A') %>", "Basic <% secret('A') %>", "<% output('port/Webhook:w', 'url') %>", ""):
        assert findings(LITERAL, _with(kind, pattern, value)) == ()


def test_the_finding_says_which_field_and_what_to_write_instead() -> None:
    text = "kind: port/Secret\nspec: {secretName: SLACK-BOT, secretValue: xoxb-1}\n"
    assert details(LITERAL, text) == [
        "2:44 spec.secretValue: `secretValue` of port/Secret is a secret, and its value stands here in clear text"
    ]
    (found,) = findings(LITERAL, text)
    assert found.hint == (
        "Write `<% secret('SLACK_BOT') %>` and declare it under `secrets:` in portctl.yaml: "
        "`SLACK_BOT: {env: SLACK_BOT}`. A secret that has been in git is known to all who can read it: replace it."
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kind: port/Webhook\nspec: {identifier: events, security: {secret: hunter2}}\n", "EVENTS_SECRET"),
        (
            "kind: gitlab/GroupVariable\nspec: {group: g, key: API, environment_scope: '*', value: " + TOKEN + "}\n",
            "API",
        ),
        ("kind: servicenow/RestMessage\nspec: {name: ci, headers: {Authorization: 4f2a9c}}\n", "CI_AUTHORIZATION"),
    ],
)
def test_the_name_that_is_proposed_says_what_the_secret_is(text: str, name: str) -> None:
    (found,) = (*findings(LITERAL, text), *findings(SHAPED, text))
    assert found.hint.startswith(f"Write `<% secret('{name}') %>` and declare it")


def _message(header: str, value: str) -> str:
    spec = {"name": "m", "rest_endpoint": "https://x.example.com", "headers": {header: value}, "functions": {}}
    return json.dumps({"kind": "servicenow/RestMessage", "spec": spec})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Bearer 4f2a9c"),
        ("authorization", "Basic " + base64.b64encode(b"a:b").decode()),
        ("X-Api-Key", "4f2a9c"),
        ("PRIVATE-TOKEN", TOKEN),
        ("Proxy-Authorization", "4f2a9c"),
    ],
)
def test_a_header_that_signs_in_is_found(header: str, value: str) -> None:
    (found,) = (*findings(LITERAL, _message(header, value)), *findings(SHAPED, _message(header, value)))
    assert (found.rule, found.path) == (LITERAL, f"spec.headers.{header}")
    assert value.split()[-1] not in repr(found)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Bearer <% secret('A') %>"),
        ("Authorization", "Basic {{ .secrets.A }}"),
        ("Authorization", "Bearer ${token}"),
        ("Authorization", "Bearer <token>"),
        ("Authorization", "Bearer YOUR_TOKEN"),
        ("Content-Type", "application/json"),
        ("X-Author", "somebody"),
    ],
)
def test_templates_examples_and_other_headers_are_left_alone(header: str, value: str) -> None:
    assert (*findings(LITERAL, _message(header, value)), *findings(SHAPED, _message(header, value))) == ()


def _variable(key: str, value: str, kind: str = "GroupVariable") -> str:
    return json.dumps(
        {"kind": f"gitlab/{kind}", "spec": {"group": "g", "key": key, "environment_scope": "*", "value": value}}
    )


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("ANYTHING", TOKEN, "a token of GitLab"),
        ("DATABASE_URL", "postgres://shop:w0rd@db.example.com/shop", "a password in a URL"),
        ("API_TOKEN", "k8s9f2j4l1q0z7x3", "a credential, by its name and its letters"),
    ],
)
def test_a_variable_in_clear_text_is_found(key: str, value: str, what: str) -> None:
    (found,) = findings(SHAPED, _variable(key, value))
    assert (found.path, found.detail) == ("spec.value", f"what stands here looks like {what}, in clear text")
    assert value not in repr(found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("API_TOKEN_NAME", "k8s9f2j4l1q0z7x3"),
        ("API_TOKEN", "deployment-token-2024"),
        ("DATABASE_URL", "postgres://shop:$PASSWORD@db.example.com/shop"),
        ("DATABASE_URL", "postgres://postgres:postgres@db/test"),
        ("DATABASE_URL", "postgres://shop@db.example.com:5432/shop"),
        ("IMAGE", "python@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ],
)
def test_other_variables_are_left_alone(key: str, value: str) -> None:
    assert findings(SHAPED, _variable(key, value)) == ()


def test_a_token_in_a_file_is_found_in_its_line() -> None:
    text = f"""\
kind: gitlab/Files
metadata: {{in: gitlab/Project:p}}
spec:
  branch: main
  commit_message: m
  files:
    deploy.sh:
      content: |
        set -e
        git clone https://bot:$TOKEN@gitlab.com/x
        curl -H "PRIVATE-TOKEN: {TOKEN}" https://gitlab.com
"""
    (found,) = findings(SHAPED, text)
    assert found.path == 'spec.files."deploy.sh".content[3]'
    assert found.hint.startswith("Put it into a gitlab/Variable that is masked")


def test_a_token_in_an_action_is_found_and_belongs_into_a_secret_of_port() -> None:
    text = f"""\
kind: port/Action
spec:
  identifier: a
  trigger: {{type: self-service, operation: CREATE, userInputs: {{properties: {{}}}}}}
  invocationMethod:
    type: WEBHOOK
    url: https://ci.example.com
    headers: {{Authorization: Bearer 4f2a9c}}
    body: {{token: {TOKEN}, password: k8s9f2j4l1q0z7x3, note: plain}}
"""
    (header,) = findings(LITERAL, text)
    assert (header.path, header.detail) == (
        "spec.invocationMethod.headers.Authorization",
        "the header `Authorization` signs in, and its value stands here in clear text",
    )
    found = findings(SHAPED, text)
    assert [each.path for each in found] == ["spec.invocationMethod.body.token", "spec.invocationMethod.body.password"]
    assert {each.hint for each in found} == {
        "Declare a port/Secret and write `{{ .secrets.NAME }}` here. Replace a secret that has been in git."
    }


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "kind: port/Entity\nspec: {blueprint: b, identifier: a, properties: {note: VALUE}}\n",
            "Leave it out: Port fills in secrets in the `invocationMethod` of actions and automations only.",
        ),
        (
            "kind: port/Blueprint\nspec: {identifier: a, description: VALUE}\n",
            "Leave it out: Port fills in secrets in the `invocationMethod` of actions and automations only.",
        ),
        (
            "kind: port/Automation\nspec: {identifier: a, invocationMethod: {body: {note: VALUE}}}\n",
            "Declare a port/Secret and write `{{ .secrets.NAME }}` here.",
        ),
        (
            "kind: gitlab/Project\nspec: {path_with_namespace: a/b, description: VALUE}\n",
            "Leave it out. Secrets of jobs belong in a gitlab/Variable with `hidden: true`.",
        ),
        (
            "kind: gitlab/GroupVariable\nspec: {group: g, key: A, environment_scope: b, description: VALUE}\n",
            "Write it as the `value` of a variable with `hidden: true`, and say here what it is for.",
        ),
        (
            "kind: servicenow/Record\nspec: {table: t, key: a=b, columns: {title: VALUE}}\n",
            "Move the column from `columns` to `secrets`, and choose one of a password type (password2).",
        ),
    ],
)
def test_the_hint_names_a_place_where_the_service_keeps_a_secret(text: str, hint: str) -> None:
    (found,) = findings(SHAPED, text.replace("VALUE", TOKEN))
    assert found.hint == f"{hint} Replace a secret that has been in git."


def test_what_is_only_observed_is_no_finding() -> None:
    text = f"kind: port/Secret\nmetadata: {{management: observe}}\nspec: {{secretName: A, secretValue: {TOKEN}}}\n"
    assert (*findings(LITERAL, text), *findings(SHAPED, text)) == ()


RANDOM = "9f8a7b6c5d4e3f2a"
AWS = "wJalrXUtnFEMI/K7MDENG3bPxRfiCYzKqT9" + "wLm2s"


def _script(text: str) -> str:
    spec = {"branch": "main", "commit_message": "m", "files": {"run.sh": {"content": f"set -e\n{text}\n"}}}
    return json.dumps({"kind": "gitlab/Files", "metadata": {"in": "gitlab/Project:p"}, "spec": spec})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"export AWS_SECRET_ACCESS_KEY={AWS}", "the value of AWS_SECRET_ACCESS_KEY"),
        (f'DB_PASSWORD="{RANDOM}"', "the value of DB_PASSWORD"),
        (f"API_TOKEN: {RANDOM}", "the value of API_TOKEN"),
        (f"db.password = {RANDOM}", "the value of db.password"),
        (f'{{"clientSecret": "{RANDOM}"}}', "the value of clientSecret"),
        (f'curl -H "PRIVATE-TOKEN: {RANDOM}" https://x', "the value of PRIVATE-TOKEN"),
        (f"login --token {RANDOM}", "the value of token"),
        (f"curl -u bob:{RANDOM} https://x", "the password of a user"),
        (f"curl 'https://x/y?api_key={RANDOM}'", "`api_key` in a URL"),
        (f"psql postgres://shop:{RANDOM}@db/shop", "a password in a URL"),
    ],
)
def test_random_text_under_the_name_of_a_secret_is_found_in_its_line(text: str, what: str) -> None:
    (found,) = findings(SHAPED, _script(text))
    assert (found.path, found.detail) == (
        'spec.files."run.sh".content[2]',
        f"what stands here looks like {what}, in clear text",
    )
    assert findings(NAMED, _script(text)) == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("export DB_PASSWORD=hunter22", "the value of DB_PASSWORD"),
        ('password: "hunter22"', "the value of password"),
        ("API_TOKEN: t0ken4711", "the value of API_TOKEN"),
        ("curl -u bob:hunter22secret https://x", "the password of a user"),
        ("curl --user=bob:hunter22secret https://x", "the password of a user"),
        ("mysql --password hunter22", "the value of password"),
        ("curl https://x/y?access_token=hunter22", "`access_token` in a URL"),
    ],
)
def test_a_word_under_the_name_of_a_secret_is_a_warning(text: str, what: str) -> None:
    assert findings(SHAPED, _script(text)) == ()
    (found,) = findings(NAMED, _script(text))
    assert (found.severity.value, found.path, found.detail) == (
        "warning",
        'spec.files."run.sh".content[2]',
        f"{what} stands here in clear text",
    )


@pytest.mark.parametrize(
    "text",
    [
        'curl -H "PRIVATE-TOKEN: $TOKEN" https://x',
        "curl -u $USER1:$PASSWORD1 https://x",
        "curl -u bob:bob https://x",
        "id -u bob1:hunter22",
        "export TOKEN=${TOKEN:-x}",
        "token = os.environ['TOKEN2']",
        "token = get_token2(1)",
        "f(token=token2)",
        'if token == "a1b2c3d4":',
        "token: sha256",
        "secret: my-secret-1",
        "version_token: 1.2.3",
        "password: changeme1",
        "tokens: [a1b2c3d4]",
        "API_TOKEN:",
        "TOKEN_FILE=/run/secrets/token1",
        "secretName: shop-db-1",
        "https://x/y?token=$TOKEN",
        "https://oauth2:TOKEN@gitlab.example.com/x.git",
        "https://x/y?page_token=",
    ],
)
def test_what_is_filled_in_computed_or_the_name_of_a_thing_is_left_alone(text: str) -> None:
    assert (*findings(SHAPED, _script(text)), *findings(NAMED, _script(text))) == ()


def _record(**fields: str) -> str:
    return json.dumps({"kind": "servicenow/Record", "spec": {"table": "sys_user", "key": {"a": "b"}, "fields": fields}})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (_record(user_password="hunter22"), "spec.fields.user_password"),
        (_record(note='{"password":"hunter22"}'), "spec.fields.note"),
        (_variable("DB_PASSWORD", "hunter"), "spec.value"),
        (_variable("SIGNING_SECRET", "swordfish"), "spec.value"),
        (
            "kind: port/Action\nspec: {identifier: a, invocationMethod: {body: {client_secret: hunter22}}}\n",
            "spec.invocationMethod.body.client_secret",
        ),
        (
            "kind: port/Action\nspec: {trigger: {userInputs: {properties: {token: {default: w0rd22}}}}}\n",
            "spec.trigger.userInputs.properties.token.default",
        ),
    ],
)
def test_a_field_that_is_called_like_a_secret_is_a_warning(text: str, path: str) -> None:
    assert findings(SHAPED, text) == ()
    assert [found.path for found in findings(NAMED, text)] == [path]


@pytest.mark.parametrize(
    "text",
    [
        _variable("DB_PASSWORD", "$OTHER"),
        _variable("DB_PASSWORD", "changeme"),
        _variable("USE_TOKEN", "true"),
        _variable("DB_PASSWORD", "<% secret('A') %>"),
        _record(user_password=""),
        "kind: port/Action\nspec: {identifier: a, invocationMethod: {body: {token: '{{ .secrets.A }}'}}}\n",
        "kind: port/Webhook\nspec: {identifier: a, mappings: [{entity: {properties: {token: .body.token2}}}]}\n",
    ],
)
def test_fields_that_are_filled_in_or_say_nothing_are_left_alone(text: str) -> None:
    assert (*findings(SHAPED, text), *findings(NAMED, text)) == ()


@pytest.mark.parametrize("query", ["api_key=hunter22", "a=b&access_token=swordfish", "sig=hunter22"])
def test_a_credential_in_the_url_of_any_service_is_found(query: str) -> None:
    spec = {"name": "m", "rest_endpoint": f"https://x.example.com/y?{query}", "functions": {}}
    (found,) = findings(SHAPED, json.dumps({"kind": "servicenow/RestMessage", "spec": spec}))
    name = query.rpartition("=")[0].rpartition("&")[2]
    assert found.detail == f"what stands here looks like `{name}` in a URL, in clear text"


def test_a_password_in_a_url_that_port_only_shows_is_found() -> None:
    url = "postgres://shop:h7nQ2xW9@db.example.com/shop"
    spec = {"identifier": "a", "title": "A", "description": f"see {url}", "schema": {"properties": {}}}
    text = json.dumps({"kind": "port/Blueprint", "spec": spec})
    (found,) = findings(SHAPED, text)
    assert (found.path, found.severity) == ("spec.description", Severity.ERROR)
    assert "h7nQ2xW9" not in repr(found)


def test_each_line_of_a_file_is_judged_by_itself() -> None:
    text = _script(f"DB_PASSWORD={RANDOM}\nDB_PASSWORD=hunter22")
    assert [found.path for found in findings(SHAPED, text)] == ['spec.files."run.sh".content[2]']
    assert [found.path for found in findings(NAMED, text)] == ['spec.files."run.sh".content[3]']


def test_labels_are_read_too() -> None:
    text = f"kind: port/Secret\nmetadata: {{labels: {{a: {TOKEN}}}}}\nspec: {{secretName: A}}\n"
    assert details(SHAPED, text) == [
        "2:24 metadata.labels.a: what stands here looks like a token of GitLab, in clear text"
    ]


def test_of_a_variable_in_a_header_it_is_said_that_nothing_fills_it_in() -> None:
    (found,) = findings(LITERAL, _message("Authorization", "Bearer $TOKEN"))
    assert found.detail == (
        "the header `Authorization` signs in, and nothing fills in `$TOKEN`: the service sends it as it stands here"
    )


def test_a_long_text_is_read_in_the_time_of_its_length() -> None:
    for text in (
        "a" * 200_000,
        "password" * 30_000,
        "token: " * 30_000,
        "a=" * 100_000,
        "curl " * 40_000,
        "curl -u a:b " * 20_000,
    ):
        assert findings(NAMED, _script(text)) == ()
