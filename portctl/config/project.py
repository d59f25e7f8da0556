"""The project file, `portctl.yaml`."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping
from importlib import metadata

from portctl.config.section import Section
from portctl.config.settings import check_version, read_guards, read_secrets, read_values
from portctl.disk import read_bytes
from portctl.errors import InvalidInput
from portctl.findings import Findings
from portctl.model.diagnostic import Severity
from portctl.model.project import Guards, LedgerSettings, Project
from portctl.source import Source
from portctl.yaml.compose import compose
from portctl.yaml.document import Document

PROJECT_FILE = "portctl.yaml"
_KEYS = (
    "apiVersion",
    "project",
    "requires",
    "defaultEnvironment",
    "manifests",
    "ledger",
    "guards",
    "rules",
    "secrets",
    "values",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REQUIREMENT = re.compile(r"(?P<sign>>=|<=|==|!=|>|<)\s*(?P<version>[0-9]+(?:\.[0-9]+)*)")
_DEFAULTS = Project(root=pathlib.Path(), name="")


def is_file_name(text: str) -> bool:
    """Whether `text` may name a project or an environment, and so become part of a path."""
    return _NAME.fullmatch(text) is not None


def load_project(start: pathlib.Path, *, version: str | None = None) -> Project:
    """The project that `start` lies in: the nearest folder upward with a project file.

    `version` is the tool's own (default: of the installed package) for `requires`. Errors: InvalidInput.
    """
    root = _find(start)
    findings = Findings("project")
    document = read_document(root / PROJECT_FILE, PROJECT_FILE, findings)
    top = Section(document, findings)
    top.close(_KEYS, PROJECT_FILE)
    check_version(top)
    name = top.text("project")
    if "project" not in top.value:
        top.complain((), "Missing key", "project, the name of this project, is missing.")
    elif name and not is_file_name(name):
        top.complain(("project",), "Malformed name", "A project's name has letters, digits, `_`, `.` and `-`.")
    _check_requirement(top, version or _installed())
    folders = _folders(top)
    project = Project(
        root=root,
        name=name,
        requires=top.text("requires"),
        default_environment=top.text("defaultEnvironment"),
        manifests=tuple(folders) if "manifests" in top.value else _DEFAULTS.manifests,
        named=folders,
        ledger=_ledger(top.section("ledger")),
        guards=read_guards(top.section("guards"), Guards()),
        rules=_rules(top.section("rules")),
        secrets=read_secrets(top.section("secrets")),
        values=read_values(top.section("values")),
    )
    findings.raise_any()
    return project


def require_folder(path: pathlib.Path) -> None:
    """Raise InvalidInput unless `path`, named on the command line, is a folder."""
    if not path.is_dir():
        why = "it is a file" if path.exists() else "there is no such folder"
        raise InvalidInput("Not a folder", f"{path}: {why}", hint="Name the folder of a project, or one below it.")


_BEGIN = f"{PROJECT_FILE}, environments/sandbox.yaml and a manifest (README.md, Begin a project of your own)."


def _find(start: pathlib.Path) -> pathlib.Path:
    require_folder(start)
    here = pathlib.Path(os.path.realpath(start))
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise InvalidInput(
        "No project here",
        f"There is no {PROJECT_FILE} in {here} or above it.",
        hint=f"Go to the folder of a project or name it with --chdir. A new one begins with three files: {_BEGIN}",
    )


def read_document(path: pathlib.Path, file: str, findings: Findings) -> Document:
    """The one document of a configuration file. Errors: InvalidInput."""
    try:
        content = read_bytes(path)
    except OSError as error:
        raise InvalidInput("File cannot be read", f"{file}: {error.strerror}.", source=Source(file)) from error
    documents = compose(content, file)
    if len(documents) == 1:
        return documents[0]
    findings.error("One document expected", Source(file), detail=f"The file holds {len(documents)} documents.")
    raise findings.failure()


def _installed() -> str:
    """The version of the installed package; nothing when it runs from a source tree."""
    try:
        return metadata.version("portctl-cli")
    except metadata.PackageNotFoundError:
        return ""


def _check_requirement(top: Section, version: str) -> None:
    for clause in filter(None, top.text("requires").split(",")):
        match = _REQUIREMENT.fullmatch(clause.strip())
        if match is None:
            detail = f'"{clause.strip()}" is not a comparison such as >=0.1.'
            top.complain(("requires",), "Malformed requirement", detail, "Several are separated by commas.")
        elif version and not _holds(_numbers(version), match["sign"], _numbers(match["version"])):
            top.complain(
                ("requires",),
                "Another version of portctl is required",
                f"This project needs {clause.strip()}; this is {version}.",
                "Install a version that fits.",
            )


def _numbers(version: str) -> tuple[int, ...]:
    """`1.2.0rc1` as (1, 2): release numbers only, trailing zeros left out."""
    numbers = [int(part) for part in re.findall(r"[0-9]+", re.split(r"[^0-9.]", version)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _holds(left: tuple[int, ...], sign: str, right: tuple[int, ...]) -> bool:
    return {
        ">=": left >= right,
        "<=": left <= right,
        ">": left > right,
        "<": left < right,
        "==": left == right,
        "!=": left != right,
    }[sign]


def _folders(top: Section) -> Mapping[str, Source]:
    """The folders that the file names, each with its place."""
    folders: dict[str, Source] = {}
    for index, written in enumerate(top.texts("manifests")):
        path = pathlib.PurePosixPath(written)
        if path.is_absolute() or ".." in path.parts or path == pathlib.PurePosixPath("."):
            detail = f'"{written}" is not a folder inside the project.'
            top.complain(("manifests", index), "Path leaves the project", detail, "Name folders below portctl.yaml.")
            continue
        for other in folders:
            if path.is_relative_to(other) or pathlib.PurePosixPath(other).is_relative_to(path):
                detail = f'"{written}" and "{other}" hold the same files.'
                top.complain(("manifests", index), "Folder named twice", detail)
        folders[str(path)] = top.document.sources.at((*top.path, "manifests", index))
    return folders


def _ledger(section: Section) -> LedgerSettings:
    section.close(("backend", "path", "persistent"), "ledger")
    default = LedgerSettings()
    backend = section.text("backend", default.backend)
    if backend != default.backend:
        section.complain(("backend",), "Value not accepted", f'The ledger\'s backend is "{default.backend}".')
    path = section.text("path", default.path)
    if "{" in path.replace("{environment}", ""):
        section.complain(("path",), "Value not accepted", "Only {environment} may be named in the path.")
    if ".." in pathlib.PurePosixPath(path).parts:
        detail = f'"{path}" is not below portctl.yaml, and is another place wherever the project is checked out.'
        section.complain(("path",), "Path leaves the project", detail, "For a mounted volume, write an absolute path.")
    return LedgerSettings(backend, path, section.flag("persistent", default.persistent))


def _rules(section: Section) -> Mapping[str, Severity]:
    rules: dict[str, Severity] = {}
    for rule in section.value:
        severity = section.choice(rule, Severity)
        if severity is not None:
            rules[rule] = severity
    return rules
