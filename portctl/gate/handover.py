"""What jobs leave for those that follow, as files of an artifact: the code of the service and what to do with it.

No secret is among them, and nothing that decides: whoever reads them reads the evidence again.
"""

from __future__ import annotations

import json
import pathlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portctl.disk import read_text, write_whole
from portctl.errors import PortctlError
from portctl.gate.evidence import Tested
from portctl.gate.services import Service
from portctl.json_text import parse

FOLDER = pathlib.Path("gate")
_LOST = "Was the artifact of the job before deleted? Run that job again, or ask for the deployment again."


@dataclass(frozen=True, slots=True)
class Handover:
    """`folder`: where the files lie, below the folder of the job."""

    folder: pathlib.Path

    @property
    def archive(self) -> pathlib.Path:
        return self.folder / "source.tar.gz"

    def leave_service(self, service: Service, sha: str) -> None:
        """For the job that tests: its commands, and where its report will be. For the gate: what was tested."""
        self._write("build.sh", service.build + "\n")
        self._write("test.sh", service.test + "\n")
        self._write("report", service.report + "\n")
        document = {"project": service.project, "sha": sha, "deploy": service.deploy, "report": service.report}
        self._write("service.json", json.dumps(document, indent=1) + "\n")

    def service(self) -> Mapping[str, Any]:
        """Errors: PortctlError where it is not there."""
        path = self.folder / "service.json"
        try:
            found: Mapping[str, Any] = parse(read_text(path))
            if not isinstance(found, dict):
                raise TypeError("no mapping")
        except (OSError, ValueError, TypeError) as error:
            raise PortctlError("Artifact lost", f"{path} is not there, or cannot be read", hint=_LOST) from error
        return found

    def leave_deployment(self, tested: Tested, job: int) -> None:
        """For the job that deploys, and for no other: it compares `job` with its own id."""
        environment = shlex.quote(tested.environment)
        self._write("deploy.sh", f"ENVIRONMENT={environment}\nexport ENVIRONMENT\n{tested.deploy}\n")
        self._write("what", f"{tested.service} at {tested.sha} to {tested.environment}\n")
        self._write("job", f"{job}\n")

    def _write(self, name: str, text: str) -> None:
        write_whole(self.folder / name, text, mode=0o644)
