"""Which declared pipeline a call of Port starts, and the file that it starts with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from portctl.model.address import Address
from portctl.model.resource import Resource
from portctl.model.value import OutputRef, Pending, Value, get
from portctl.providers.gitlab.ci import DEFAULT_FILE
from portctl.providers.gitlab.rules.shapes import shown
from portctl.providers.port.rules.calls import BACKEND, PipelineCall, pipeline_call, url_of

_PROJECT = re.compile(r"/projects/([^/?#]+)/")
_REF = re.compile(r"/ref/([^/?#]+)/trigger/")


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """The file that the pipelines of a project start with: its text, and where that stands."""

    project: Address
    files: Resource
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Started:
    """An action or automation, its call, and the pipeline file of the branch that it calls."""

    caller: Resource
    call: PipelineCall
    file: PipelineFile


def pipeline_files(resources: Sequence[Resource]) -> Iterator[PipelineFile]:
    """The pipeline file of every project whose files are declared."""
    projects = {resource.address: resource for resource in resources if resource.kind.full_name == "gitlab/Project"}
    for files in resources:
        if files.kind.full_name != "gitlab/Files" or files.meta.within is None:
            continue
        project = projects.get(files.meta.within)
        named = project.attributes.get("ci_config_path") if project else None
        name = named if isinstance(named, str) and named else DEFAULT_FILE
        text = shown(get(files.attributes, ("files", name, "content")))
        if text is not None:
            yield PipelineFile(files.meta.within, files, name, text)


def started_pipelines(resources: Sequence[Resource]) -> Iterator[Started]:
    """Every call of Port that starts a pipeline whose file is declared."""
    files = list(pipeline_files(resources))
    for caller in resources:
        if caller.kind.full_name not in ("port/Action", "port/Automation"):
            continue
        call = pipeline_call(caller)
        if call is None:
            continue
        project, ref = started_project(caller, resources), _ref(call)
        for file in files:
            branch = file.files.identity[-1]
            if file.project == project and ref in ("", branch):
                yield Started(caller, call, file)


def started_project(caller: Resource, resources: Sequence[Resource]) -> Address | None:
    """The declared project that stands in the URL of a call: as an output of it, or by its path."""
    for address in outputs(get(caller.attributes, (BACKEND, "url"))):
        if address.kind_name == "gitlab/Project":
            return address
    found = _PROJECT.search(url_of(caller))
    path = unquote(found[1]) if found else ""
    named = [
        resource.address
        for resource in resources
        if resource.kind.full_name == "gitlab/Project" and resource.identity[-1:] == (path,)
    ]
    return named[0] if len(named) == 1 else None


def outputs(value: Value) -> Iterator[Address]:
    """The resources whose outputs stand in `value`."""
    if isinstance(value, Pending):
        yield from (placeholder.address for placeholder in value.placeholders() if isinstance(placeholder, OutputRef))


def _ref(call: PipelineCall) -> str:
    """The branch that is called, "" where it is not known here."""
    found = _REF.search(call.url)
    ref = unquote(found[1]) if found else get(call.sent, ("ref",))
    return ref if isinstance(ref, str) and "{{" not in ref else ""
