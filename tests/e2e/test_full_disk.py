"""A disk that takes nothing any more, as the system itself says it: files may not grow beyond a limit."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

import pytest

from portctl.errors import PortctlError
from portctl.story.stage import stage
from tests.unit.cli.conftest import Place


@pytest.mark.parametrize("kibibytes", [0, 1, 2])
def test_an_apply_whose_files_may_not_grow_says_so_and_the_next_one_ends_it(kibibytes: int, project: Place) -> None:
    """With 0 nothing can be written at all; with more, small files fit and larger ones are cut off in the middle."""
    line = f"ulimit -f {kibibytes}; exec {sys.executable} -m portctl apply --yes"
    cut = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120)
    assert "bug in portctl" not in cut.stdout + cut.stderr
    assert "Traceback" not in cut.stderr
    if cut.returncode:
        assert cut.returncode in (1, 7)
        assert "File too large" in cut.stdout + cut.stderr
        assert "Make room there, then run the same command again." in cut.stdout + cut.stderr
    assert (cut.returncode != 0) or kibibytes > 0
    ledger = project.root / ".portctl/ledger/sandbox.json"
    assert not ledger.exists() or json.loads(ledger.read_text(encoding="utf-8"))["format"] == 1
    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied
    assert project.run("plan", "--detailed-exitcode").code == 0
    created = [
        exchange.path
        for exchange in project.sandbox.journal.exchanges()
        if (exchange.method, exchange.status) == ("POST", 201) and exchange.path == "/v1/blueprints"
    ]
    assert created == ["/v1/blueprints"]


def test_a_demo_without_room_for_its_copy_says_where_it_wanted_to_be(
    project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: Any, target: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr("shutil.copyfile", no_room)
    with pytest.raises(PortctlError) as caught, stage(project.root):
        pass
    assert caught.value.summary == "The project cannot be copied"
    assert caught.value.detail.startswith(
        f"{project.root}/environments/sandbox.yaml: [Errno 28] No space left on device"
    )
    assert caught.value.hint == f"It is copied to {tempfile.gettempdir()}; TMPDIR names another place."
