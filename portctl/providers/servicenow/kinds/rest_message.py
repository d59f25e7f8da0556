"""Outbound REST message with its functions and headers. Source: ServiceNow docs, "Outbound REST web service"."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.kind import Coverage, Kind, Merge, Output, Privilege, Verb
from portctl.model.value import Attributes, Value
from portctl.providers.servicenow.fields import SHOWN
from portctl.providers.servicenow.keys import chosen_id
from portctl.providers.servicenow.refusals import API
from portctl.providers.servicenow.schemas.rest_message import rest_message
from portctl.providers.servicenow.values import texts


def _canonical(attributes: Attributes) -> Attributes:
    """Instances differ in the case of methods.

    What a function has of its own comes before what the message says: its endpoint, its authentication and its headers.
    So who does not name them says that the function has none.
    """
    result = texts(attributes)
    functions = result.get("functions")
    if not isinstance(functions, Mapping):
        return result
    headers = result.get("headers")
    of_all: Attributes = dict.fromkeys(headers, "") if isinstance(headers, Mapping) else {}
    return {**result, "functions": {name: _function(function, of_all) for name, function in functions.items()}}


def _function(function: Value, of_all: Attributes) -> Value:
    method = function.get("http_method") if isinstance(function, Mapping) else None
    if not isinstance(method, str) or not isinstance(function, Mapping):
        return function
    own = function.get("headers")
    return {
        **_INHERITED,
        **function,
        "http_method": method.lower(),
        "headers": {**of_all, **(own if isinstance(own, Mapping) else {})},
    }


_INHERITED: Attributes = {"rest_endpoint": "", "authentication_type": "inherit_from_parent"}


KIND = Kind(
    provider="servicenow",
    name="RestMessage",
    source="ServiceNow docs, Outbound REST web service (sys_rest_message, sys_rest_message_fn, their headers)",
    summary="An outbound REST message: where scripts send to, with its functions and headers.",
    identity=("name",),
    collection=f"{API}/sys_rest_message",
    item="{collection}/{sys_id}",
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    clear={"authentication_type": "noAuth", "access": "package_private"},
    server_owned=("sys_id", "sys_created_by", "sys_updated_on", "rows"),
    defaults={
        "authentication_type": "noAuth",
        "access": "package_private",
        "functions.*.authentication_type": "inherit_from_parent",
    },
    empty=(
        "description",
        "rest_endpoint",
        "headers",
        "headers.*",
        "functions",
        "functions.*",
        "functions.*.rest_endpoint",
        "functions.*.content",
        "functions.*.headers",
        "functions.*.headers.*",
    ),
    essential=("functions.*.http_method",),
    text=("description", "functions.*.content"),
    sensitive=("rest_endpoint", "headers.*", "functions.*.rest_endpoint", "functions.*.headers.*"),
    server_id="sys_id",
    maker="sys_created_by",
    foretold=lambda identity: chosen_id("sys_rest_message", identity[0]),
    parts=("headers", "functions"),
    outputs=(Output("sys_id", "sys_id"),),
    canonical=_canonical,
    remarks=(
        (
            "Functions and headers are named by their keys; those that the manifest does not name are left alone, and "
            "so is an `authentication_type` of the message that it does not name."
        ),
        (
            "What a function has of its own overrides what the message says. So of a function that the manifest names, "
            "these go where they are not declared: its endpoint, its authentication, and headers called like one that "
            "the manifest gives the message."
        ),
        "Read with one request per table. An update writes only the rows that differ.",
        "ServiceNow shows endpoints and header values to who may read the message; here they are shown to nobody.",
    ),
    readable=SHOWN,
    schema=rest_message,
    privilege=Privilege.both("web_service_admin, or admin"),
)
