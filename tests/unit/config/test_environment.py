"""Environment files, and the instances that they name."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from portctl.config.environment import declared_secrets, load_environment, read_sandbox_file
from portctl.config.instances import provider_context, require_sandbox, unknown_instance
from portctl.config.project import load_project
from portctl.model.project import Environment, Guards, SecretOrigin, SecretSource
from portctl.model.value import Pending, Sealed, SecretRef
from tests.unit.examples.files import PROJECT, complaint, write

STAGING = """
apiVersion: portctl/v1
instances:
  port:
    default:
      url: <% values.port_url %>/v1/
      clientId: <% secret('PORT_CLIENT_ID') %>
      clientSecret: <% secret('PORT_CLIENT_SECRET') %>
      organization: org_abc
    eu:
      url: https://api.eu.example
      clientId: plain
      clientSecret: x<% secret('EU') %>
  gitlab:
    default: {url: https://gitlab.example, token: <% secret('T') %>}
values: {port_url: https://api.port.io, own: 1}
guards: {deletes: 9}
secrets: {EU: {file: eu.txt}, T: {dotenv: TOKEN}}
"""
RUNNING: dict[str, Any] = {
    "pid": 1,
    "control": "http://127.0.0.1:1",
    "services": {
        "port": {"url": "http://127.0.0.1:2", "credentials": {"clientId": "id-1", "clientSecret": "s3cr3t-1"}}
    },
}


def load(root: pathlib.Path, name: str | None = None, running: dict[str, Any] | None = None) -> Environment:
    return load_environment(load_project(root), name, sandbox_file=running)


def shape(value: Any) -> Any:
    return (type(value), value.parts) if isinstance(value, Pending) else value


def settings_of(environment: Environment) -> dict[str, dict[str, Any]]:
    return {
        f"{provider}@{name}": {key: shape(value) for key, value in instance.settings.items()}
        for (provider, name), instance in environment.instances.items()
    }


def test_an_environment_names_instances_values_guards_and_secrets(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"environments/staging.yaml": STAGING, "portctl.yaml": f"{PROJECT}guards: {{deleteShare: 0.1}}\n"})
    found = load(tmp_path, "staging")
    assert (found.name, found.file, found.sandbox) == ("staging", "environments/staging.yaml", False)
    assert found.values == {"port_url": "https://api.port.io", "own": 1}
    assert found.guards == Guards(9, 0.1)
    assert found.secrets == {
        "EU": SecretSource("EU", SecretOrigin.FILE, "eu.txt"),
        "T": SecretSource("T", SecretOrigin.DOTENV, "TOKEN"),
    }
    assert settings_of(found) == {
        "port@default": {
            "url": "https://api.port.io/v1/",
            "clientId": (Sealed, (SecretRef("PORT_CLIENT_ID"),)),
            "clientSecret": (Sealed, (SecretRef("PORT_CLIENT_SECRET"),)),
            "organization": "org_abc",
        },
        "port@eu": {
            "url": "https://api.eu.example",
            "clientId": "plain",
            "clientSecret": (Sealed, ("x", SecretRef("EU"))),
        },
        "gitlab@default": {"url": "https://gitlab.example", "token": (Sealed, (SecretRef("T"),))},
    }
    assert str(found.instances["port", "eu"].sources.at(("url",))) == "environments/staging.yaml:11:12"


def test_placeholders_read_the_instances_without_their_secrets(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"environments/staging.yaml": STAGING})
    gitlab = {"url": "https://gitlab.example", "api_url": "https://gitlab.example/api/v4"}
    port = {"url": "https://api.port.io", "api_url": "https://api.port.io/v1", "organization": "org_abc"}
    eu = {"url": "https://api.eu.example", "api_url": "https://api.eu.example/v1", "clientId": "plain"}
    assert provider_context(load(tmp_path)) == {
        "gitlab": {**gitlab, "default": gitlab},
        "port": {**port, "default": port, "eu": eu},
    }


def test_the_environments_own_secrets_win(tmp_path: pathlib.Path) -> None:
    write(
        tmp_path,
        {
            "portctl.yaml": f"{PROJECT}secrets: {{A: , B: }}\n",
            "environments/x.yaml": "apiVersion: portctl/v1\nsecrets: {B: {file: b}}\n",
        },
    )
    project = load_project(tmp_path)
    assert declared_secrets(project, load_environment(project, "x")) == {
        "A": SecretSource("A", SecretOrigin.ENV, "A"),
        "B": SecretSource("B", SecretOrigin.FILE, "b"),
    }


SANDBOX = "apiVersion: portctl/v1\nsandbox: true\nsecrets: {X: {value: not-secret}}\n"


def test_a_sandbox_gives_addresses_and_credentials(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"environments/sandbox.yaml": f"{SANDBOX}instances: {{port: {{eu: }}}}\n"})
    found = load(tmp_path, "sandbox", RUNNING)
    expected = {
        "url": "http://127.0.0.1:2",
        "clientId": (Sealed, (SecretRef("PORT_CLIENT_ID"),)),
        "clientSecret": (Sealed, (SecretRef("PORT_CLIENT_SECRET"),)),
    }
    assert settings_of(found) == {"port@default": expected, "port@eu": expected}
    assert found.secrets == {
        "X": SecretSource("X", SecretOrigin.VALUE, "not-secret"),
        "PORT_CLIENT_ID": SecretSource("PORT_CLIENT_ID", SecretOrigin.VALUE, "id-1"),
        "PORT_CLIENT_SECRET": SecretSource("PORT_CLIENT_SECRET", SecretOrigin.VALUE, "s3cr3t-1"),
    }
    assert "s3cr3t-1" not in repr(found)
    require_sandbox(found)


def test_a_sandbox_that_does_not_run_can_be_checked_offline_but_not_reached(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"environments/sandbox.yaml": SANDBOX})
    found = load(tmp_path, "sandbox")
    assert {name: fields["default"] for name, fields in provider_context(found).items()} == {
        "gitlab": {"url": "http://sandbox.invalid", "api_url": "http://sandbox.invalid/api/v4"},
        "port": {"url": "http://sandbox.invalid", "api_url": "http://sandbox.invalid/v1"},
        "servicenow": {"url": "http://sandbox.invalid", "api_url": "http://sandbox.invalid/api/now"},
    }
    assert found.secrets["PORT_CLIENT_ID"] == SecretSource("PORT_CLIENT_ID", SecretOrigin.ENV, "PORT_CLIENT_ID")
    assert complaint(lambda: require_sandbox(found)) == (
        "The sandbox does not run: environments/sandbox.yaml is a sandbox environment, and no sandbox of this project "
        "runs. (Start it: portctl sandbox up --detach)"
    )


def test_the_sandbox_file_is_read_where_it_is_and_refused_when_it_is_broken(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {})
    project = load_project(tmp_path)
    assert read_sandbox_file(project) is None
    write(tmp_path, {".portctl/sandbox.json": '{"services": {}}'})
    assert read_sandbox_file(project) == {"services": {}}
    write(tmp_path, {".portctl/sandbox.json": "{"})
    assert complaint(lambda: read_sandbox_file(project)).startswith("The sandbox's file cannot be read: ")


def test_a_sandbox_environment_sets_nothing_that_the_sandbox_knows(tmp_path: pathlib.Path) -> None:
    text = f"{SANDBOX}instances:\n  port:\n    default: {{url: http://x}}\n  gitlab: {{eu: }}\n"
    write(tmp_path, {"environments/sandbox.yaml": text})
    assert complaint(lambda: load(tmp_path, "sandbox", RUNNING)) == (
        "environments/sandbox.yaml:6:15 [environment] Setting of a sandbox: url comes from the running sandbox; "
        "leave it out.\n"
        "environments/sandbox.yaml:7:16 [environment] Not in the sandbox: The running sandbox has no gitlab."
    )


def test_everything_wrong_is_said_at_once(tmp_path: pathlib.Path) -> None:
    write(
        tmp_path,
        {
            "portctl.yaml": f"{PROJECT}values: {{a: {{b: 1}}}}\n",
            "environments/prod.yaml": """
apiVersion: portctl/v1
instance: {}
instances:
  prot: {default: {}}
  port:
    "not ok": {}
    url: {}
    default:
      url: ftp://x
      clientId: <% values.id %>
      clientSecret: hunter2hunter2
      organization: 7
      token: x
    eu:
      clientId: <% output('port/Action:a', 'b') %>
    us: {url: https://user:pass@api.example}
values: {a: 1, c: <% secret('X') %>}
secrets: {X: {value: hunter2hunter2}}
""",
        },
    )
    found = complaint(lambda: load(tmp_path, "prod"))
    assert "hunter2" not in found
    assert found == (
        'environments/prod.yaml:3:1 [environment] Unknown key: An environment file has no "instance". '
        'Did you mean "instances"? (Known keys: apiVersion, guards, instances, sandbox, secrets and values.)\n'
        'environments/prod.yaml:5:3 [environment] Unknown key: instances has no "prot". Did you mean "port"? '
        "(Known keys: gitlab, port and servicenow.)\n"
        "environments/prod.yaml:7:5 [environment] Malformed name: Instance names have letters, digits, `_` and `-`.\n"
        "environments/prod.yaml:8:5 [environment] Malformed name: Instance names have letters, digits, `_` and `-`.\n"
        "environments/prod.yaml:10:12 [environment] Not an address: url starts with https:// and holds no secret.\n"
        'environments/prod.yaml:11:17 [environment] Undefined value: values has no "id". In <% values.id %>. '
        "(Set id under `values:` of the project or environment file, or with --set.)\n"
        "environments/prod.yaml:12:21 [environment] Secret in a file: clientSecret may not stand in the file. "
        "(Write <% secret('PORT_CLIENT_SECRET') %> and declare that secret.)\n"
        "environments/prod.yaml:13:21 [environment] Wrong type: Text is expected here, not a number.\n"
        'environments/prod.yaml:14:7 [environment] Unknown key: An instance has no "token". '
        "(Known keys: caFile, clientCertificate, clientId, clientKey, clientSecret, organization, proxy and url.)\n"
        "environments/prod.yaml:16:7 [environment] Missing key: url, the address of the service, is missing.\n"
        'environments/prod.yaml:16:17 [environment] Undefined value: Nothing is called "output". '
        "In <% output('port/Action:a', 'b') %>. (Known here: secret and values. Values of your own are written "
        "values.output.)\n"
        "environments/prod.yaml:17:15 [environment] Secret in a file: url holds credentials. "
        "(Use the settings made for them.)\n"
        "environments/prod.yaml:18:13 [environment] Value replaces a mapping: portctl.yaml and this file disagree: "
        "one has a mapping here and the other has not. (Give one of them another name, or the same shape.)\n"
        "environments/prod.yaml:18:19 [environment] Placeholder not accepted: Values are literal: this would be sent "
        "as it stands. Use <% values... %> in manifests.\n"
        "environments/prod.yaml:19:15 [environment] Secret in a file: A value may stand here in a sandbox environment "
        "only. (Name its source.)"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            None,
            (
                "Which environment?: The project has prod and staging, and no defaultEnvironment. "
                "(Name one with -e, or set defaultEnvironment in portctl.yaml.)"
            ),
        ),
        (
            "stagin",
            (
                'Unknown environment: There is no environments/stagin.yaml. Did you mean "staging"? '
                "(Environments of this project: prod and staging.)"
            ),
        ),
        (
            "../environments/prod",
            (
                'Unknown environment: There is no environments/../environments/prod.yaml. Did you mean "prod"? '
                "(Environments of this project: prod and staging.)"
            ),
        ),
    ],
)
def test_an_environment_must_be_named_as_it_is_called(tmp_path: pathlib.Path, name: str | None, expected: str) -> None:
    content = "apiVersion: portctl/v1\n"
    write(tmp_path, {"environments/prod.yaml": content, "environments/staging.yml": content})
    if name and "/" in name:
        expected = expected.replace(' Did you mean "prod"?', "")
    assert complaint(lambda: load(tmp_path, name)) == expected


def test_the_default_environment_is_used_when_none_is_named(tmp_path: pathlib.Path) -> None:
    content = "apiVersion: portctl/v1\n"
    files = {"environments/prod.yaml": content, "environments/staging.yml": content}
    write(tmp_path, {**files, "portctl.yaml": f"{PROJECT}defaultEnvironment: staging\n"})
    assert load(tmp_path).file == "environments/staging.yml"


def test_an_instance_that_is_not_there_is_named_with_those_that_are(tmp_path: pathlib.Path) -> None:
    write(tmp_path, {"environments/staging.yaml": STAGING})
    found = load(tmp_path)
    assert unknown_instance(found, "port", "eu") == ""
    assert unknown_instance(found, "port", "ue") == (
        'environments/staging.yaml has no instance "ue" of port; it has default and eu.'
    )
    assert unknown_instance(found, "servicenow", "default") == (
        'environments/staging.yaml has no instance "default" of servicenow; it has no instance of servicenow.'
    )


WAY = """
apiVersion: portctl/v1
secrets: {PROXY: , PASSWORD: }
instances:
  servicenow:
    default:
      url: https://acme.service-now.com
      username: me
      password: <% secret('PASSWORD') %>
      updateSet: Delivery
      proxy: <% secret('PROXY') %>
      caFile: certificates/ca.pem
      clientCertificate: /etc/portctl/mine.pem
"""


def test_files_of_an_instance_are_relative_to_the_project_and_the_way_there_is_no_placeholder(
    tmp_path: pathlib.Path,
) -> None:
    write(tmp_path, {"environments/prod.yaml": WAY})
    environment = load(tmp_path, "prod")
    settings = environment.instances["servicenow", "default"].settings
    assert settings["caFile"] == str(tmp_path / "certificates" / "ca.pem")
    assert settings["clientCertificate"] == "/etc/portctl/mine.pem"
    assert isinstance(settings["proxy"], Sealed)
    assert set(provider_context(environment)["servicenow"]["default"]) == {"url", "api_url", "username", "updateSet"}


@pytest.mark.parametrize("url", ["http://api.port.io", "http://10.0.0.8:8080", "http://localhost.example", "http://[x"])
def test_an_address_without_encryption_is_refused(tmp_path: pathlib.Path, url: str) -> None:
    text = f"apiVersion: portctl/v1\ninstances:\n  port:\n    default:\n      url: '{url}'\n"
    write(tmp_path, {"environments/prod.yaml": text})
    assert complaint(lambda: load(tmp_path, "prod")) == (
        "environments/prod.yaml:5:12 [environment] Not encrypted: Secrets would travel over http://, where everybody "
        "on the way can read them. (Write https://; http:// is for this machine only.)"
    )


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.1.2.3", "http://[::1]:80", "https://api.port.io"])
def test_this_machine_needs_no_encryption(tmp_path: pathlib.Path, url: str) -> None:
    text = f"apiVersion: portctl/v1\ninstances:\n  port:\n    default:\n      url: '{url}'\n"
    write(tmp_path, {"environments/prod.yaml": text})
    assert load(tmp_path, "prod").instances["port", "default"].settings == {"url": url}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("proxy: localhost:3128", "Not an address: proxy starts with http:// or https://."),
        (
            "proxy: http://me:pw@proxy.example:3128",
            "Secret in a file: proxy holds credentials. (Keep the whole address in a secret: <% secret('PROXY') %>.)",
        ),
        ("clientKey: <% secret('KEY') %>", "Secret as a file: clientKey is the name of a file that holds it."),
        (
            "organization: <% secret('ORG') %>",
            (
                "Secret as a name: Plans and the ledger name the organization, so it is no secret. "
                "(Write the id itself, or take it from values.)"
            ),
        ),
    ],
)
def test_a_way_that_cannot_be_used_is_refused(tmp_path: pathlib.Path, line: str, expected: str) -> None:
    text = f"apiVersion: portctl/v1\ninstances:\n  port:\n    default:\n      url: https://api.port.io\n      {line}\n"
    write(tmp_path, {"environments/prod.yaml": text})
    found = complaint(lambda: load(tmp_path, "prod"))
    assert found.partition("[environment] ")[2] == expected


def test_the_pages_of_port_are_not_its_api(tmp_path: pathlib.Path) -> None:
    for url, refused in (
        ("https://app.port.io", True),
        ("https://app.us.port.io/organization/home", True),
        ("https://api.us.port.io", False),
        ("https://app.port.io.example.com", False),
    ):
        text = f"apiVersion: portctl/v1\ninstances:\n  port:\n    default: {{url: '{url}'}}\n"
        write(tmp_path, {"environments/prod.yaml": text})
        if not refused:
            assert load(tmp_path, "prod").instances["port", "default"].settings == {"url": url}
            continue
        assert complaint(lambda: load(tmp_path, "prod")) == (
            "environments/prod.yaml:4:20 [environment] Not an API: "
            f"{url} has Port's pages; its API is elsewhere. "
            "(Write https://api.port.io (EU) or https://api.us.port.io (US).)"
        )
