"""Run the unit tests of the current folder and write their line coverage as a Cobertura report.

Usage: cover.py REPORT. Python's standard library only. Ends with 1 when a test fails or there is none.
"""

from __future__ import annotations

import dis
import pathlib
import sys
import threading
import time
import types
import unittest
from xml.etree import ElementTree

ROOT = pathlib.Path.cwd()


def sources() -> list[pathlib.Path]:
    return sorted(path for path in ROOT.rglob("*.py") if not path.name.startswith("test"))


def lines_of(code: types.CodeType) -> set[int]:
    """Every line that can run, in this code and whatever is defined in it."""
    found = {line for _, line in dis.findlinestarts(code) if line}
    return found.union(*(lines_of(each) for each in code.co_consts if isinstance(each, types.CodeType)))


def executable(path: pathlib.Path) -> set[int]:
    text = path.read_text(encoding="utf-8")
    return lines_of(compile(text, str(path), "exec")) if text.strip() else set()


def run(wanted: set[str], ran: dict[str, set[int]]) -> bool:
    """Whether there were tests and all passed; `ran` gets the lines that ran, by file."""

    def trace(frame: types.FrameType, event: str, _: object) -> object:
        name = frame.f_code.co_filename
        if name not in wanted:
            return None
        if event == "line" or event == "call":
            ran.setdefault(name, set()).add(frame.f_lineno)
        return trace

    sys.path.insert(0, str(ROOT))
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        suite = unittest.defaultTestLoader.discover(str(ROOT), top_level_dir=str(ROOT))
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
    return result.testsRun > 0 and result.wasSuccessful()


def rate(hit: int, valid: int) -> str:
    return f"{hit / valid:.4f}" if valid else "1.0000"


def report(lines: dict[pathlib.Path, set[int]], ran: dict[str, set[int]]) -> ElementTree.Element:
    hits = {path: ran.get(str(path), set()) & valid for path, valid in lines.items()}
    hit, valid = sum(map(len, hits.values())), sum(map(len, lines.values()))
    top = ElementTree.Element(
        "coverage",
        {
            "line-rate": rate(hit, valid),
            "branch-rate": "0",
            "lines-covered": str(hit),
            "lines-valid": str(valid),
            "complexity": "0",
            "version": "1",
            "timestamp": str(int(time.time())),
        },
    )
    ElementTree.SubElement(ElementTree.SubElement(top, "sources"), "source").text = str(ROOT)
    package = ElementTree.SubElement(
        ElementTree.SubElement(top, "packages"),
        "package",
        {"name": ".", "line-rate": rate(hit, valid), "branch-rate": "0", "complexity": "0"},
    )
    classes = ElementTree.SubElement(package, "classes")
    for path, each in lines.items():
        name = path.relative_to(ROOT).as_posix()
        share = rate(len(hits[path]), len(each))
        entry = {"name": path.stem, "filename": name, "line-rate": share, "branch-rate": "0", "complexity": "0"}
        element = ElementTree.SubElement(classes, "class", entry)
        ElementTree.SubElement(element, "methods")
        listed = ElementTree.SubElement(element, "lines")
        for line in sorted(each):
            ElementTree.SubElement(listed, "line", {"number": str(line), "hits": str(int(line in hits[path]))})
    return top


def main(target: str) -> int:
    lines = {path: executable(path) for path in sources()}
    ran: dict[str, set[int]] = {}
    passed = run({str(path) for path in lines}, ran)
    tree = report(lines, ran)
    text = ElementTree.tostring(tree, encoding="unicode")
    pathlib.Path(target).write_text(f'<?xml version="1.0"?>\n{text}\n', encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
