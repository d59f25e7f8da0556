"""Files that look like manifests and stand where nobody reads them."""

from __future__ import annotations

import os
import pathlib

import pytest

from portctl.config.project import load_project
from portctl.manifest.elsewhere import MOST_ENTRIES, read_by_nobody
from portctl.model.diagnostic import Severity

PROJECT = "apiVersion: portctl/v1\nproject: p\n"
MANIFEST = "# mine\napiVersion: portctl/v1\nkind: port/Secret\nspec: {secretName: A}\n"
HINT = "Name {} under `manifests:` in portctl.yaml, or move the file into a folder that is named there."


def told(root: pathlib.Path, files: dict[str, str], project: str = PROJECT) -> list[tuple[str, str, str]]:
    """Place, detail and hint of what is found."""
    for name, text in {"portctl.yaml": project, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = list(read_by_nobody(load_project(root)))
    assert {(each.severity, each.summary) for each in found} <= {(Severity.WARNING, "Manifest that is not read")}
    return [(str(each.source), each.detail, each.hint) for each in found]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("s/s.yaml", MANIFEST),
        ("s/t/s.yml", MANIFEST),
        ("environments/s.yaml", MANIFEST),
        ("s/s.json", '{"apiVersion": "portctl/v1", "kind": "port/Secret", "spec": {}}'),
        ("s/s.yaml", "a: 1\n---\n'apiVersion': 'portctl/v1'\n'kind': 'port@eu/Secret'\n"),
    ],
)
def test_a_manifest_in_no_manifest_folder_is_a_warning(tmp_path: pathlib.Path, file: str, text: str) -> None:
    folder = pathlib.PurePosixPath(file).parent
    detail = "It looks like a manifest, and stands in no manifest folder."
    assert told(tmp_path, {file: text}) == [(f"{file}:1:1", detail, HINT.format(folder))]


def test_several_are_one_warning_that_names_the_first(tmp_path: pathlib.Path) -> None:
    files = {"s/b.yaml": MANIFEST, "s/a.yaml": MANIFEST}
    detail = "It looks like a manifest, and so does another file, and stands in no manifest folder."
    assert told(tmp_path, files) == [("s/a.yaml:1:1", detail, HINT.format("s"))]
    detail = "It looks like a manifest, and so do 2 more files, and stands in no manifest folder."
    hint = "Move it into one of the manifest folders."
    assert told(tmp_path, {"a.yaml": MANIFEST}) == [("a.yaml:1:1", detail, hint)]


def test_what_is_read_or_is_of_others_or_no_manifest_is_none(tmp_path: pathlib.Path) -> None:
    files = {
        "mine/a.yaml": MANIFEST,
        "docs/examples/more/a.yaml": MANIFEST,
        "docs/page.md": MANIFEST,
        "environments/prod.yaml": "apiVersion: portctl/v1\nvalues: {kind: port/Secret}\n",
        "chart/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\n",
        "node_modules/a/a.yaml": MANIFEST,
        ".venv/a.yaml": MANIFEST,
        "venv/a.yaml": MANIFEST,
        "other/portctl.yaml": PROJECT,
        "other/sub/a.yaml": MANIFEST,
        "nested/folder/a.yaml": MANIFEST,
    }
    project = f"{PROJECT}manifests: [mine, nested/folder]\n"
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert told(tmp_path, files, project) == []


def test_of_a_large_repository_only_the_beginning_is_looked_at(tmp_path: pathlib.Path) -> None:
    (tmp_path / "big").mkdir()
    for number in range(MOST_ENTRIES):
        (tmp_path / "big" / str(number)).touch()
    assert told(tmp_path, {"big/zzz/a.yaml": MANIFEST, "z.yaml": MANIFEST}) == [
        (
            "z.yaml:1:1",
            "It looks like a manifest, and stands in no manifest folder.",
            "Move it into one of the manifest folders.",
        )
    ]
