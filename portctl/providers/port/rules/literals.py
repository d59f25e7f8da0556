"""Rules about texts that should not stand in a body as they are: placeholders of a guide, credentials, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.providers.port.rules.programs import scalars_of_jq
from portctl.providers.port.rules.shapes import HOLE, Organisation, texts, texts_below
from portctl.providers.port.rules.templates import parse
from portctl.source import Path

_PLACEHOLDER = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}|\{[A-Z][A-Z0-9_]*\}")
_USER = re.compile(r"://(?P<user>[^/\s?#@:]*):(?P<word>[^/\s?#@]*)@")
_QUERY = re.compile(
    r"[?&](?P<name>(?:[\w-]*[_-])?(?:token|secret|password|passwd|api[_-]?key|access[_-]?key|signature|sig|auth))"
    r"=(?P<word>[^&#\s]*)",
    re.IGNORECASE,
)
_SECRET = re.compile(r'\.secrets(?:\.(?P<plain>[A-Za-z_]\w*)|\.?\[\s*"(?P<quoted>[^"]+)"\s*\]|\."(?P<dotted>[^"]+)")')
_PROSE = ("title", "description")
_CALL = "invocationMethod"
_VALUE = "Write <% values.NAME %> for a value of the environment."
_VALUE_OR_SECRET = f"{_VALUE[:-1]}, {{{{ .secrets.NAME }}}} for a secret that Port fills in."


def left_over_placeholders(organisation: Organisation) -> Iterator[Finding]:
    """Port expands `{{ }}` and nothing else."""
    for resource in organisation.ours("Action", "Automation", "Blueprint", "Webhook", "Entity"):
        jq = {path for path, _ in scalars_of_jq(resource)}
        for path, text in texts(resource.attributes, keys=True):
            if path[-1] in _PROSE or path in jq:
                continue
            for found in _PLACEHOLDER.findall(parse(text).rest):
                yield Finding(
                    resource=resource,
                    path=path,
                    summary="Left-over placeholder",
                    detail=f"Port sends {found} as it stands: it expands {{{{ }}}} only",
                    hint=_VALUE_OR_SECRET if path[0] == _CALL else _VALUE,
                )


def credentials_in_urls(organisation: Organisation) -> Iterator[Finding]:
    """Whoever may read an action reads its URL, and so do the logs of the service that is called."""
    for resource in organisation.ours("Action", "Automation", "Blueprint", "Webhook", "Entity"):
        for path, text in texts(resource.attributes):
            if "://" not in text or path[-1] in _PROSE:
                continue
            bare = parse(text).rest
            for match in (*_USER.finditer(bare), *_QUERY.finditer(bare)):
                if match["word"]:
                    name = match.groupdict().get("name") or "user and password"
                    yield Finding(
                        resource=resource,
                        path=path,
                        summary="Credential in a URL",
                        detail=f"{name} stands in clear text where every member of the organisation can read it",
                        hint=_instead(resource, path),
                    )


def _instead(resource: Resource, path: Path) -> str:
    """Where a secret belongs that stands at `path`."""
    shown = resource.kind.readable_at(path)
    return "" if shown is None else shown.instead


def undeclared_secrets(organisation: Organisation) -> Iterator[Finding]:
    """An unknown secret is null, so `Basic {{ .secrets.X }}` becomes `Basic null`."""
    declared = organisation.of("Secret")
    for resource in organisation.ours("Action", "Automation"):
        for path, name in _secrets_of(texts_below(resource, _CALL, keys=True)):
            if name not in declared and HOLE not in name:
                yield Finding(
                    resource=resource,
                    path=path,
                    summary="Secret never declared",
                    detail=f"no port/Secret has the name {name}; Port would put null in its place",
                    hint="Declare a port/Secret, or one with `management: observe` if somebody else owns it.",
                )


def _secrets_of(found: Iterator[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    for path, text in found:
        names = {
            match["plain"] or match["quoted"] or match["dotted"]
            for program in parse(text).programs
            for match in _SECRET.finditer(program)
        }
        for name in sorted(names):
            yield path, name
