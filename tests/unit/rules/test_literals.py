"""Placeholders, credentials and secrets: what is found, where, and what is left alone."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

ACTION = """\
kind: port/Action
spec:
  identifier: check
  description: Sends {PLACEHOLDER} to https://user:word@example.com
  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {}}}
  invocationMethod:
    type: WEBHOOK
    url: URL
"""


def action(url: str) -> str:
    return ACTION.replace("URL", f'"{url}"')


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://{SERVICENOW_INSTANCE}/api", "{SERVICENOW_INSTANCE}"),
        ("${PORT_API_URL}/actions", "${PORT_API_URL}"),
        ("https://{HOST}/{{ .entity.identifier }}", "{HOST}"),
    ],
)
def test_a_placeholder_of_a_guide_is_found_where_it_stands(url: str, found: str) -> None:
    assert details("port/left-over-placeholder", action(url)) == [
        f"8:10 spec.invocationMethod.url: Port sends {found} as it stands: it expands {{{{ }}}} only"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/{{ .inputs.NAME }}",
        "https://example.com/{{ {A: 1} | tojson }}",
        "https://example.com/{id}",
        "https://example.com/{}",
    ],
)
def test_templates_and_other_braces_are_no_placeholders(url: str) -> None:
    assert findings("port/left-over-placeholder", action(url)) == ()


def test_a_placeholder_in_a_key_is_found_at_its_value() -> None:
    text = ACTION.replace("URL", 'https://example.com\n    body: {"${NAME}": 1}')
    assert [found.path for found in findings("port/left-over-placeholder", text)] == [
        'spec.invocationMethod.body."${NAME}"'
    ]


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://example.com/x?token=abc", "token"),
        ("https://example.com/x?a=1&private_token=abc", "private_token"),
        ("https://example.com/x?API_KEY=abc&b=2", "API_KEY"),
        ("https://bot:hunter2@example.com/x", "user and password"),
        ("https://example.com/x?token=<% secret('TOKEN') %>", "token"),
        ("https://example.com/x?token={GITLAB_TRIGGER_TOKEN}", "token"),
    ],
)
def test_a_credential_in_a_url_is_found(url: str, what: str) -> None:
    place = "8:10 spec.invocationMethod.url"
    assert details("port/credential-in-url", action(url)) == [
        f"{place}: {what} stands in clear text where every member of the organisation can read it"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/x?token={{ .secrets.TOKEN }}",
        "https://bot:{{ .secrets.WORD }}@example.com/x",
        "https://example.com:8443/x@y",
        "https://example.com/x?project_key=SHOP&sort=token",
        "https://example.com/x?token=",
        "token=abc",
    ],
)
def test_a_url_without_credentials_is_left_alone(url: str) -> None:
    assert findings("port/credential-in-url", action(url)) == ()


LEAVE_OUT = "Leave it out: Port fills in secrets in the `invocationMethod` of actions and automations only."


def test_a_secret_is_proposed_where_port_fills_one_in_and_nowhere_else() -> None:
    entity = """\
kind: port/Entity
spec: {blueprint: b, identifier: a, properties: {url: "https://bot:hunter2@example.com", host: "{HOST}"}}
"""
    (called,) = findings("port/credential-in-url", action("https://bot:hunter2@example.com/x"))
    (kept,) = findings("port/credential-in-url", entity)
    assert (called.hint, kept.hint) == ("Declare a port/Secret and write `{{ .secrets.NAME }}` here.", LEAVE_OUT)
    (called,) = findings("port/left-over-placeholder", action("https://{HOST}/x"))
    (kept,) = findings("port/left-over-placeholder", entity)
    value = "Write <% values.NAME %> for a value of the environment"
    assert (called.hint, kept.hint) == (
        f"{value}, {{{{ .secrets.NAME }}}} for a secret that Port fills in.",
        f"{value}.",
    )


def test_no_finding_shows_the_credential() -> None:
    (found,) = findings("port/credential-in-url", action("https://bot:hunter2@example.com/x"))
    assert "hunter2" not in repr(found)


def test_a_secret_in_a_readable_field_is_found_and_one_in_a_hidden_field_is_not() -> None:
    text = """\
kind: port/Webhook
spec:
  identifier: w
  title: <% secret('TITLE') %>
  enabled: true
  security: {secret: "<% secret('KEY') %>"}
"""
    assert details("port/secret-in-clear", text) == [
        "4:10 spec.title: the secret TITLE would be stored in clear text in port/Webhook:w"
    ]


@pytest.mark.parametrize(
    "spelling", [".secrets.GONE", '.secrets[\\"GONE\\"]', '.secrets.[\\"GONE\\"]', '.secrets.\\"GONE\\"']
)
def test_a_secret_that_nobody_declares_is_found_however_it_is_spelt(spelling: str) -> None:
    assert details("port/undeclared-secret", action(f"https://example.com/{{{{ {spelling} }}}}")) == [
        "8:10 spec.invocationMethod.url: no port/Secret has the name GONE; Port would put null in its place"
    ]


def test_a_secret_of_another_organisation_does_not_count() -> None:
    secret = "---\nkind: port/Secret\nmetadata: {instance: eu}\nspec: {secretName: GONE, secretValue: x}\n"
    assert len(findings("port/undeclared-secret", action("https://x/{{ .secrets.GONE }}") + secret)) == 1


def test_what_is_only_observed_is_nobodys_mistake() -> None:
    observed = action("https://example.com/x?token=abc").replace("spec:", "metadata: {management: observe}\nspec:")
    assert findings("port/credential-in-url", observed) == ()
