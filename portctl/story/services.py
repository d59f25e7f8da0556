"""What people and watchers do at the three services of a sandbox, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from portctl.errors import InvalidInput

if TYPE_CHECKING:
    import httpx

Row = dict[str, Any]
ORGANISATION = "the organisation"
_TIMEOUT_SECONDS = 300.0
_LATE_SECONDS = 10.0
_POLL_SECONDS = 0.1
_CHANGES = "/api/now/table/change_request"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, and its body where that is JSON (else the text)."""

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """What a refusal says, in the words of whichever service it was."""
        if not isinstance(self.body, dict):
            return str(self.body)[:200]
        error = self.body.get("error")
        inner = error.get("message") if isinstance(error, dict) else None
        return str(inner or self.body.get("message") or error or self.body)


class Services:
    """Clients of a running sandbox. `document`: its address file. `pipelines`: the project whose pipelines deploy.

    A person is named as the credential in the address file: `developer`, `engineer` (Port), `approver` (ServiceNow).
    """

    def __init__(self, document: Mapping[str, Any], pipelines: str = "platform/deployment") -> None:
        import httpx

        self._document = document
        self._tokens: dict[str, str] = {}
        self._http: httpx.Client = httpx.Client(timeout=_TIMEOUT_SECONDS)
        self._project = f"projects/{quote(pipelines, safe='')}"

    def close(self) -> None:
        self._http.close()

    def port(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        said = self._send(method, f"{self._url('port')}/v1{path}", body, self._login(person))
        if said.status == 401:  # tokens expire
            self._tokens.pop(person, None)
            said = self._send(method, f"{self._url('port')}/v1{path}", body, self._login(person))
        return said

    def _login(self, person: str) -> Mapping[str, str]:
        if person not in self._tokens:
            keys = self._credentials("port", person)
            login = {name: keys[name] for name in ("clientId", "clientSecret")}
            answer = self._send("POST", f"{self._url('port')}/v1/auth/access_token", login)
            self._tokens[person] = answer.body["accessToken"]
        return {"authorization": f"Bearer {self._tokens[person]}"}

    def gitlab(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        headers = {"private-token": self._credentials("gitlab", person)["token"]}
        return self._send(method, f"{self._url('gitlab')}/api/v4/{path}", body, headers)

    def snow(self, method: str, path: str, body: Any = None, *, person: str = "approver") -> Said:
        keys = self._credentials("servicenow", person)
        headers = {"x-sn-apikey": keys["apiKey"], "accept": "application/json"}
        return self._send(method, f"{self._url('servicenow')}{path}", body, headers)

    def steer(self, method: str, path: str, body: Any = None) -> Any:
        """The control address of the sandbox."""
        return self._send(method, f"{self._document['control']}{path}", body).body

    def anybody(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        """A request of somebody without an account."""
        return self._send(method, url, body, headers)

    def start(self, action: str, inputs: Row, entity: str | None = None, *, person: str = ORGANISATION) -> Said:
        body = {"properties": inputs, **({} if entity is None else {"entity": entity})}
        return self.port("POST", f"/actions/{action}/runs", body, person=person)

    def run(self, run_id: str) -> Row:
        """A run that was started; it may take a moment to show."""
        deadline = time.monotonic() + _LATE_SECONDS
        while True:
            said = self.port("GET", f"/actions/runs/{run_id}?version=v2")
            if said.status != 404 or time.monotonic() > deadline:
                found: Row = said.body["run"]
                return found
            time.sleep(_POLL_SECONDS)

    def runs(self, action: str) -> list[Row]:
        """Newest first."""
        found: list[Row] = self.port("GET", f"/actions/runs?version=v2&action={action}").body["runs"]
        return found

    def open_runs(self) -> list[Row]:
        found: list[Row] = self.port("GET", "/actions/runs?version=v2&active=true").body["runs"]
        return found

    def open_deployments(self) -> list[Row]:
        """What Port's catalogue shows as open."""
        found: list[Row] = self.port("GET", "/blueprints/openDeployment/entities").body["entities"]
        return found

    def log(self, run_id: str) -> list[str]:
        lines = self.port("GET", f"/actions/runs/{run_id}/logs").body["runLogs"]
        return [str(line["message"]) for line in lines]

    def entity(self, change: str) -> Row:
        """The change request as Port's catalogue has it."""
        found: Row = self.port("GET", f"/blueprints/servicenowChangeRequest/entities/{change}").body["entity"]
        return found

    def changes_of(self, run_id: str) -> list[Row]:
        """The change requests that were opened for a run."""
        query = f"{_CHANGES}?sysparm_query=correlation_id={run_id}"
        rows = self.snow("GET", query, person="admin").body["result"]
        return [row for row in rows if row["correlation_id"] == run_id]

    def change(self, number: str) -> Row | None:
        rows = self.snow("GET", f"{_CHANGES}?sysparm_query=number={number}", person="admin").body["result"]
        return next((row for row in rows if row["number"] == number), None)

    def decide(self, change: str, word: str, reason: str, *, person: str = "approver") -> Said:
        body = {"state": word, "comments": reason}
        return self.snow("PATCH", f"/api/sn_chg_rest/change/{change}/approvals", body, person=person)

    def notes(self, change: str) -> list[str]:
        query = f"element_id={change}^element=work_notes^ORDERBYsys_created_on"
        rows = self.snow("GET", f"/api/now/table/sys_journal_field?sysparm_query={query}", person="admin").body[
            "result"
        ]
        return [str(row["value"]) for row in rows]

    def projects(self) -> list[str]:
        """The paths of all projects that GitLab shows to its administrator."""
        found: list[str] = []
        page = 1
        while rows := self.gitlab("GET", f"projects?simple=true&per_page=100&page={page}", person="admin").body:
            found += [str(row["path_with_namespace"]) for row in rows]
            page += 1
        return sorted(found)

    def pipelines(self, project: str = "") -> list[Row]:
        """The last hundred, oldest first, without those that GitLab has made of a call that it refused.

        `project`: another one than that whose pipelines deploy.
        """
        path, person = f"{self._of(project)}/pipelines", "admin" if project else ORGANISATION
        rows: list[Row] = self.gitlab("GET", f"{path}?per_page=100&yaml_errors=false", person=person).body
        return rows[::-1] if isinstance(rows, list) else []

    def jobs(self, pipeline: int, project: str = "") -> list[Row]:
        """In the order of their stages, those that were run again too."""
        path = f"{self._of(project)}/pipelines/{pipeline}/jobs?per_page=100&include_retried=true"
        rows: list[Row] = self.gitlab("GET", path, person="admin" if project else ORGANISATION).body
        return sorted(rows, key=lambda row: row["id"])

    def _of(self, project: str) -> str:
        return f"projects/{quote(project, safe='')}" if project else self._project

    def trace(self, job: int) -> str:
        return str(self.gitlab("GET", f"{self._project}/jobs/{job}/trace").body)

    def trigger(self) -> tuple[str, str]:
        """The address that starts the pipeline, and the token that it asks for."""
        tokens = self.gitlab("GET", f"{self._project}/triggers").body
        return f"{self._url('gitlab')}/api/v4/{self._project}/trigger/pipeline", str(tokens[0]["token"])

    def retry(self, job: int) -> Said:
        return self.gitlab("POST", f"{self._project}/jobs/{job}/retry")

    def commit(self, project: str, message: str, files: Mapping[str, str | None]) -> Said:
        """Write files on the default branch; None deletes one."""
        actions: list[Row] = [
            {"action": "delete", "file_path": path}
            if text is None
            else {"action": self._writing(project, path), "file_path": path, "content": text}
            for path, text in files.items()
        ]
        body = {"branch": "main", "commit_message": message, "actions": actions}
        return self.gitlab("POST", f"projects/{quote(project, safe='')}/repository/commits", body)

    def file(self, project: str, path: str) -> Said:
        """The text of a file on the default branch."""
        place = f"projects/{quote(project, safe='')}/repository/files/{quote(path, safe='')}"
        return self.gitlab("GET", f"{place}/raw?ref=main")

    def _writing(self, project: str, path: str) -> str:
        return "update" if self.file(project, path).is_good else "create"

    def webhook(self) -> str:
        """Where ServiceNow delivers to."""
        for row in self.port("GET", "/webhooks").body["integrations"]:
            if row["identifier"] == "servicenow":
                return str(row["url"]).replace("https://ingest.port.io", f"{self._url('port')}/ingest")
        return ""

    def _url(self, service: str) -> str:
        return str(self._document["services"][service]["url"])

    def _credentials(self, service: str, person: str) -> Mapping[str, str]:
        known = self._document["services"][service]
        if person == ORGANISATION:
            own: Mapping[str, str] = known["credentials"]
            return own
        if person not in known["others"]:
            hint = f"One of: {', '.join(sorted(known['others']))}."
            raise InvalidInput("Nobody of that name", f"{person} has no credentials of {service}", hint=hint)
        found: Mapping[str, str] = known["others"][person]
        return found

    def _send(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        answer = self._http.request(method, url, json=body, headers=dict(headers or {}))
        try:
            return Said(answer.status_code, answer.json())
        except ValueError:
            return Said(answer.status_code, answer.text)
