"""Inputs of an action, looked at before they are sent: Port's refusal does not name the words that it would take."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.story.services import Services


def complaint_about(services: Services, action: str, inputs: Mapping[str, str]) -> str:
    """What is wrong with inputs by the action's own definition; nothing where it cannot tell."""
    said = services.port("GET", f"/actions/{action}")
    if not said.is_good:
        rows = services.port("GET", "/actions").body["actions"]
        known = sorted(row["identifier"] for row in rows if row["trigger"]["type"] == "self-service")
        return f"there is no action {action}; there are {', '.join(known) or 'none'}"
    trigger = said.body["action"]["trigger"]
    declared = trigger.get("userInputs") or {}
    for name, value in inputs.items():
        words = declared.get("properties", {}).get(name, {}).get("enum")
        if isinstance(words, list) and value not in words:
            return f"{name} is one of {', '.join(words[:-1])} and {words[-1]}, not {value}"
    required = declared.get("required", [])
    missing = [name for name in required if isinstance(required, list) and name not in inputs]
    if not missing:
        return ""
    options = " ".join(f"--input {name}=..." for name in missing)
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; give {options}"
