"""The project file."""

from __future__ import annotations

import pathlib

import pytest

from portctl.config.project import load_project
from portctl.model.diagnostic import Severity
from portctl.model.project import Guards, LedgerSettings, Project, SecretOrigin, SecretSource
from tests.unit.examples.files import complaint, write

FULL = """
apiVersion: portctl/v1
project: service-deployment
requires: ">=0.1, <2"
defaultEnvironment: sandbox
manifests: [blueprints, deep/actions]
ledger: {backend: file, path: "state/{environment}.json", persistent: true}
guards: {deletes: 7, deleteShare: 0.5}
rules: {left-over-placeholder: warning, jq: off}
secrets:
  A:
  B: {env: OTHER}
  C: {dotenv: C_VAR}
  D: {dotenv: D_VAR, path: secrets.env}
  E: {file: /run/secrets/e}
  F: {command: [pass, show, f]}
values: {a: {b: [1, x]}}
"""


def test_a_project_file_says_everything_once(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"portctl.yaml": FULL.replace("off}", '"off"}'), "deep/down/x": ""})
    assert load_project(tmp_path / "deep" / "down", version="0.1.0") == Project(
        root=tmp_path.resolve(),
        name="service-deployment",
        requires=">=0.1, <2",
        default_environment="sandbox",
        manifests=("blueprints", "deep/actions"),
        ledger=LedgerSettings("file", "state/{environment}.json", True),
        guards=Guards(7, 0.5),
        rules={"left-over-placeholder": Severity.WARNING, "jq": Severity.OFF},
        secrets={
            "A": SecretSource("A", SecretOrigin.ENV, "A"),
            "B": SecretSource("B", SecretOrigin.ENV, "OTHER"),
            "C": SecretSource("C", SecretOrigin.DOTENV, "C_VAR"),
            "D": SecretSource("D", SecretOrigin.DOTENV, "D_VAR", "secrets.env"),
            "E": SecretSource("E", SecretOrigin.FILE, "/run/secrets/e"),
            "F": SecretSource("F", SecretOrigin.COMMAND, ("pass", "show", "f")),
        },
        values={"a": {"b": (1, "x")}},
    )


def test_a_ledger_may_be_on_a_mounted_volume(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"portctl.yaml": "apiVersion: portctl/v1\nproject: demo\nledger: {path: /mnt/ledger.json}\n"})
    assert load_project(tmp_path).ledger.path == "/mnt/ledger.json"


def test_off_needs_no_quotes(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"portctl.yaml": FULL})
    assert load_project(tmp_path, version="1.9").rules["jq"] is Severity.OFF


def test_a_short_project_file_has_defaults(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {})
    assert load_project(tmp_path) == Project(root=tmp_path.resolve(), name="demo")


def test_without_a_project_file_the_hint_says_where_to_go(tmp_path: pathlib.Path) -> None:
    assert complaint(lambda: load_project(tmp_path)) == (
        f"No project here: There is no portctl.yaml in {tmp_path.resolve()} or above it. "
        "(Go to the folder of a project or name it with --chdir. A new one begins with three files: portctl.yaml, "
        "environments/sandbox.yaml and a manifest (README.md, Begin a project of your own).)"
    )


@pytest.mark.parametrize(
    ("requires", "version", "fits"),
    [
        (">=0.1", "0.1.0", True),
        (">=0.2", "0.1.9", False),
        ("<1", "0.10.0", True),
        ("<=0.1", "0.1.0", True),
        (">0.1", "0.1.0", False),
        ("==1.2", "1.2.0", True),
        ("!=1.2", "1.2", False),
        (">=1, <2", "2.0", False),
        (">=1", "1.0rc1", True),
    ],
)
def test_the_required_version_is_compared_by_numbers(
    tmp_path: pathlib.Path, requires: str, version: str, fits: bool
) -> None:
    write(tmp_path, {"portctl.yaml": f'apiVersion: portctl/v1\nproject: demo\nrequires: "{requires}"\n'})
    if fits:
        assert load_project(tmp_path, version=version).requires == requires
    else:
        assert complaint(lambda: load_project(tmp_path, version=version)) == (
            "portctl.yaml:3:11 [project] Another version of portctl is required: This project needs "
            f"{requires.split(', ')[-1]}; this is {version}. (Install a version that fits.)"
        )


WRONG = """
apiVersion: portctl/v2
projct: demo
requires: ">=0.1, ~=2"
manifests: [../other, /etc, ., a/b, a, 3]
ledger: {backend: s3, path: "{env}.json", persistent: maybe, lock: true}
guards: {deletes: 1.5, deleteShare: 20}
rules: {jq: fatal}
secrets:
  bad name: {env: X}
  A: hunter2
  B: {env: X, file: y}
  C: {value: hunter2}
  D: {enw: X}
  E: {env: X, path: .env}
  F: {command: []}
  G: {env: <% values.x %>}
values: {a: <% values.b %>}
"""
ALL_OF_IT = (
    "portctl.yaml:2:1 [project] Missing key: project, the name of this project, is missing.\n"
    "portctl.yaml:2:13 [project] Unknown apiVersion: This version of portctl reads portctl/v1.\n"
    'portctl.yaml:3:1 [project] Unknown key: portctl.yaml has no "projct". Did you mean "project"? (Known keys: '
    "apiVersion, defaultEnvironment, guards, ledger, manifests, project, requires, rules, secrets and values.)\n"
    'portctl.yaml:4:11 [project] Malformed requirement: "~=2" is not a comparison such as >=0.1. '
    "(Several are separated by commas.)\n"
    'portctl.yaml:5:13 [project] Path leaves the project: "../other" is not a folder inside the project. '
    "(Name folders below portctl.yaml.)\n"
    'portctl.yaml:5:23 [project] Path leaves the project: "/etc" is not a folder inside the project. '
    "(Name folders below portctl.yaml.)\n"
    'portctl.yaml:5:29 [project] Path leaves the project: "." is not a folder inside the project. '
    "(Name folders below portctl.yaml.)\n"
    'portctl.yaml:5:37 [project] Folder named twice: "a" and "a/b" hold the same files.\n'
    "portctl.yaml:5:40 [project] Wrong type: Text that is not empty is expected here, not a number.\n"
    'portctl.yaml:6:19 [project] Value not accepted: The ledger\'s backend is "file".\n'
    "portctl.yaml:6:29 [project] Value not accepted: Only {environment} may be named in the path.\n"
    "portctl.yaml:6:55 [project] Wrong type: true or false is expected here, not text.\n"
    'portctl.yaml:6:62 [project] Unknown key: ledger has no "lock". (Known keys: backend, path and persistent.)\n'
    "portctl.yaml:7:19 [project] Wrong type: deletes is a whole number.\n"
    "portctl.yaml:7:37 [project] Value not accepted: deleteShare is a share: 0.2 is 20%, 1 is everything.\n"
    "portctl.yaml:8:13 [project] Value not accepted: jq is one of error, off and warning.\n"
    "portctl.yaml:10:3 [project] Malformed name: The name of a secret has letters, digits, `_` and `-`.\n"
    "portctl.yaml:11:6 [project] Wrong type: A secret is a mapping that names its source, never its value. "
    "({env: VARIABLE}, {dotenv: VARIABLE, path: .env}, {file: path} or {command: [program, argument]})\n"
    "portctl.yaml:12:6 [project] Source of a secret: A secret has one source; this one has 2. "
    "({env: VARIABLE}, {dotenv: VARIABLE, path: .env}, {file: path} or {command: [program, argument]})\n"
    "portctl.yaml:13:7 [project] Secret in a file: A value may stand here in a sandbox environment only. "
    "(Name its source.)\n"
    "portctl.yaml:14:6 [project] Source of a secret: A secret has one source; this one has 0. "
    "({env: VARIABLE}, {dotenv: VARIABLE, path: .env}, {file: path} or {command: [program, argument]})\n"
    'portctl.yaml:14:7 [project] Unknown key: A secret has no "enw". Did you mean "env"? '
    "(Known keys: command, dotenv, env, file, path and value.)\n"
    "portctl.yaml:15:15 [project] Unknown key: path belongs to `dotenv`.\n"
    "portctl.yaml:16:16 [project] Wrong type: A command has at least one word.\n"
    "portctl.yaml:17:12 [project] Placeholder not accepted: A secret's source is literal.\n"
    "portctl.yaml:18:13 [project] Placeholder not accepted: Values are literal: this would be sent as it stands. "
    "Use <% values... %> in manifests."
)


def test_everything_wrong_is_said_at_once(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"portctl.yaml": WRONG})
    assert complaint(lambda: load_project(tmp_path, version="0.1.0")) == ALL_OF_IT


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "portctl.yaml:1:1 [project] One document expected: The file holds 0 documents."),
        (
            "project: demo\nguards: {deletes: many}\n",
            (
                "portctl.yaml:1:1 [project] Missing key: apiVersion is missing; write `apiVersion: portctl/v1`.\n"
                "portctl.yaml:2:19 [project] Wrong type: A number that is not negative is expected here, not text."
            ),
        ),
        (
            "apiVersion: portctl/v1\nproject: demo\nguards: {deletes: -3}\n",
            "portctl.yaml:3:19 [project] Out of bounds: deletes cannot be negative; this is -3.",
        ),
        (
            "apiVersion: portctl/v1\nproject: demo\nledger: {path: a/../../x.json}\n",
            (
                'portctl.yaml:3:16 [project] Path leaves the project: "a/../../x.json" is not below portctl.yaml, and '
                "is another place wherever the project is checked out. (For a mounted volume, write an absolute path.)"
            ),
        ),
        ("a: 1\n---\nb: 2\n", "portctl.yaml:1:1 [project] One document expected: The file holds 2 documents."),
        (
            "apiVersion: portctl/v1\nproject: a/b\nmanifests: x\nledger: y\n",
            (
                "portctl.yaml:2:10 [project] Malformed name: A project's name has letters, digits, `_`, `.` and `-`.\n"
                "portctl.yaml:3:12 [project] Wrong type: A list of texts is expected here, not text.\n"
                "portctl.yaml:4:9 [project] Wrong type: A mapping is expected here, not text."
            ),
        ),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path: pathlib.Path, content: str, expected: str) -> None:
    write(tmp_path, {"portctl.yaml": content})
    assert complaint(lambda: load_project(tmp_path)) == expected
