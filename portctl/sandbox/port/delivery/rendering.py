"""The invocation of a run after template evaluation: as it is sent, and as it is shown. Source: port.md 5.3, 5.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port import templates
from portctl.sandbox.port.jq_program import UNDEFINED
from portctl.sandbox.port.store.organisation import Organisation

MASK = "******"


@dataclass(frozen=True, slots=True)
class Rendered:
    """`sent` has the values of secrets, `shown` a mask in their place."""

    sent: Row
    shown: Row


def secrets_of(organisation: Organisation) -> dict[str, str]:
    return {name: row["secretValue"] for name, row in organisation.state.rows("secrets").items()}


def render(method: Row, data: Row, secrets: dict[str, str]) -> Rendered:
    """Evaluate every template of an invocation method. Errors: TemplateError."""
    sent = _evaluated(method, {**data, "secrets": secrets})
    if not secrets:
        return Rendered(sent, sent)
    return Rendered(sent, _evaluated(method, {**data, "secrets": dict.fromkeys(secrets, MASK)}))


def _evaluated(method: Row, data: Row) -> Row:
    kept = ("type", "blueprintIdentifier")
    rest: Any = templates.render({name: value for name, value in method.items() if name not in kept}, data)
    return {**{name: method[name] for name in kept if name in method}, **rest}


def text(value: Any) -> str:
    """A header or URL as it is sent: strings as they are, everything else as JSON."""
    if value is UNDEFINED:
        return "undefined"
    return value if isinstance(value, str) else templates.printed(value)
