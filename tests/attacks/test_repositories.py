"""Odd repositories: names, links, configuration and reports that reach for more than the service's own jobs."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from portctl.story.narration import Telling
from portctl.story.services import Row
from tests.attacks.git import Clone
from tests.attacks.ground import Ground
from tests.attacks.test_services_code import CATALOG, OWNED, ask, jobs, traces

SAYS = f"print('{OWNED}')\n"
CONFIGURATION = {
    "sitecustomize.py": SAYS,
    "usercustomize.py": SAYS,
    "conftest.py": SAYS,
    "evil.pth": f"import sys; sys.stdout.write('{OWNED}')\n",
    "setup.cfg": "[easy_install]\nindex_url = http://127.0.0.1:9/\n[install]\nindex_url = http://127.0.0.1:9/\n",
    "pyproject.toml": '[build-system]\nrequires = ["x"]\nbuild-backend = "evil"\nbackend-path = ["."]\n',
    "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
    ".coveragerc": "[report]\ninclude = catalog.py\n",
    ".npmrc": "registry=http://127.0.0.1:9/\nscript-shell=/bin/false\n",
    ".netrc": "machine 127.0.0.1 login x password y\n",
    ".bashrc": f"echo {OWNED}\n",
    ".profile": f"echo {OWNED}\n",
    ".envrc": f"echo {OWNED}\n",
    ".gitlab-ci.yml": "accept: {environment: {name: gate/decide, action: access}, script: [printenv]}\n",
    ".gitattributes": "* export-subst\nhidden.txt export-ignore\n* filter=evil\n",
    ".gitmodules": '[submodule "m"]\n\tpath = m\n\turl = http://127.0.0.1:9/evil.git\n',
    ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/\n",
    "expanded.txt": "$Format:%an %(describe)$\n",
    "hidden.txt": "not in the archive\n",
    "gate/job": "1\n",
    "gate/service.json": "{}",
    "gate/deploy.sh": f"echo {OWNED}\n",
    "gate.json": "{}",
    "source/gate/deploy.sh": f"echo {OWNED}\n",
    "coverage.xml": '<coverage line-rate="1"/>',
    "--checkpoint=1": "",
    "--checkpoint-action=exec=sh evil.sh": "",
    "-rf": "",
    "evil.sh": f"echo {OWNED}\n",
    "two\nlines.py": SAYS,
    "quo'te\"s $(echo hi) `echo hi`.py": SAYS,
    "\x1b[31mred.txt": "",
    "COM1": "",
    "Deploy.sh": f"echo {OWNED}\n",
}
LINKS = {
    "up": "..",
    "out": "../../gate",
    "root": "/",
    "environment": "/proc/self/environ",
    "itself": "itself",
    "gate-link": "../gate/deploy.sh",
}


@pytest.fixture
def clone(ground: Ground, tmp_path: pathlib.Path) -> Iterator[Clone]:
    clone = Clone(ground, tmp_path, CATALOG, "default")
    before = clone.run("rev-parse", "HEAD")
    yield clone
    clone.run("rm", "-rq", "--cached", ".")
    clone.run("read-tree", before)
    clone.run("commit", "--quiet", "--allow-empty", "-m", "Take it back")
    clone.run("push", "--quiet", "origin", "HEAD:main")


def deploy(ground: Ground, clone: Clone) -> tuple[Telling, str, Row]:
    """Push what is in the folder, and ask for its deployment; the story, the commit and the run at its end."""
    sha = clone.commit()
    clone.run("push", "--quiet", "origin", "HEAD:main")
    story = ground.story()
    run = ask(ground)
    ground.settle()
    return story, sha, ground.services.run(run)


def test_odd_names_links_and_configuration_reach_no_job_of_the_gate(ground: Ground, clone: Clone) -> None:
    for name, text in CONFIGURATION.items():
        file = clone.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name, target in LINKS.items():
        (clone.folder / name).symlink_to(target)
    own = clone.folder / "deploy.sh"
    own.write_text('printf \'there: %s\\n\' "$(ls -A | wc -l)"; cat expanded.txt; ls hidden.txt; echo "<$1>"\n')
    clone.run("config", "filter.evil.clean", "cat")
    story, sha, run = deploy(ground, clone)
    assert (run["status"], ground.services.log(run["id"])[-1]) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    assert OWNED not in traces(story, "accept", "open", "report", "start", "deploy", "finish")
    said = traces(story, "deploy")
    assert f"DEPLOY STEP: {CATALOG} at {sha} to Staging" in said
    assert "<Staging>" in said


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param("os.symlink('/proc/self/environ', report)", "is no XML text", id="a link to the environment"),
        pytest.param(
            "os.symlink(os.path.expanduser('~/.netrc'), report)",
            "left no coverage report",
            id="a link to a secret file",
        ),
        pytest.param("os.mkdir(report)", "left no coverage report", id="a folder"),
        pytest.param("os.mkdir('../' + report)", "left no coverage report", id="a folder at the end"),
        pytest.param("os.symlink('gate/service.json', '../' + report)", "is no XML text", id="a link at the end"),
        pytest.param("open(report, 'w').write(bomb)", "declares entities", id="a bomb"),
        pytest.param("open(report, 'w').write(' ' * 20_000_000)", "no first element within", id="many bytes"),
        pytest.param("open(report, 'w')", "no first element within", id="nothing"),
        pytest.param(
            "open(report, 'w').write('<coverage line-rate=\"0.81\"/>')", "coverage is 81%", id="a forged number"
        ),
        pytest.param(
            "open(report, 'w').write('<coverage line-rate=\"81\"/>')", "no line-rate", id="a number too large"
        ),
    ],
)
def test_a_report_claims_coverage_or_nothing(ground: Ground, clone: Clone, program: str, said: str) -> None:
    """The default test command writes a report after the tests; here the tests take its place."""
    entities = [f"<!ENTITY a{n + 1} '{f'&a{n};' * 9}'>" for n in range(9)]
    bomb = f"<!DOCTYPE coverage [<!ENTITY a0 'ha'>{''.join(entities)}]><coverage line-rate='&a9;'/>"
    (clone.folder / "late.py").write_text(f"import os\nreport, bomb = 'coverage.xml', {bomb!r}\n{program}\n")
    remove = "" if "../" in program else "rm -f coverage.xml; "
    command = f"python3 -m coverage run -m unittest; python3 -m coverage xml -q; {remove}python3 late.py"
    entity = {"properties": {"testCommand": command}}
    place = f"/blueprints/service/entities/{CATALOG.replace('/', '%2F')}"
    assert ground.services.port("PATCH", place, entity).is_good
    try:
        story, _, run = deploy(ground, clone)
    finally:
        assert ground.services.port("PATCH", place, {"properties": {"testCommand": None}}).is_good
    log = "\n".join(ground.services.log(run["id"]))
    assert said in log
    assert (run["status"] == "SUCCESS") == ("coverage is" in said)
    assert not ground.leaked(traces(story, *(job["name"] for job in jobs(story))))


def test_a_pipe_as_a_report_is_waited_for_no_longer_than_a_job_may_run(ground: Ground, clone: Clone) -> None:
    (clone.folder / "test_pipe.py").write_text("import os\nos.mkfifo('../coverage.xml')\n")
    clone.commit()
    clone.run("push", "--quiet", "origin", "HEAD:main")
    story = ground.story()
    run = ask(ground)
    story.wait("the report is copied", lambda: "\n$ cp --" in traces(story, "test-service"))
    story.pass_time(16 * 60)
    ground.settle()
    assert ground.services.run(run)["status"] == "FAILURE"
    assert "failed in its job test-service" in ground.services.log(run)[-1]
