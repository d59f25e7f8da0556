"""The examples of every kind after a change that touches every kind: what is updated, replaced, removed and added."""

from __future__ import annotations

import copy
from typing import Any

from tests.laws.samples import MANIFESTS, SECRETS, manifest

CHANGED_SECRETS = {**SECRETS, "LAW_TOKEN": "law-token-value-2", "LAW_SIGNING": "law-signing-value-2"}


def changed() -> dict[str, list[dict[str, Any]]]:
    files = copy.deepcopy(MANIFESTS)
    specs = {(each["kind"], _name(each)): each["spec"] for documents in files.values() for each in documents}
    release = specs["port/Blueprint", "release"]
    release["schema"]["properties"]["channel"] = {"type": "string", "title": "Channel"}
    release["title"] = "Shipped release"
    specs["port/Action", "ship_release"]["title"] = "Ship it later"
    specs["port/Automation", "tell_release"]["publish"] = False
    permissions = next(each for each in files["access.yaml"] if each["kind"] == "port/ActionPermissions")
    permissions["spec"]["execute"]["teams"] = ["platform"]
    specs["port/Webhook", "release-hook"]["mappings"][0]["filter"] = ".body.id"
    specs["port/Entity", "CHG1"]["properties"]["summary"] = "The first change"
    specs["gitlab/Project", "laws"]["build_timeout"] = 3600
    specs["gitlab/Variable", "target"]["value"] = "some"
    specs["gitlab/Variable", "hidden"]["hidden"] = False
    specs["gitlab/GroupVariable", "file"]["value"] = "line one\n"
    specs["gitlab/PipelineTrigger", "laws"]["expires_at"] = "2998-12-31"
    written = specs["gitlab/Files", "pipeline"]["files"]
    del written["docs/empty.md"]
    written["docs/full.md"] = {"content": "Full\n"}
    specs["servicenow/Column", "law"]["column_label"] = "Law of the land"
    message = specs["servicenow/RestMessage", "laws"]
    message["description"] = "Sends what changed"
    del message["functions"]["Default GET"]
    message["functions"]["put"] = {"http_method": "put", "headers": {"X-Put": "yes"}}
    message["functions"]["post"]["headers"]["Content-Type"] = "text/plain"
    specs["servicenow/BusinessRule", "laws"]["order"] = 300
    specs["servicenow/Record", "laws-group"]["columns"]["description"] = "Changes the laws"
    files["gitlab.yaml"] = [each for each in files["gitlab.yaml"] if _name(each) != "target-review"]
    files["entities.yaml"].append(
        manifest("port/Entity", {"identifier": "CHG2", "blueprint": "change", "title": "Second change"})
    )
    return files


def _name(document: dict[str, Any]) -> str:
    spec, metadata = document["spec"], document["metadata"]
    return str(metadata.get("name") or spec.get("identifier") or spec.get("secretName"))
