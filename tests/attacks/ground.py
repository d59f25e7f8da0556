"""Where attacks are tried: one sandbox with the deployment workflow, and what holds whatever was tried."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from portctl.story.narration import DEPLOY_STEP, Telling
from portctl.story.services import Row, Services

PROJECT = "projects/platform%2Fdeployment"
_MARKS = "projects/gate%2Fdeployment-marks/repository"
_SECRET_KEYS = ("token", "clientSecret", "password", "apiKey")
_SHORTEST = 16
_PAGE = 100
_ENTITIES = ("servicenowChangeRequest", "openDeployment", "service")
_TABLE = "/api/now/table"


class Ground:
    """A sandbox on which attacks follow each other. `approved`: the runs of deployments that somebody may approve."""

    def __init__(self, document: Mapping[str, Any], services: Services) -> None:
        self.document = document
        self.services = services
        self.http = httpx.Client(timeout=120)
        self.approved: set[str] = set()
        self.url, self.token = services.trigger()
        self.secrets = {self.token, "sandbox-webhook-secret", *_secrets_of(document)}
        self._looked_at: set[int] = set()

    def close(self) -> None:
        self.http.close()

    # -- doing

    def story(self) -> Telling:
        """What begins here. Limits of the minute before do not count."""
        return Telling(self.services)

    def settle(self) -> None:
        answer = self.services.steer("POST", "/settle")
        assert "error" not in answer, answer

    def pause(self, *, paused: bool) -> None:
        self.services.steer("PUT", "/runner", {"paused": paused})

    def minute(self) -> None:
        """GitLab takes 25 pipelines a minute."""
        self.services.steer("POST", "/advance", {"seconds": 61})

    def pipelines(self) -> list[Row]:
        """Newest first, with those that GitLab has made of a call that it refused."""
        return self._all(f"{PROJECT}/pipelines")

    def newest(self) -> int:
        rows = self.services.gitlab("GET", f"{PROJECT}/pipelines?per_page=1").body
        return int(rows[0]["id"]) if rows else 0

    def _all(self, path: str) -> list[Row]:
        """Every page of a list of GitLab."""
        found: list[Row] = []
        sign = "&" if "?" in path else "?"
        while True:
            said = self.services.gitlab("GET", f"{path}{sign}per_page={_PAGE}&page={len(found) // _PAGE + 1}")
            rows: list[Row] = said.body if said.is_good else []
            found += rows
            if len(rows) < _PAGE:
                return found

    def cancel(self, pipeline: int) -> None:
        self.services.gitlab("POST", f"{PROJECT}/pipelines/{pipeline}/cancel")

    def artifacts(self, job: int) -> Mapping[str, bytes]:
        """The files of an archive, those of the archives in it by their own names, too."""
        answer = self.http.get(self._api(f"{PROJECT}/jobs/{job}/artifacts"), headers=self._owner())
        return dict(_unpacked(answer.content)) if answer.status_code == 200 else {}

    def _api(self, path: str) -> str:
        return f"{self.document['services']['gitlab']['url']}/api/v4/{path}"

    def _owner(self) -> dict[str, str]:
        return {"private-token": str(self.document["services"]["gitlab"]["credentials"]["token"])}

    # -- what holds

    def laws(self) -> None:
        """After everything has come to its end."""
        self.settle()
        told = dict(self._told())
        leaks = sorted(place for place, text in told.items() if self.leaked(text))
        assert leaks == [], "a secret was told"
        assert self.unapproved() == [], "something was deployed that nobody has approved"
        assert self.unexplained() == [], "a run is open and nobody looks after it"
        self._looked_at |= {int(row["id"]) for row in self.pipelines()}

    def leaked(self, text: str) -> bool:
        """Whether a secret is in a text, also encoded, spaced or turned round."""
        dense = re.sub(r"[\s,;:'\"\\-]", "", text)
        return any(form in text or form in dense for secret in self.secrets for form in _forms(secret))

    def deployed(self) -> set[str]:
        """The runs whose deploy step was begun, as GitLab's logs tell."""
        started = {int(mark["job"]): run for run, mark in self.marks("started.json").items()}
        begun = {job for job in started if job and DEPLOY_STEP in self._lines(job)}
        strangers = [
            job["id"]
            for row in self._each_pipeline()
            for job in self.services.jobs(row["id"])
            if job["name"] == "deploy" and job["id"] not in started and DEPLOY_STEP in self._lines(job["id"])
        ]
        assert strangers == [], "a job without a mark has deployed"
        return {started[job] for job in begun}

    def unapproved(self) -> list[str]:
        """Deployments that needed an approval, and have none that somebody was free to give."""
        tested = self.marks("tested.json")
        return sorted(run for run in self.deployed() if tested[run]["needs_change"] and run not in self.approved)

    def unexplained(self) -> list[str]:
        """Open runs that are no open deployment, which the look ends."""
        watched = {row["identifier"] for row in self.services.open_deployments()}
        return [f"{row['action']['identifier']} {row['id']}" for row in self.open_runs() if row["id"] not in watched]

    def open_runs(self) -> list[Row]:
        return self.services.open_runs()

    def _lines(self, job: int) -> str:
        trace = self.services.trace(job)
        return "\n".join(line for line in trace.splitlines() if not line.startswith("$ "))

    def _each_pipeline(self) -> Iterator[Row]:
        """As slowly as GitLab answers: 2,000 requests a minute."""
        for count, row in enumerate(self.pipelines(), 1):
            if count % 50 == 0:
                self.minute()
            yield row

    def marks(self, name: str) -> Mapping[str, Row]:
        found = {}
        for row in self._all(f"{_MARKS}/tree?recursive=true&path=deployments"):
            if row["path"].endswith(f"/{name}"):
                text = self.services.gitlab("GET", f"{_MARKS}/files/{quote(row['path'], safe='')}/raw?ref=main").body
                found[row["path"].split("/")[-2]] = text
        return found

    def _told(self) -> Iterator[tuple[str, str]]:
        """Everything that somebody could read, by place, since the laws were last looked at."""
        for pipeline in self._each_pipeline():
            if pipeline["id"] in self._looked_at:
                continue
            for job in self.services.jobs(pipeline["id"]):
                yield f"trace of {job['name']} {job['id']}", self.services.trace(job["id"])
                for name, content in self.artifacts(job["id"]).items():
                    yield f"artifact {name} of {job['name']} {job['id']}", content.decode("latin-1")
        for row in self.services.port("GET", "/actions/runs?version=v2&limit=1000").body["runs"]:
            yield f"run {row['id']}", json.dumps(row)
            yield f"log of {row['id']}", "\n".join(self.services.log(row["id"]))
        for blueprint in _ENTITIES:
            found = self.services.port("GET", f"/blueprints/{blueprint}/entities").body["entities"]
            yield f"entities of {blueprint}", json.dumps(found)
        for table in ("change_request", "sys_journal_field", "sysapproval_approver"):
            yield table, json.dumps(self.services.snow("GET", f"{_TABLE}/{table}", person="admin").body)


def sys_id_of(run: str) -> str:
    """Of the change request that the gate opens for a run."""
    return hashlib.md5(run.encode(), usedforsecurity=False).hexdigest()


def _secrets_of(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _SECRET_KEYS and isinstance(value, str) and len(value) >= _SHORTEST:
                yield value
            else:
                yield from _secrets_of(value)


def _forms(secret: str) -> Iterator[str]:
    plain = secret.encode()
    yield secret
    yield secret[::-1]
    yield binascii.hexlify(plain).decode()
    for shift in range(3):  # the middle of its Base64, wherever in a longer text it begins
        yield base64.b64encode(b"\0" * shift + plain).decode()[4:-4]


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)
