"""Rule: images of jobs that get secrets, named by something that others can change.

Source: GitLab docs, "Using Docker images", and its pipeline security guide, "Use secure container images".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import get
from portctl.providers.gitlab.ci import DEFAULT_FILE, CiFile, NotYaml, parse
from portctl.providers.gitlab.rules.includes import local_includes
from portctl.providers.gitlab.rules.shapes import Instance, flag, is_secret, shown
from portctl.source import Path

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_IMAGE = "image"


def unpinned_images(instance: Instance) -> Iterator[Finding]:
    """Each `image` without a digest in a pipeline that gets secrets or deploys."""
    for resource in instance.of("Files"):
        files = dict(_files(resource))
        if not (_has_secrets(instance, resource) or any(_has_environment(file.body) for file in files.values())):
            continue
        for name, file in files.items():
            for path, image in _images(file.body):
                if not _DIGEST.search(image):
                    line = file.line(path)
                    yield Finding(
                        resource=resource,
                        path=("files", name, "content", line),
                        summary="Image may change",
                        detail=f"{name}, line {line}: `{image}` has no digest, and what is behind a tag gets the "
                        "secrets of these jobs whenever it changes",
                        hint="Pin it: `name:tag@sha256:...`.",
                    )


def _files(resource: Resource) -> Iterator[tuple[str, CiFile]]:
    """The pipeline's file and what it includes of its own repository, as far as that is declared and YAML."""
    waiting, seen = [DEFAULT_FILE], set[str]()
    while waiting:
        name = waiting.pop(0)
        text = shown(get(resource.attributes, ("files", name, "content")))
        if name in seen or text is None:
            continue
        seen.add(name)
        try:
            file = parse(text)
        except NotYaml:
            continue
        waiting += local_includes(file.body)
        yield name, file


def _images(body: Any) -> Iterator[tuple[Path, str]]:
    """Every image of the file: for all jobs, by default, and of each job or template."""
    if not isinstance(body, Mapping):
        return
    places: list[tuple[Path, Any]] = [((_IMAGE,), body.get(_IMAGE))]
    places += [((name, _IMAGE), job.get(_IMAGE)) for name, job in body.items() if isinstance(job, Mapping)]
    for path, image in places:
        named = image.get("name") if isinstance(image, Mapping) else image
        if isinstance(named, str):
            yield path, named


def _has_environment(body: Any) -> bool:
    jobs = body.values() if isinstance(body, Mapping) else ()
    return any(isinstance(job, Mapping) and "environment" in job for job in jobs)


def _has_secrets(instance: Instance, files: Resource) -> bool:
    """Whether variables of the project, or of a group above it, are protected, hidden or secret."""
    project = files.identity[0]
    return any(
        flag(variable.attributes, "protected", "masked", "hidden") or is_secret(variable.attributes.get("value"))
        for variable in instance.of("Variable", "GroupVariable")
        if f"{project}/".startswith(f"{variable.identity[0]}/")
    )
