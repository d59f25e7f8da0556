"""From the files of the manifest folders to manifests."""

from __future__ import annotations

import pathlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from portctl.config.project import PROJECT_FILE
from portctl.config.section import Section
from portctl.config.settings import API_VERSION
from portctl.disk import read_bytes
from portctl.errors import InvalidInput
from portctl.findings import Findings, did_you_mean, listing
from portctl.manifest.elsewhere import read_by_nobody
from portctl.manifest.metadata import read_metadata
from portctl.manifest.tree import MANIFEST_SUFFIXES, find_files, unrecognised
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.kind import Kind
from portctl.model.project import Project
from portctl.model.resource import Manifest
from portctl.model.value import Value
from portctl.source import Path, Source
from portctl.yaml.compose import compose
from portctl.yaml.document import Document

_KEYS = ("apiVersion", "kind", "metadata", "spec")
_NAMING = ("template", "source")


def load_manifests(
    project: Project, catalogue: Mapping[str, Kind]
) -> tuple[tuple[Manifest, ...], tuple[Diagnostic, ...]]:
    """Every manifest of the project, and everything wrong with its files; both sorted by place.

    `catalogue` holds the kinds by full name. A manifest that cannot be told apart from others is left out.
    """
    findings = Findings("manifest")
    files = find_files(project, findings)
    documents: dict[str, tuple[Document, ...]] = {}
    broken: dict[str, tuple[Diagnostic, ...]] = {}
    for file in files:
        if file.endswith(MANIFEST_SUFFIXES):
            try:
                documents[file] = compose(_content(project, file), file)
            except InvalidInput as error:
                broken[file] = error.diagnostics
    named = _named_files(documents)
    manifests: list[Manifest] = []
    for file in files:
        if _is_named(file, named):
            continue
        if file in broken:
            findings.add(broken[file])
        elif file in documents:
            manifests.extend(_read_file(file, documents[file], catalogue, findings))
        else:
            unrecognised(file, findings)
    if project.manifests and not manifests and not findings.sorted():
        findings.add([_nothing_declared(project)])
    findings.add(read_by_nobody(project))
    return tuple(manifests), findings.sorted()


def _nothing_declared(project: Project) -> Diagnostic:
    return Diagnostic(
        rule="manifest",
        severity=Severity.WARNING,
        summary="No manifests",
        source=Source(PROJECT_FILE),
        detail=f"There is none in {listing(project.manifests)}.",
        hint="Put them there, or name their folders under `manifests:`.",
    )


def _content(project: Project, file: str) -> bytes:
    try:
        return read_bytes(project.root / file)
    except OSError as error:
        findings = Findings("manifest")
        findings.error("File cannot be read", Source(file), detail=f"{error.strerror}.")
        raise findings.failure() from error


def _named_files(documents: Mapping[str, tuple[Document, ...]]) -> frozenset[str]:
    """The paths that manifests give as `template:` or `source:`, relative to the project."""
    return frozenset(
        posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        for file, several in documents.items()
        for document in several
        if "apiVersion" in document.value
        for name in _names(document.value.get("spec"))
    )


def _names(value: Value) -> Iterator[str]:
    below: Iterable[Value] = ()
    if isinstance(value, Mapping):
        yield from (value[key] for key in _NAMING if isinstance(value.get(key), str))
        below = value.values()
    elif isinstance(value, tuple):
        below = value
    for item in below:
        yield from _names(item)


def _is_named(file: str, named: frozenset[str]) -> bool:
    """Whether `file`, or a folder that it is in, is named by a manifest."""
    return file in named or any(str(folder) in named for folder in pathlib.PurePosixPath(file).parents)


def _read_file(
    file: str, documents: tuple[Document, ...], catalogue: Mapping[str, Kind], findings: Findings
) -> Iterator[Manifest]:
    if not documents:
        findings.error(
            "Empty file",
            Source(file),
            detail="It holds no manifest.",
            hint="Delete the file if what it described is to go.",
        )
    for document in documents:
        top = Section(document, findings)
        manifest = _envelope(top, catalogue) if "apiVersion" in document.value else _bare(top, file, catalogue)
        if manifest is not None:
            yield manifest


def _envelope(top: Section, catalogue: Mapping[str, Kind]) -> Manifest | None:
    version = top.value["apiVersion"]
    if version != API_VERSION:
        shown = f'"{version}"' if isinstance(version, str) else "this"
        top.complain(("apiVersion",), "Unknown apiVersion", f"{shown} is not {API_VERSION}.")
        if top.value.get("kind") not in catalogue:
            return None  # somebody else's document
    return _below_version(top, catalogue)


def _below_version(top: Section, catalogue: Mapping[str, Kind]) -> Manifest | None:
    """What can be read of a manifest, whatever is said of its version."""
    top.close(_KEYS, "A manifest")
    kind = _kind(top, catalogue)
    if "spec" not in top.value:
        top.complain((), "Missing key", "spec, the body as the API has it, is missing.")
        return None
    if not isinstance(top.value["spec"], Mapping):
        top.wrong(("spec",), top.value["spec"], "A mapping, the body as the API has it,")
        return None
    return None if kind is None else _manifest(top, kind, ("spec",))


def _kind(top: Section, catalogue: Mapping[str, Kind]) -> Kind | None:
    if "kind" not in top.value:
        top.complain((), "Missing key", "kind is missing.", f"Known kinds: {listing(catalogue)}.")
        return None
    name = top.text("kind")
    kind = catalogue.get(name)
    if kind is None and name:
        detail = f'There is no kind "{name}".{did_you_mean(name, catalogue)}'
        top.complain(("kind",), "Unknown kind", detail, f"Known kinds: {listing(catalogue)}.")
    return kind


def _bare(top: Section, file: str, catalogue: Mapping[str, Kind]) -> Manifest | None:
    """A body without an envelope, whose kind is decided by the nearest folder that stands for one."""
    by_folder = {kind.folder: kind for kind in catalogue.values() if kind.folder}
    folders = (folder.name for folder in pathlib.PurePosixPath(file).parents)
    kind = next((by_folder[folder] for folder in folders if folder in by_folder), None)
    if {"spec", "metadata"} & top.value.keys() and "kind" in top.value:
        top.complain((), "Missing key", f"apiVersion is missing; write `apiVersion: {API_VERSION}`.")
        return _below_version(top, catalogue)
    if kind is None:
        top.complain(
            (),
            "Unrecognised document",
            "It has no apiVersion, and its folder does not say what kind of body it is.",
            f"Write `apiVersion: {API_VERSION}`, kind and spec; bare bodies may stand in {listing(by_folder)}.",
        )
        return None
    return _manifest(top, kind, ())


def _manifest(top: Section, kind: Kind, body_at: Path) -> Manifest | None:
    if body_at:
        body, metadata = top.value["spec"], top.section("metadata")
    else:
        body, metadata = top.value, Section(Document({}, top.document.sources), top.findings)
    envelope = read_metadata(metadata, kind, body)
    if envelope.address is None:
        return None
    return Manifest(envelope.address, kind, body, envelope.meta, top.document.sources, body_at)
