"""The rules about ServiceNow, in the order of docs/rules.md."""

from __future__ import annotations

from portctl.manifest.lint import Rule
from portctl.model.diagnostic import Severity
from portctl.providers.readable import secret_in_clear
from portctl.providers.servicenow.rules.records import deleted_users, nameless_references
from portctl.providers.servicenow.rules.scripts import (
    blind_asynchronous,
    not_es5,
    undefined_names,
    unknown_messages,
)
from portctl.providers.servicenow.rules.shapes import per_instance
from portctl.providers.servicenow.rules.tables import unknown_tables

RULES: tuple[Rule, ...] = (
    Rule(
        id="servicenow/script-not-es5",
        severity=Severity.ERROR,
        summary="A script or condition that is not ECMAScript 5",
        check=per_instance(not_es5),
    ),
    Rule(
        id="servicenow/script-undefined-name",
        severity=Severity.ERROR,
        summary="A name in a script that nothing defines",
        check=per_instance(undefined_names),
    ),
    Rule(
        id="servicenow/async-blind",
        severity=Severity.ERROR,
        summary="An asynchronous script that asks what changed",
        check=per_instance(blind_asynchronous),
    ),
    Rule(
        id="servicenow/message-unknown",
        severity=Severity.ERROR,
        summary="A script that sends a REST message or function that is not declared",
        check=per_instance(unknown_messages),
    ),
    Rule(
        id="servicenow/reference-without-table",
        severity=Severity.ERROR,
        summary="A name of another record without the table that it is in",
        check=per_instance(nameless_references),
    ),
    Rule(
        id="servicenow/user-deleted",
        severity=Severity.WARNING,
        summary="A user that would be deleted when the manifest goes",
        check=per_instance(deleted_users),
    ),
    Rule(
        id="servicenow/table-unknown",
        severity=Severity.WARNING,
        summary="A table that no instance has by itself",
        check=per_instance(unknown_tables),
    ),
    secret_in_clear("servicenow"),
)
