"""What looks like a credential, and what only looks a little like one. Every value is made up."""

from __future__ import annotations

import base64

import pytest

from portctl.credentials import credentials_in, looks_random, sounds_secret, without_credentials

OWN = "aB3dE6gH9jK2mN5pQ8rStU1vW4xY7z"
BASIC = base64.b64encode(b"admin:w0rd").decode()
LONG = "Ab1" + "cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6gH7iJ8kL9mN0oP1q"

FOUND = {
    f"glpat-{OWN}": "a token of GitLab",
    f"glpat-{OWN}.01.{OWN[:9]}": "a token of GitLab",
    f"glptt-{OWN}": "a token of GitLab",
    f"https://gitlab.com/api/v4?private_token=glpat-{OWN}": "a token of GitLab",
    f"ghp_{OWN}{OWN[:6]}": "a token of GitHub",
    f"github_pat_{OWN}_{OWN}": "a token of GitHub",
    "xoxb-" + "1234-5678-abcdEFGH": "a token of Slack",
    f"https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{OWN[:24]}": "a webhook of Slack",
    "AKIA" + "QWERTZUIOP123456": "an access key of AWS",
    f"sk_live_{OWN}": "a key of Stripe",
    f"AIza{OWN}{OWN[:5]}": "a key of Google",
    f"sk-proj-{OWN}": "a key of OpenAI or Anthropic",
    f"npm_{OWN}{OWN[:6]}": "a token of npm",
    f"hvs.{OWN}": "a token of Vault",
    f"dckr_pat_{OWN}": "a token of Docker",
    "dop_v1_" + "0123456789abcdef" * 4: "a token of DigitalOcean",
    f"hf_{OWN}{OWN[:4]}": "a token of Hugging Face",
    f"ATATT3xFfGF0{OWN}={OWN[:8]}": "a token of Atlassian",
    f"https://discord.com/api/webhooks/1234567890123456789/{OWN}{OWN}": "a webhook of Discord",
    f"123456789:AA{OWN}{OWN[:3]}": "a bot's token of Telegram",
    f"AGE-SECRET-KEY-1{OWN.upper()}{OWN.upper()[:28]}": "a key of age",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.{OWN}": "a signed token (JWT)",
    f"-----BEGIN RSA PRIVATE KEY-----\n{OWN}\n": "a private key",
    f"-----BEGIN PRIVATE KEY-----\\n{OWN}": "a private key",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{OWN}": "a private key",
    f"Basic {BASIC}": "a user and a password (Basic)",
    f"Authorization: Bearer {OWN}": "a token (Bearer)",
    LONG: "a client secret, such as Port's",
    f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={OWN}{OWN}{OWN[:26]}==": "a key of Azure",
    f"https://shop.webhook.office.com/webhookb2/1b2c-3d4e@5f6a/IncomingWebhook/{OWN}/9b1c": "a webhook of Teams",
    base64.b64encode(f"token=glpat-{OWN}".encode()).decode(): "a token of GitLab in Base64",
}
LEFT = (
    "glpat-xxxxxxxxxxxxxxxxxxxx",
    "glpat-<your token>",
    "glpat-your-token-here",
    "a token that begins with glpat-",
    "AKIAIOSFODNN7EXAMPLE",
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "grep -q '-----BEGIN PRIVATE KEY-----' key.pem",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq",
    "Basic {{ .secrets.TOKEN }}",
    "Basic authentication",
    "Basic " + base64.b64encode(b"user:changeme").decode(),
    "Bearer {{ .secrets.TOKEN }}",
    "Bearer authentication-of-everybody",
    "https://example.com/a/very/long/path/of/an/api/that/nobody/needs",
    "image@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "eyJust a word",
)


@pytest.mark.parametrize(("text", "what"), FOUND.items())
def test_a_credential_is_told_by_its_look_and_taken_out(text: str, what: str) -> None:
    found = [each.what for each in credentials_in(text)]
    assert found[0] == what
    assert OWN[:9] not in without_credentials(text)
    assert f"(hidden: {what})" in without_credentials(f"before {text} after")


@pytest.mark.parametrize("text", LEFT)
def test_what_stands_for_a_credential_in_an_example_is_none(text: str) -> None:
    assert list(credentials_in(text)) == []
    assert without_credentials(text) == text


def test_only_the_credential_is_taken_out_of_a_longer_text() -> None:
    text = f"curl -H 'PRIVATE-TOKEN: glpat-{OWN}' -H 'X: sk_live_{OWN}' https://example.com\n"
    assert without_credentials(text) == (
        "curl -H 'PRIVATE-TOKEN: (hidden: a token of GitLab)' -H 'X: (hidden: a key of Stripe)' https://example.com\n"
    )
    assert without_credentials(f"Bearer glpat-{OWN}!") in (
        "Bearer (hidden: a token of GitLab)!",
        "Bearer (hidden: a token (Bearer))!",
    )


@pytest.mark.parametrize(
    "name",
    [
        "API_TOKEN",
        "token",
        "clientSecret",
        "X-Api-Key",
        "PRIVATE-TOKEN",
        "Authorization",
        "dbPassword",
        "AWS_SECRET_KEY",
    ],
)
def test_a_name_says_that_a_secret_stands_there(name: str) -> None:
    assert sounds_secret(name)


@pytest.mark.parametrize(
    "name", ["tokenizer", "TOKEN_URL", "secretName", "author", "Content-Type", "key", "monkey", "Accept"]
)
def test_other_names_say_nothing(name: str) -> None:
    assert not sounds_secret(name)


@pytest.mark.parametrize("text", [OWN, "k8s9f2j4l1q0z7x3", "550e8400-e29b-41d4-a716-446655440000x1y2z3a4"])
def test_text_without_words_looks_random(text: str) -> None:
    assert looks_random(text)


@pytest.mark.parametrize(
    "text",
    [
        "deployment-token-2024",
        "refs/heads/release-1.2.3",
        "production",
        "arn:aws:iam::1234:role/x",
        "2026-11-21T10:00:00Z",
        "",
    ],
)
def test_words_numbers_and_paths_do_not_look_random(text: str) -> None:
    assert not looks_random(text)
