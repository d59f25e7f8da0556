"""A CI/CD file as data, with the line of everything in it.

Source: GitLab docs, "CI/CD YAML syntax reference", "YAML optimization" (`!reference`), "spec header".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from portctl.providers.gitlab.yaml_loader import Loader, Reference, TooMuch, count
from portctl.source import Path

__all__ = ["DEFAULT_FILE", "CiFile", "NotYaml", "Reference", "parse"]

DEFAULT_FILE = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True)
class CiFile:
    """The body of a file, plain JSON but for `Reference`; the line of each part, from 1; `twice` are repeated keys.

    `header` is the document before the body, None where there is none, and `start` where the body begins in the text.
    `documents` says how many there are, empty ones left out.
    """

    body: Any
    lines: Mapping[Path, int]
    twice: tuple[Path, ...]
    header: Any = None
    header_lines: Mapping[Path, int] = field(default_factory=dict)
    start: int = 0
    documents: int = 1

    def line(self, path: Path) -> int:
        """The line of what stands at `path`, or of what it would stand in."""
        return _line(self.lines, path)

    def header_line(self, path: Path) -> int:
        return _line(self.header_lines, path)


class NotYaml(Exception):
    """A file that cannot be read at all."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


@lru_cache(maxsize=16)
def parse(text: str) -> CiFile:
    """`text` as GitLab takes it: the first document, or the second one when the first is a header. Raises NotYaml."""
    loader = None
    try:
        count(text)
        loader = Loader(text)
        nodes = []
        while loader.check_node():
            nodes.append(loader.get_node())
        headed = len(nodes) > 1 and _is_header(nodes[0])
        node = nodes[headed] if nodes else None
        if node is None:
            return CiFile(None, {}, ())
        lines, header_lines, twice = dict[Path, int](), dict[Path, int](), list[Path]()
        _walk(node, (), lines, twice, 0)
        header = None
        if headed:
            _walk(nodes[0], (), header_lines, [], 0)
            header = loader.construct_document(nodes[0])
        body = loader.construct_document(node)
    except TooMuch as error:
        raise NotYaml(str(error), error.line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = max(1, len(text.splitlines()))
        raise NotYaml(error.problem or "it is malformed", min(mark.line + 1, last) if mark else 1) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml("it holds a character that YAML refuses", line) from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:  # PyYAML's own, of odd tags
        raise NotYaml(str(error) or type(error).__name__, 1) from error
    finally:
        if loader is not None:
            loader.dispose()
    return CiFile(body, lines, tuple(twice), header, header_lines, node.start_mark.index, sum(map(_is_full, nodes)))


def _is_header(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode) and any(key.value == "spec" for key, _ in node.value)


def _is_full(node: Any) -> bool:
    return not (isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null")


def _line(lines: Mapping[Path, int], path: Path) -> int:
    for end in range(len(path), -1, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


_DEEPEST = 50


def _walk(node: Any, path: Path, lines: dict[Path, int], twice: list[Path], depth: int) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if depth > _DEEPEST:
        return
    seen = set[str | int]()
    for key, below, start in _children(node):
        place = (*path, key)
        if key in seen and key != "<<":
            twice.append(place)
        seen.add(key)
        lines[place] = start
        _walk(below, place, lines, twice, depth + 1)


def _children(node: Any) -> Iterator[tuple[str | int, Any, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield index, item, item.start_mark.line + 1
