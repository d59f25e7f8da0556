"""Builders: projects on disk, and findings as text."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from portctl.config.environment import load_environment
from portctl.config.instances import provider_context
from portctl.config.project import load_project
from portctl.config.values import given_layers, layer_values
from portctl.errors import InvalidInput
from portctl.manifest.load import load_manifests
from portctl.manifest.render import render
from portctl.model.diagnostic import Diagnostic
from portctl.model.resource import Resource
from portctl.template.context import RenderContext
from tests.unit.examples.manifest_kinds import CATALOGUE

ENVIRONMENT = """
apiVersion: portctl/v1
instances:
  port:
    default: {url: https://api.port.io}
    eu: {url: https://api.eu.example}
values: {region: eu, size: 3, tags: [a, b]}
"""
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


def load(root: pathlib.Path, text: str, **options: Any) -> tuple[tuple[Resource, ...], str]:
    """The resources that one file of manifests renders to, and what is wrong while rendering them."""
    write(root, {"pipelines/a.yaml": text, "environments/test.yaml": options.pop("environment", ENVIRONMENT)})
    project = load_project(root)
    environment = load_environment(project, "test")
    manifests, found = load_manifests(project, CATALOGUE)
    assert lines(found) == ""
    resources, rendering = render(
        manifests,
        values=layer_values(project, environment, given_layers(**options)),
        context=RenderContext("test", provider_context(environment), frozenset()),
        catalogue=CATALOGUE,
    )
    return resources, lines(rendering).replace("pipelines/a.yaml:", "")
