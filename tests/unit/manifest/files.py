"""Builders: projects on disk, and findings as text."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable, Mapping

import pytest

from portctl.errors import InvalidInput
from portctl.model.diagnostic import Diagnostic

PROJECT = "apiVersion: portctl/v1\nproject: demo\n"


def write(root: pathlib.Path, files: Mapping[str, str | bytes]) -> pathlib.Path:
    """Write `files` under `root`; a project file is added unless there is one."""
    for name, content in {"portctl.yaml": PROJECT, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def lines(found: Iterable[Diagnostic]) -> str:
    """Every finding as `file:line:column [rule] summary: detail (hint)`."""
    return "\n".join(
        f"{each.source} [{each.rule}] {each.summary}: {each.detail}" + (f" ({each.hint})" if each.hint else "")
        for each in found
    )


def complaint(call: Callable[[], object]) -> str:
    """The findings that `call` raises."""
    with pytest.raises(InvalidInput) as caught:
        call()
    error = caught.value
    if error.diagnostics:
        return lines(error.diagnostics)
    return f"{error.summary}: {error.detail}" + (f" ({error.hint})" if error.hint else "")
