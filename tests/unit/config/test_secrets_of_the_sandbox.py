"""Secrets that are credentials of somebody in the sandbox: `{sandbox: service.person.credential}`."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from portctl.config.environment import load_environment
from portctl.config.project import load_project
from portctl.model.project import Environment, SecretOrigin, SecretSource
from tests.unit.examples.files import PROJECT, complaint, write

FILE = "environments/sandbox.yaml"
RUNNING: dict[str, Any] = {
    "services": {
        "gitlab": {
            "url": "http://127.0.0.1:2",
            "credentials": {"token": "the-owner"},
            "others": {"repository-only": {"token": "s3cr3t-1"}, "j.doe": {"token": "s3cr3t-2"}},
        }
    }
}
WHO = "(It is service.person.credential, with the names under `others` in .portctl/sandbox.json.)"
FORMS = "({env: VARIABLE}, {dotenv: VARIABLE, path: .env}, {file: path} or {command: [program, argument]})"


def refusal(line: str, source: str) -> str:
    return (
        f"{line}:6 [{source}] Source of a secret: A secret has one source; this one has 0. {FORMS}\n"
        f'{line}:7 [{source}] Unknown key: A secret has no "sandbox". '
        "(Known keys: command, dotenv, env, file, path and value.)"
    )


def load(root: pathlib.Path, secrets: str, running: dict[str, Any] | None = None) -> Environment:
    write(root, {FILE: f"apiVersion: portctl/v1\nsandbox: true\nsecrets:\n{secrets}"})
    return load_environment(load_project(root), "sandbox", sandbox_file=running)


@pytest.mark.parametrize(
    ("person", "value"), [("repository-only", "s3cr3t-1"), ("j.doe", "s3cr3t-2")], ids=["plain", "with a dot"]
)
def test_the_value_is_what_the_running_sandbox_says(tmp_path: pathlib.Path, person: str, value: str) -> None:
    found = load(tmp_path, f"  T: {{sandbox: gitlab.{person}.token}}\n", RUNNING)
    assert found.secrets["T"] == SecretSource("T", SecretOrigin.VALUE, value)
    assert value not in repr(found)


def test_where_no_sandbox_runs_the_variable_of_that_name_is_asked_for(tmp_path: pathlib.Path) -> None:
    found = load(tmp_path, "  T: {sandbox: gitlab.repository-only.token}\n")
    assert found.secrets["T"] == SecretSource("T", SecretOrigin.ENV, "T")


def test_what_the_running_sandbox_does_not_have_is_said_where_it_stands(tmp_path: pathlib.Path) -> None:
    secrets = """\
  A: {sandbox: jenkins.repository-only.token}
  B: {sandbox: gitlab.nobody.token}
  C: {sandbox: gitlab.repository-only.password}
  D: {sandbox: token}
  E: {sandbox: gitlab.j.doe.token}
"""
    assert complaint(lambda: load(tmp_path, secrets, RUNNING)) == "\n".join(
        f"{FILE}:{line}:16 [environment] Not in the sandbox: The sandbox has no {what}. {WHO}"
        for line, what in (
            (4, "jenkins.repository-only.token"),
            (5, "gitlab.nobody.token"),
            (6, "gitlab.repository-only.password"),
            (7, "token"),
        )
    )


def test_a_malformed_source_is_said_where_it_stands(tmp_path: pathlib.Path) -> None:
    secrets = "  A: {sandbox: 7}\n  B: {sandbox: gitlab.nobody.token, env: B}\n  C: {sandbox: a.b.c, path: x}\n"
    assert complaint(lambda: load(tmp_path, secrets)) == (
        f"{FILE}:4:16 [environment] Wrong type: Text that is not empty is expected here, not a number.\n"
        f"{FILE}:5:6 [environment] Source of a secret: A secret has one source; this one has 2. {FORMS}\n"
        f"{FILE}:6:23 [environment] Unknown key: path belongs to `dotenv`."
    )


def test_only_a_sandbox_environment_has_such_secrets(tmp_path: pathlib.Path) -> None:
    staging = "apiVersion: portctl/v1\nsecrets:\n  A: {sandbox: gitlab.repository-only.token}\n"
    write(tmp_path, {"environments/staging.yaml": staging})
    assert complaint(lambda: load_environment(load_project(tmp_path), "staging")) == refusal(
        "environments/staging.yaml:3", "environment"
    )
    write(tmp_path, {"portctl.yaml": f"{PROJECT}secrets:\n  A: {{sandbox: gitlab.repository-only.token}}\n"})
    assert complaint(lambda: load_project(tmp_path)) == refusal("portctl.yaml:4", "project")
