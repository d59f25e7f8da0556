"""What is there from the start: services with their tests, and the place of the marks."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from portctl.story.scenarios.requests import MORE_TESTS
from tests.sandbox.gitlab.conftest import Ask

UNITTEST = "python3 -m coverage run --source=. --omit='test*' -m unittest && python3 -m coverage xml -q"


@pytest.mark.fact("gitlab-114")
@pytest.mark.parametrize(
    ("name", "files", "percent"),
    [
        ("checkout", {}, 65),
        ("checkout", {"test_discounts.py": MORE_TESTS}, 80),
        ("payments", {}, 100),
        ("catalog", {}, 100),
        ("pricing", {}, 84),
        pytest.param("storefront", {}, 92, marks=pytest.mark.skipif(not which("node"), reason="Node is not installed")),
    ],
)
def test_the_tests_of_the_services_cover_as_much_as_is_said(
    sandbox: Sandbox, port: httpx.Client, tmp_path: Path, name: str, files: dict[str, str], percent: int
) -> None:
    """With the command that Port's catalogue has for the service, or the usual one."""
    token = sandbox.credentials["gitlab"]["default"]["token"]
    remote = f"{sandbox.urls['gitlab'].replace('://', f'://oauth2:{token}@')}/shop/{name}.git"
    subprocess.run(["git", "clone", "-q", remote, str(tmp_path / name)], check=True)
    for path, text in files.items():
        (tmp_path / name / path).write_text(text)
    entity = port.get(f"/v1/blueprints/service/entities/shop%2F{name}").json()["entity"]
    command = entity["properties"]["testCommand"] or UNITTEST
    shell = ["sh", "-ec", command.replace("python3", sys.executable)]
    subprocess.run(shell, cwd=tmp_path / name, check=True, capture_output=True)
    report = ElementTree.parse(tmp_path / name / "coverage.xml").getroot()
    assert math.floor(float(report.attrib["line-rate"]) * 100) == percent
    lines = report.findall(".//class//line")
    hit = [line for line in lines if int(line.attrib["hits"]) > 0]
    counted = (int(report.attrib["lines-valid"]), int(report.attrib["lines-covered"]))
    assert counted == (len(lines), len(hit))


@pytest.mark.fact("gitlab-114")
def test_services_say_what_they_deploy(owner: httpx.Client, tmp_path: Path) -> None:
    said = {}
    for project in owner.get("/groups/shop/projects").json():
        name = project["path_with_namespace"]
        script = owner.get(f"/projects/{project['id']}/repository/files/deploy.sh/raw").text
        (tmp_path / "deploy.sh").write_text(script)
        ran = subprocess.run(["sh", "deploy.sh", "Staging"], cwd=tmp_path, check=True, capture_output=True, text=True)
        said[name] = ran.stdout
    names = ("catalog", "checkout", "payments", "pricing", "storefront")
    assert said == {f"shop/{name}": f"deployed shop/{name} to Staging\n" for name in names}


@pytest.mark.fact("gitlab-114")
def test_only_the_gates_account_writes_marks(ask: Ask, owner: httpx.Client) -> None:
    marks = "/projects/gate%2Fdeployment-marks"
    commit = {
        "branch": "main",
        "commit_message": "Started",
        "actions": [{"action": "create", "file_path": "deployments/r_1/started.json", "content": "{}\n"}],
    }
    answers = {
        name: ask(name).post(f"{marks}/repository/commits", json=commit).status_code
        for name in ("owner", "maintainer", "developer", "gate-reader", "gate-marks")
    }
    assert answers == {"owner": 404, "maintainer": 404, "developer": 404, "gate-reader": 403, "gate-marks": 201}
    again = ask("gate-marks").post(f"{marks}/repository/commits", json=commit)
    assert (again.status_code, again.json()) == (400, {"message": "A file with this name already exists"})
    assert owner.get(marks).json()["builds_access_level"] == "disabled"
    roles = {
        path: {each["username"]: each["access_level"] for each in owner.get(f"{path}/members/all").json()}
        for path in (marks, "/groups/shop", "/groups/platform")
    }
    assert roles[marks] == {"sa-portctl": 50, "sa-gate": 40}
    assert (roles["/groups/shop"]["sa-gate"], roles["/groups/platform"]["sa-gate"]) == (20, 20)
