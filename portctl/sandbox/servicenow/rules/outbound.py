"""What `sn_ws.RESTMessageV2` sends: really sent, to this machine only."""

from __future__ import annotations

import base64
import http.client
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from portctl.sandbox.core.world import World
from portctl.sandbox.servicenow.rules.engine import ScriptFault
from portctl.sandbox.servicenow.store.instance import Instance

OUTBOUND = "servicenow-outbound"
"""The name under which these requests stand in the journal, besides the entry of whoever received them."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT_SECONDS = 10.0
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that is ready to be sent."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    timeout_seconds: float = _TIMEOUT_SECONDS


def check_message(instance: Instance, name: str, function: str) -> None:
    """Errors: ScriptFault where there is no such REST message or function."""
    _function(instance, name, function)


def prepare(instance: Instance, spec: dict[str, Any]) -> Outgoing:
    """The request that a script's message amounts to: its record, and what the script set on top."""
    headers: dict[str, str] = {}
    method, url, body = "GET", "", ""
    basic = spec.get("basic")
    if spec["name"] is not None:
        message, function = _function(instance, spec["name"], spec["function"])
        method, url, body = (
            function["http_method"],
            function["rest_endpoint"] or message["rest_endpoint"],
            function["content"],
        )
        headers = _headers(instance, message["sys_id"], function["sys_id"])
        if message["authentication_type"] == "basic" and function["authentication_type"] == "inherit_from_parent":
            basic = basic or [message["basic_auth_user"], message["basic_auth_password"]]
    headers.update(spec["headers"])
    if basic:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(basic).encode()).decode()}"
    url, body = spec.get("endpoint") or url, spec.get("body", body)
    if spec["query"]:
        url += ("&" if "?" in url else "?") + urlencode([(name, value) for name, value in spec["query"]])
    return Outgoing(
        method=(spec.get("method") or method).upper(),
        url=_filled(url, spec["variables"]),
        headers={name: _filled(value, spec["variables"]) for name, value in headers.items()},
        body=_filled(body, spec["variables"]),
        timeout_seconds=min(_TIMEOUT_SECONDS, (spec.get("timeout") or 10_000) / 1000),
    )


def send(world: World, outgoing: Outgoing) -> dict[str, Any]:
    """The answer as a script sees it. Called without the world's lock: whoever answers may need it."""
    parts = urlsplit(outgoing.url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        _record(world, outgoing, 0, f"refused: {parts.hostname or 'no host'} is not on this machine")
        return _failed(f"Unknown host: {parts.hostname}")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=outgoing.timeout_seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(outgoing.method, path, outgoing.body.encode() or None, outgoing.headers)
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        _record(world, outgoing, 0, f"failed: {type(error).__name__}")
        return _failed(str(error) or type(error).__name__)
    finally:
        connection.close()
    _record(world, outgoing, response.status, None)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return {"status": response.status, "body": body, "headers": headers, "error": None}


def _function(instance: Instance, name: str, function: str) -> tuple[dict[str, Any], dict[str, Any]]:
    message = instance.one("sys_rest_message", name=name)
    if message is None:
        raise ScriptFault(f"there is no REST message '{name}'")
    found = instance.one("sys_rest_message_fn", rest_message=str(message["sys_id"]), function_name=function)
    if found is None:
        raise ScriptFault(f"the REST message '{name}' has no function '{function}'")
    return message, found


def _headers(instance: Instance, message: str, function: str) -> dict[str, str]:
    of_message = instance.where("sys_rest_message_headers", rest_message=message)
    of_function = instance.where("sys_rest_message_fn_headers", rest_message_function=function)
    return {str(row["name"]): str(row["value"]) for row in (*of_message, *of_function)}


def _filled(text: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)


def _failed(message: str) -> dict[str, Any]:
    return {"status": 0, "body": "", "headers": {}, "error": message}


def _record(world: World, outgoing: Outgoing, status: int, note: str | None) -> None:
    parts = urlsplit(outgoing.url)
    world.journal.record(
        at=world.clock.stamp(),
        service=OUTBOUND,
        method=outgoing.method,
        path=f"{parts.scheme}://{parts.netloc}{parts.path}",
        query=parts.query,
        status=status,
        route=parts.hostname or "",
        caller="system",
        note=note,
        request_body=outgoing.body.encode(),
        response_body=None,
    )
