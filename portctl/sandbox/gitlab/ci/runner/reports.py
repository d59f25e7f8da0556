"""What a job hands in at its end: the archive, reports, and variables for later jobs."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portctl.sandbox.gitlab.ci.model import Artifacts
from portctl.sandbox.gitlab.ci.runner import files
from portctl.sandbox.gitlab.ci.runner.dotenv import BadDotenv, parse_dotenv
from portctl.sandbox.gitlab.ci.runner.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A file that the job handed in. `name` as GitLab calls it, `path` where it is kept."""

    file_type: str
    name: str
    file_format: str
    path: Path
    size: int


class Rejected(Exception):
    """GitLab does not take what is handed in, and the job fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """`project`: where the job worked. `folder`: where its files are kept. `expand`: fills in variables."""

    wanted: Artifacts
    project: Path
    folder: Path
    most_dotenv_variables: int
    expand: Callable[[str], str]
    trace: Trace

    def collect(self, status: str) -> tuple[tuple[Report, ...], dict[str, str]]:
        """The archive where it is wanted, the reports, and the variables of the dotenv report. Errors: Rejected."""
        is_wanted = self.wanted.when in ("always", f"on_{'success' if status == 'success' else 'failure'}")
        reports = [*(self._archive() if is_wanted else ()), *self._packed("junit", self.wanted.junit, "junit.xml")]
        if self.wanted.coverage_path:
            kind = self.wanted.coverage_format or ""
            reports += self._packed(kind, (self.wanted.coverage_path,), f"{kind}-coverage.xml")
        kept = self._packed("dotenv", self.wanted.dotenv, ".env")
        dotenv: dict[str, str] = {}
        for report in kept:
            try:
                dotenv |= parse_dotenv(gzip.decompress(report.path.read_bytes()), self.most_dotenv_variables)
            except BadDotenv as error:
                self.trace.line(f'ERROR: Uploading artifacts as "dotenv" to coordinator... 400 Bad Request: {error}')
                raise Rejected("invalid argument") from error
        return (*reports, *kept), dotenv

    def _archive(self) -> list[Report]:
        found = self._found(self.wanted.paths, self.wanted.exclude)
        if not found:
            return []
        place = self.folder / "artifacts.zip"
        size = files.pack(self.project, found, place)
        if size > files.LARGEST_BYTES:
            place.unlink()
            self.trace.line('ERROR: Uploading artifacts as "archive" to coordinator... 413 Request Entity Too Large')
            raise Rejected("too large")
        name = self.expand(self.wanted.name).replace("/", "_") or "artifacts"
        self.trace.line(f"Uploading artifacts: {len(found)} files found")
        return [Report(file_type="archive", name=f"{name}.zip", file_format="zip", path=place, size=size)]

    def _packed(self, file_type: str, patterns: tuple[str, ...], name: str) -> list[Report]:
        found = self._found(patterns, ())
        if not found:
            return []
        place = self.folder / f"{file_type}-{name.lstrip('.')}.gz"
        content = gzip.compress(b"".join((self.project / path).read_bytes() for path in found), mtime=0)
        place.write_bytes(content)
        return [Report(file_type=file_type, name=f"{name}.gz", file_format="gzip", path=place, size=len(content))]

    def _found(self, patterns: tuple[str, ...], excluded: tuple[str, ...]) -> list[Path]:
        if not patterns:
            return []
        wanted = [self.expand(pattern) for pattern in patterns]
        found, unmatched = files.find_files(self.project, wanted, [self.expand(each) for each in excluded])
        for pattern in unmatched:
            self.trace.line(f"WARNING: {pattern}: no matching files.")
        if not found:
            self.trace.line("ERROR: No files to upload")
        return found
