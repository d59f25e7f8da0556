"""What the project file and an environment file have in common: secrets, guards, values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portctl.config.section import Section
from portctl.findings import did_you_mean, listing
from portctl.model.project import Guards, SecretOrigin, SecretSource
from portctl.model.value import Attributes, Value

API_GROUP = "portctl/"
API_VERSION = f"{API_GROUP}v1"
_SECRET_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ORIGINS = ("env", "dotenv", "file", "command", "value")


def check_version(top: Section) -> None:
    """The file must say which format it is written in."""
    found = top.value.get("apiVersion")
    if found is None:
        top.complain((), "Missing key", f"apiVersion is missing; write `apiVersion: {API_VERSION}`.")
    elif found != API_VERSION:
        top.complain(("apiVersion",), "Unknown apiVersion", f"This version of portctl reads {API_VERSION}.")


def read_guards(section: Section, default: Guards) -> Guards:
    section.close(("deletes", "deleteShare"), "guards")
    deletes = section.number("deletes", default.deletes)
    share = section.number("deleteShare", default.delete_share)
    if deletes != int(deletes):
        section.complain(("deletes",), "Wrong type", "deletes is a whole number.")
    if share > 1:
        section.complain(("deleteShare",), "Value not accepted", "deleteShare is a share: 0.2 is 20%, 1 is everything.")
    return Guards(int(deletes), float(share))


def read_values(section: Section) -> Attributes:
    """Values are literal: what they contain is never rendered again."""
    section.refuse_placeholders(
        "Values are literal: this would be sent as it stands. Use <% values... %> in manifests."
    )
    return section.value


def read_secrets(section: Section, *, sandbox: bool = False) -> Mapping[str, SecretSource]:
    """Declared secrets. `{value: ...}` and `{sandbox: service.person.credential}` are accepted for a sandbox only."""
    section.refuse_placeholders("A secret's source is literal.")
    return {name: source for name in section.value if (source := _secret(section, name, sandbox=sandbox)) is not None}


def _secret(section: Section, name: str, *, sandbox: bool) -> SecretSource | None:
    if _SECRET_NAME.fullmatch(name) is None:
        section.complain_key(name, "Malformed name", "The name of a secret has letters, digits, `_` and `-`.")
        return None
    written = section.value[name]
    if written is None:
        return SecretSource(name, SecretOrigin.ENV, name)
    if not isinstance(written, Mapping):
        section.complain((name,), "Wrong type", "A secret is a mapping that names its source, never its value.", _FORMS)
        return None
    source = section.section(name)
    origins = (*_ORIGINS, "sandbox") if sandbox else _ORIGINS
    chosen = [origin for origin in origins if origin in written]
    for key in written:
        if key not in (*origins, "path"):
            detail = f'A secret has no "{key}".{did_you_mean(key, origins)}'
            source.complain_key(key, "Unknown key", detail, f"Known keys: {listing((*origins, 'path'))}.")
    if len(chosen) != 1:
        section.complain((name,), "Source of a secret", f"A secret has one source; this one has {len(chosen)}.", _FORMS)
        return None
    origin = SecretOrigin(chosen[0])
    if "path" in written and origin is not SecretOrigin.DOTENV:
        source.complain_key("path", "Unknown key", "path belongs to `dotenv`.")
    if origin is SecretOrigin.VALUE and not sandbox:
        source.complain_key(
            "value", "Secret in a file", "A value may stand here in a sandbox environment only.", "Name its source."
        )
        return None
    argument = _argument(source, origin)
    return SecretSource(name, origin, argument, source.text("path", ".env")) if argument else None


_FORMS = "{env: VARIABLE}, {dotenv: VARIABLE, path: .env}, {file: path} or {command: [program, argument]}"


def _argument(source: Section, origin: SecretOrigin) -> str | tuple[str, ...]:
    value: Value = source.value[origin.value]
    if origin is SecretOrigin.COMMAND:
        words = source.texts("command")
        if value == ():
            source.complain(("command",), "Wrong type", "A command has at least one word.")
        return words
    return source.text(origin.value)
