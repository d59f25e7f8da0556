"""Which files take part in a pipeline, and what GitLab refuses in how they include each other.

Source: GitLab docs, "CI/CD YAML syntax reference", `include`: up to 150 files by default, nested ones among them, and a
file that is included twice counts twice. GitLab does not look for cycles: it follows them up to that limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.providers.gitlab.ci import CiFile
from portctl.providers.gitlab.rules.graph import by_way_of, walk
from portctl.providers.gitlab.rules.problem import Problem
from portctl.source import Path

MOST_INCLUDES = 150


@dataclass(frozen=True, slots=True)
class Include:
    """One entry of `include`, at `path`. `name` is the file of the own repository, "" for what comes from elsewhere.

    `files` says how many it certainly adds: none where `rules` decide, or where `*` stands for what there is.
    """

    path: Path
    name: str
    files: int


@dataclass(frozen=True, slots=True)
class Included:
    """The files that take part, included ones first, and whether all parts of the pipeline are among them."""

    names: tuple[str, ...]
    complete: bool
    problems: tuple[Problem, ...]


def local_includes(body: Any) -> list[str]:
    """The files that a file includes from its own repository; "" for each that it includes from elsewhere."""
    return [include.name for include in _includes(body)]


def included(files: Mapping[str, CiFile], entry: str) -> Included:
    """The files that `entry` leads to, of those that are known by `files`."""
    below = {name: tuple(_includes(file.body)) for name, file in files.items()}

    def possible(name: str) -> Iterator[str]:
        return (include.name for include in below[name] if include.name in files)

    def certain(name: str) -> Iterator[str]:
        return (include.name for include in below[name] if include.name in files and include.files)

    names, _ = walk(entry, possible)
    complete = all(include.name in files for name in names for include in below[name])
    ordered, cycle = walk(entry, certain)
    if cycle:
        path = next(include.path for include in below[cycle[-1]] if include.name == cycle[0] and include.files)
        text = f"`{cycle[0]}` includes itself{by_way_of(cycle[1:])}"
        return Included(names, complete, (Problem(cycle[-1], path, text),))
    problems = tuple(_too_many(ordered, below))
    return Included(names, complete, problems)


def _includes(body: Any) -> Iterator[Include]:
    found = body.get("include") or [] if isinstance(body, Mapping) else []
    listed = isinstance(found, list)
    for index, item in enumerate(found if listed else [found]):
        about: Mapping[Any, Any] = item if isinstance(item, Mapping) else {"local": item}
        local, several = about.get("local"), about.get("file")
        name = local.lstrip("/") if isinstance(local, str) and "://" not in local else ""
        files = 0 if "rules" in about or "*" in name else 1
        path: Path = ("include", index) if listed else ("include",)
        yield Include(path, name, files * (len(several) if isinstance(several, list) else 1))


def _too_many(ordered: tuple[str, ...], below: Mapping[str, tuple[Include, ...]]) -> Iterator[Problem]:
    """One finding where the last of `ordered` includes more than GitLab follows."""
    totals: dict[str, int] = {}
    for name in ordered:
        total = sum(include.files + totals.get(include.name, 0) for include in below[name] if include.files)
        totals[name] = min(total, MOST_INCLUDES + 1)
    if totals[ordered[-1]] > MOST_INCLUDES:
        text = (
            f"it includes more than {MOST_INCLUDES} files, nested and repeated ones counted: GitLab refuses that, "
            "unless its administrators have raised the limit"
        )
        yield Problem(ordered[-1], ("include",), text)
