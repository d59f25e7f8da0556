"""The guide on a sandbox, set up as its reader would: over the HTTP APIs, and for each rung anew."""

from __future__ import annotations

import base64
import contextlib
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from portctl.sandbox import launcher
from portctl.story.narration import Telling
from portctl.story.services import Said, Services
from tests.story.ladder.guide import Guide
from tests.waiting import PATIENCE_SECONDS

ROOT = pathlib.Path(__file__).parents[3]
PROJECT = "platform/pipelines"
_PLACE = f"projects/{quote(PROJECT, safe='')}"
_MINE = ("integrations/servicenow.yaml", "servicenow", "environments", "portctl.yaml")
_OBSERVED = """apiVersion: portctl/v1
kind: port/Blueprint
metadata: {name: servicenowChangeRequest, management: observe}
spec: {identifier: servicenowChangeRequest}
"""
_COLUMN = {
    "name": "change_request",
    "element": "u_external_tags",
    "column_label": "External Tags",
    "internal_type": "string",
    "max_length": "100",
}
_INSTANCE = "dev00001.service-now.com"


class Session:
    """A sandbox that is reset before each rung."""

    def __init__(self, running: launcher.Running, folder: pathlib.Path) -> None:
        self._running = running
        self._folder = folder
        self.services = Services(running.document, PROJECT)

    def play(self, guide: Guide) -> Telling:
        """Everything is set up: the story may begin."""
        self.services.close()
        launcher.call(self._running, "POST", "/reset")
        self.services = Services(self._running.document, PROJECT)
        self._prepare_gitlab(guide)
        self._good(self.services.snow("POST", "/api/now/table/sys_dictionary", _COLUMN, person="admin"))
        self._pass_time()
        self._good(self.services.port("POST", "/blueprints?create_catalog_page=false", guide.blueprint))
        self._good(
            self.services.port("POST", "/organization/secrets", self._secret("SERVICENOW_API_TOKEN", self._basic()))
        )
        if "webhook" in guide.prepared:
            self._prepare_webhook()
        for body in guide.definitions.values():
            self._good(self.services.port("POST", "/actions", self._filled(body)))
        if "permissions" in guide.prepared:
            self._permit()
        return Telling(self.services)

    def _prepare_gitlab(self, guide: Guide) -> None:
        if "pipeline variables allowed" in guide.prepared:
            role = {"ci_pipeline_variables_minimum_override_role": "maintainer"}
            self._good(self.services.gitlab("PUT", _PLACE, role))
        files = {".gitlab-ci.yml": guide.pipeline}
        self._good(self.services.commit(PROJECT, "Add the pipeline", files))
        known = self._running.document["services"]
        variables = {
            "PORT_CLIENT_ID": known["port"]["credentials"]["clientId"],
            "PORT_CLIENT_SECRET": known["port"]["credentials"]["clientSecret"],
            "SERVICENOW_INSTANCE_URL": known["servicenow"]["url"],
            "SERVICENOW_API_TOKEN": self._basic(),
        }
        if "PORT_API_URL" in guide.prepared:
            variables["PORT_API_URL"] = f"{known['port']['url']}/v1"
        for key, value in variables.items():
            body = {"key": key, "value": value, "raw": True}
            self._good(self.services.gitlab("POST", f"{_PLACE}/variables", body))
        self._token = self._good(self.services.gitlab("POST", f"{_PLACE}/triggers", {"description": "Port"})).body[
            "token"
        ]
        if "token as secret" in guide.prepared:
            secret = self._secret("GITLAB_TRIGGER_TOKEN", self._token)
            self._good(self.services.port("POST", "/organization/secrets", secret))
        self._inserted = "{{ .secrets.GITLAB_TRIGGER_TOKEN }}" if "token as secret" in guide.prepared else self._token

    def _filled(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """With the reader's own values in the placeholders that are not Port's."""
        method = dict(body["invocationMethod"])
        method["url"] = method["url"].replace("{SERVICENOW_INSTANCE}", _INSTANCE)
        if "{GITLAB_PROJECT_ID}" not in method["url"]:
            method["url"] = method["url"].replace("{GITLAB_TRIGGER_TOKEN}", self._inserted)
        return {**body, "invocationMethod": method}

    def _prepare_webhook(self) -> None:
        """The guide only says that there is one: column, message, rule and Port's webhook are this project's."""
        command = [sys.executable, "-m", "portctl", "-C", str(self._folder), "apply", "--yes", "-e", "sandbox"]
        shutil.rmtree(self._folder / ".portctl" / "ledger", ignore_errors=True)
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def _pass_time(self) -> None:
        """New columns and permissions take a moment."""
        self.services.steer("POST", "/advance", {"seconds": 10})

    def _permit(self) -> None:
        self._pass_time()
        nobody: dict[str, Any] = {"roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": False}
        team = {**nobody, "teams": ["platform"]}
        for name, execute in (("pre_deployment_check", nobody), ("approve_and_deploy_service", team)):
            self._good(self.services.port("PATCH", f"/actions/{name}/permissions", {"execute": execute}))

    def _basic(self) -> str:
        keys = self._running.document["services"]["servicenow"]["others"]["approvals"]
        return base64.b64encode(f"{keys['username']}:{keys['password']}".encode()).decode()

    @staticmethod
    def _secret(name: str, value: str) -> dict[str, str]:
        return {"secretName": name, "secretValue": value}

    @staticmethod
    def _good(said: Said) -> Said:
        assert said.is_good, (said.status, said.reason)
        return said


@contextlib.contextmanager
def session(folder: pathlib.Path) -> Iterator[Session]:
    """`folder` is empty; a project that declares ServiceNow's side and Port's webhook is put there."""
    for name in _MINE:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
    project = folder / "portctl.yaml"
    text = project.read_text(encoding="utf-8")
    lines = [
        "manifests: [integrations, servicenow]" if line.startswith("manifests:") else line for line in text.splitlines()
    ]
    project.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "integrations" / "blueprint.yaml").write_text(_OBSERVED, encoding="utf-8")
    running = launcher.up(folder, switches=("server-version=lenient",))  # the guide is older than inputs
    try:
        session = Session(running, folder)
        yield session
        session.services.close()
    finally:
        launcher.down(folder)
