"""`portctl sandbox` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portctl.cli.root import root
from portctl.errors import PortctlError
from portctl.sandbox import launcher


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "portctl.yaml").write_text("name: test\n")
    yield tmp_path
    launcher.down(tmp_path)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), "sandbox", *arguments])


def test_the_sandbox_goes_up_and_down(project: Path) -> None:
    assert run(project, "status").output == "The sandbox is down.\n"
    started = run(project, "up", "--detach")
    running = launcher.status(project)
    assert running is not None
    addresses = {**running.urls(), "control": running.control}
    lines = "".join(f"  {name:<10}  {url}\n" for name, url in addresses.items())
    where = f"{lines}  addresses and credentials: .portctl/sandbox.json\n"
    assert (started.exit_code, started.output) == (0, f"The sandbox is up.\n{where}")
    again = run(project, "up", "--detach")
    assert (again.exit_code, again.output) == (0, f"The sandbox is already up.\n{where}")
    assert run(project, "status").output == f"The sandbox is up.\n{where}"
    assert run(project, "reset").output == "The sandbox is as new.\n"
    assert run(project, "down").output == "The sandbox is down.\n"
    assert run(project, "down").output == "The sandbox was not up.\n"
    assert run(project, "reset").output == "The sandbox is down; it will be as new when started.\n"


def test_the_status_as_json_holds_no_credentials(project: Path) -> None:
    assert json.loads(run(project, "status", "--json").output) == {"running": False}
    run(project, "up", "--detach")
    running = launcher.status(project)
    assert running is not None
    assert json.loads(run(project, "status", "--json").output) == {
        "running": True,
        "pid": running.pid,
        "control": running.control,
        "services": running.urls(),
    }


def test_the_sandbox_belongs_to_the_folder_of_the_project_file(project: Path) -> None:
    below = project / "blueprints"
    below.mkdir()
    run(below, "up", "--detach")
    assert (project / ".portctl" / "sandbox.json").exists()
    assert not (below / ".portctl").exists()


def test_an_unknown_switch_is_refused_with_the_known_ones(project: Path) -> None:
    result = run(project, "up", "--detach", "--switch", "ghost=strict")
    assert isinstance(result.exception, PortctlError)
    assert 'no switch "ghost"; there are: ' in str(result.exception)
    assert "automation-references" in str(result.exception)


def test_of_a_sandbox_that_is_up_switches_are_moved_faults_armed_and_the_seed_is_kept(project: Path) -> None:
    run(project, "up", "--detach", "--seed", "7")
    fault = '{"kind": "status", "path": "^/nowhere"}'
    again = run(project, "up", "--detach", "--switch", "accept=lenient", "--fault", fault)
    assert again.output.splitlines()[0] == "The sandbox is already up. Moved: accept=lenient. Faults armed: 1."
    running = launcher.status(project)
    assert running is not None
    assert launcher.call(running, "GET", "/switches")["switches"]["accept"] == "lenient"
    assert len(launcher.call(running, "GET", "/faults")["faults"]) == 1
    other = run(project, "up", "--detach", "--seed", "8")
    assert str(other.exception).startswith("The sandbox has another seed: its identifiers and credentials were derived")
    run(project, "down")
    assert str(run(project, "up", "--detach", "--seed", "8").exception) == str(other.exception)
    run(project, "up", "--detach")
    kept = launcher.status(project)
    assert kept is not None
    assert (kept.document["seed"], kept.document["services"]) == (7, running.document["services"])


def test_without_the_extra_one_message_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "_PACKAGES", ("package_that_is_nowhere",))
    result = run(project, "up")
    assert isinstance(result.exception, PortctlError)
    assert (str(result.exception), result.exception.hint) == (
        "The sandbox is not installed: it needs package_that_is_nowhere",
        "pip install 'portctl-cli[sandbox]'",
    )


@pytest.mark.parametrize("broken", ["half", "other"])
def test_of_a_sandbox_that_runs_a_broken_address_file_is_told_with_the_way_out(broken: str, project: Path) -> None:
    run(project, "up", "--detach")
    file = launcher.Place(project).address_file
    document = json.loads(file.read_text())
    file.write_text(file.read_text()[:40] if broken == "half" else json.dumps({**document, "pid": 1}))
    why = (
        f"The sandbox failed: it runs (process {document['pid']}), and {file} does not say where: something has "
        "changed that file; portctl sandbox down ends it, portctl sandbox up --detach starts it again"
    )
    for command in (["status"], ["status", "--json"], ["up", "--detach"], ["reset"]):
        result = run(project, *command)
        assert (result.output, str(result.exception)) == ("", why)
    assert run(project, "down").output == "The sandbox is down.\n"
    assert run(project, "up", "--detach").exit_code == 0
    assert run(project, "status").output.startswith("The sandbox is up.\n")


def test_where_the_address_file_is_gone_the_way_out_is_told_too(project: Path) -> None:
    run(project, "up", "--detach")
    launcher.Place(project).address_file.unlink()
    folder = project / ".portctl" / "sandbox"
    why = f"the sandbox did not start: another sandbox serves {folder}: portctl sandbox down ends it"
    assert str(run(project, "up", "--detach").exception) == f"The sandbox failed: {why}"
    assert run(project, "down").output == "The sandbox is down.\n"
    assert run(project, "up", "--detach").exit_code == 0
