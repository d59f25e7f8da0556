"""The distribution is called `portctl-cli`. `portctl` on the package index is another program: nothing installs it."""

from __future__ import annotations

import pathlib
import re
import subprocess
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
HERE = "tests/unit/test_distribution_name.py"
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
    "\0"
)

NAME = r"(?<![\w./@-])portctl(?![\w./-])"
_INSTALLER = r"\b(?:pip3?|pipx|poetry|pdm|uv|conda)\b"
_VERB = r"\b(?:install|add|inject|upgrade|download|wheel|tool\s+run)\b"
_FORMS = (
    re.compile(rf"{_INSTALLER}[^\n|;&]*?{_VERB}[^\n|;&]*?{NAME}"),
    re.compile(rf"\b(?:uvx|pipx\s+run)\b(?:\s+-\S+)*\s+[\"']?{NAME}"),
    re.compile(rf"{NAME}(?:\[[\w, -]*\]|\s*(?:[~!<>]=|={{2,3}}))"),
    re.compile(rf"additional_dependencies:.*{NAME}"),
    re.compile(rf"\b(?:version|distribution|requires|files)\(\s*[\"']{NAME}[\"']"),
)
_LISTED = re.compile(rf"(?m)^\s*{NAME}\s*(?:$|[;#@<>])")
_LISTS = re.compile(r"(?:requirements|constraints).*\.(?:txt|in)$")


def installs(file: str, text: str) -> list[str]:
    """Every place of `text` that asks the package index for `portctl`."""
    joined = re.sub(r"\\\n\s*", " ", text)
    forms = (*_FORMS, _LISTED) if _LISTS.search(file) else _FORMS
    return [found[0].strip() for form in forms for found in form.finditer(joined)]


def test_no_file_of_the_repository_installs_the_program_of_somebody_else() -> None:
    found: dict[str, list[str]] = {}
    for file in filter(None, TRACKED):
        path = ROOT / file
        if file != HERE and path.is_file():
            places = installs(file, path.read_text("utf-8", errors="replace"))
            found |= {file: places} if places else {}
    assert found == {}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("README.md", "$ pip install portctl"),
        ("README.md", "python3 -m pip install --upgrade 'portctl'"),
        ("docs/a.md", "pip3 install 'portctl[sandbox]'"),
        ("docs/a.md", "pipx install portctl"),
        ("docs/a.md", "pipx run portctl plan"),
        ("docs/a.md", "uvx portctl plan"),
        ("docs/a.md", "uv tool install portctl"),
        ("docs/a.md", "uv tool run portctl plan"),
        ("docs/a.md", "uv add portctl"),
        ("Dockerfile", "RUN pip install --no-cache-dir \\\n    portctl"),
        ("ci.yml", "  script: [pip install portctl==0.1.0]"),
        ("requirements.txt", "httpx\nportctl\n"),
        ("requirements/dev.in", "portctl ; python_version > '3'"),
        ("requirements-ci.txt", "portctl>=0.1"),
        ("pyproject.toml", 'dev = [\n  "portctl[sandbox]",\n]'),
        (".pre-commit-config.yaml", "additional_dependencies: [portctl]"),
        ("a.py", 'metadata.version("portctl")'),
    ],
)
def test_every_way_of_asking_for_it_is_seen(file: str, text: str) -> None:
    assert installs(file, text) != []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("README.md", "pip install 'portctl-cli[sandbox]'"),
        ("README.md", "pip install '.[sandbox]' && portctl plan"),
        ("README.md", "pip install portctl-cli\nportctl plan"),
        ("README.md", "pip install /src/portctl"),
        ("README.md", "pipx install portctl-cli; portctl plan"),
        ("requirements.txt", "portctl-cli==0.1.0"),
        ("a.py", "from portctl.cli import main"),
        ("docs/a.md", "`portctl` needs Python 3.11"),
    ],
)
def test_our_own_name_the_command_and_paths_are_left_alone(file: str, text: str) -> None:
    assert installs(file, text) == []


def test_the_package_is_named_so_and_the_command_is_not() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (project["name"], project["scripts"]) == ("portctl-cli", {"portctl": "portctl.cli:main"})
