"""Files that jobs leave behind: found, packed, unpacked; and logs as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from portctl.sandbox.gitlab.ci.model import Artifacts
from portctl.sandbox.gitlab.ci.runner import files
from portctl.sandbox.gitlab.ci.runner.reports import HandIn, Rejected
from portctl.sandbox.gitlab.ci.runner.trace import Trace


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "out" / "deep").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").touch()
    (root / "out" / "deep" / "f.txt").write_text("x", encoding="utf-8")
    (root / "out" / "run.sh").write_text("echo", encoding="utf-8")
    (root / "out" / "run.sh").chmod(0o755)
    (root / "out" / "link").symlink_to("run.sh")
    return root


@pytest.mark.fact("ci-33")
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("out", ["out/deep/f.txt", "out/link", "out/run.sh"]),
        ("./out/", ["out/deep/f.txt", "out/link", "out/run.sh"]),
        ("out/*.sh", ["out/run.sh"]),
        ("**/*.txt", ["out/deep/f.txt"]),
        (".", ["out/deep/f.txt", "out/link", "out/run.sh"]),
        ("/etc/passwd", []),
        ("out/../../x", []),
        ("nothing", []),
        ("[z-a]", []),
    ],
)
def test_artifacts_are_found_inside_the_project(project: Path, pattern: str, found: list[str]) -> None:
    paths, unmatched = files.find_files(project, [pattern])
    assert ([path.as_posix() for path in paths], unmatched) == (found, [] if found else [pattern])
    absolute = f"{project}/out"
    assert len(files.find_files(project, [absolute])[0]) == 3


@pytest.mark.fact("ci-33")
def test_modes_and_links_survive_the_way_and_nothing_leaves_the_folder(project: Path, tmp_path: Path) -> None:
    paths, _ = files.find_files(project, ["out"])
    assert files.pack(project, paths, tmp_path / "a.zip") > 0
    target = tmp_path / "target"
    assert files.unpack(tmp_path / "a.zip", target) == 3
    assert (target / "out" / "run.sh").stat().st_mode & 0o111
    assert (target / "out" / "link").readlink() == Path("run.sh")
    files.pack(project / "out" / "deep", [Path("../deep/f.txt")], tmp_path / "b.zip")
    files.unpack(tmp_path / "b.zip", target / "inner")
    assert not (target / "deep").exists()


@pytest.mark.fact("ci-33")
def test_an_archive_that_is_too_large_is_rejected(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_BYTES", 10)
    kept = tmp_path / "kept"
    with Trace(tmp_path / "log", []) as trace:
        hand_in = HandIn(
            wanted=Artifacts(paths=("out",)),
            project=project,
            folder=kept,
            most_dotenv_variables=20,
            expand=str,
            trace=trace,
        )
        with pytest.raises(Rejected, match="too large"):
            hand_in.collect("success")
    assert "413 Request Entity Too Large" in (tmp_path / "log").read_text(encoding="utf-8")
    assert list(kept.iterdir()) == []


@pytest.mark.fact("ci-42")
@pytest.mark.parametrize(
    ("chunks", "written"),
    [
        (["a s3cret-v", "alue b"], "a [MASKED] b"),
        (["s", "3", "cret-value", "s3cret-value"], "[MASKED][MASKED]"),
        (["s3cret-", "x"], "s3cret-x"),
        (["s3cret-value-long"], "[MASKED]"),
        (["glpat-", "abc def"], "glpat-[MASKED] def"),
        (["gl", "ass of gl", "ptt"], "glass of glptt"),
        (["end s3cret"], "end s3cret"),
    ],
)
def test_secrets_are_masked_however_they_arrive(tmp_path: Path, chunks: list[str], written: str) -> None:
    with Trace(tmp_path / "log", ["s3cret-value", "s3cret-value-long", ""]) as trace:
        for chunk in chunks:
            trace.write(chunk.encode())
    assert (tmp_path / "log").read_text(encoding="utf-8") == written
