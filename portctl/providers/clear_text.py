"""Rules: secrets that stand in a manifest as they are.

What is a secret is told in two ways: the kind says so (`write_only`: whoever is given such a value never gives it
back), or the text looks like one. No finding shows the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from portctl.credentials import credentials_in, is_stand_in, looks_random, sounds_secret
from portctl.manifest.lint import Finding, Rule
from portctl.model.diagnostic import Severity
from portctl.model.kind import Kind, within
from portctl.model.resource import Management, Resource
from portctl.model.value import Pending, Value, get, leaves
from portctl.source import Path

_HOLE = "\ufffc"
_TEMPLATES = (("{{", "}}"), ("${", "}"))
_SCHEME = re.compile(r"(?i)^\s*(?:basic|bearer|token|apikey|digest)\b\s*")
_URL_USER = re.compile(r"://(?P<user>[^/\s?#@:]*):(?P<word>[^/\s?#@]+)@")
_HEADERS = "headers"
_CONTENT = "content"
_NAMES = ("key", "name")
_OWN_NAMES = ("secretName", "key")


def secret_literals(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every literal in a field that its kind calls secret, and in a header that signs in."""
    for resource, path, text in _texts(resources):
        field = ".".join(map(str, path))
        if _is_secret_field(resource.kind, path) and not _is_filled_in(text):
            detail = f"`{field}` of {resource.kind.full_name} is a secret, and its value stands here in clear text"
            yield _finding(resource, path, detail, _by_secret(resource, path))
        elif _signs_in(path, text):
            detail = f"the header `{path[-1]}` signs in, and its value stands here in clear text"
            yield _finding(resource, path, detail, _elsewhere(resource, path))


def secret_shaped(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every text that looks like a credential, wherever it stands."""
    for resource, path, text in _texts(resources):
        if (_is_secret_field(resource.kind, path) and not _is_filled_in(text)) or _signs_in(path, text):
            continue
        for what, start in _looks(resource, path, text):
            line = text.count("\n", 0, start) + 1
            place = (*path, line) if path[-1] == _CONTENT else path
            detail = f"what stands here looks like {what}, in clear text"
            yield _finding(resource, place, detail, _elsewhere(resource, path))


def _texts(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Path, str]]:
    for resource in resources:
        if resource.management is Management.OBSERVE:
            continue
        for path, leaf in leaves(resource.attributes):
            text = _shown(leaf)
            if text.strip() and path:
                yield resource, path, text


def _shown(leaf: Value) -> str:
    """Text as it is written, holes marked; "" for what is no text, or is a hole as a whole."""
    if isinstance(leaf, Pending):
        parts = [part for part in leaf.parts if isinstance(part, str)]
        return _HOLE.join(("", *parts, "")) if parts else ""
    return leaf if isinstance(leaf, str) else ""


def _is_secret_field(kind: Kind, path: Path) -> bool:
    return any(within(pattern, path) for pattern in kind.write_only)


def _is_filled_in(text: str) -> bool:
    """Whether something else stands there in the end."""
    return _HOLE in text or any(start in text and end in text.partition(start)[2] for start, end in _TEMPLATES)


def _signs_in(path: Path, text: str) -> bool:
    """Whether a header carries a credential that is written out."""
    if len(path) < 2 or path[-2] != _HEADERS or not isinstance(path[-1], str) or not sounds_secret(path[-1]):
        return False
    if _is_filled_in(text):
        return False
    rest = _SCHEME.sub("", text).strip()
    return bool(rest) and not is_stand_in(rest)


def _looks(resource: Resource, path: Path, text: str) -> Iterator[tuple[str, int]]:
    """What a text looks like, and where that begins; one thing at each place."""
    told: set[int] = set()
    for found in credentials_in(text):
        told.add(found.start)
        yield found.what, found.start
    if told:
        return
    in_file = path[-1] == _CONTENT
    for match in _URL_USER.finditer(text) if resource.address.provider != "port" else ():
        if _is_password(match, in_file=in_file):
            yield "a password in a URL", match.start()
            return
    if _is_called_secret(resource, path) and looks_random(text.strip()):
        yield "a credential, by its name and its letters", 0


def _is_password(match: re.Match[str], *, in_file: bool) -> bool:
    """In a file, which may be about a test, only what looks random counts."""
    word = match["word"]
    if _is_filled_in(word) or word.startswith("$") or word == match["user"] or is_stand_in(word):
        return False
    return looks_random(word) if in_file else True


def _is_called_secret(resource: Resource, path: Path) -> bool:
    """Whether the key of a value, or the name beside it, says that it is a credential."""
    last = path[-1]
    names = [last] if isinstance(last, str) else []
    if last == "value":
        around = get(resource.attributes, path[:-1])
        names += [str(around[name]) for name in _NAMES if isinstance(around, Mapping) and name in around]
    return any(sounds_secret(name) for name in names)


def _finding(resource: Resource, path: Path, detail: str, hint: str) -> Finding:
    return Finding(resource=resource, path=path, summary="Secret in clear text", detail=detail, hint=hint)


def _by_secret(resource: Resource, path: Path) -> str:
    given = next((resource.attributes[key] for key in _OWN_NAMES if key in resource.attributes), None)
    name = re.sub(r"\W+", "_", given if isinstance(given, str) else f"{resource.address.name}_{path[-1]}").upper()
    return (
        f"Write `<% secret('{name}') %>` and declare it under `secrets:` in portctl.yaml: `{name}: {{env: {name}}}`. "
        "A secret that has been in git is known to all who can read it: replace it."
    )


def _elsewhere(resource: Resource, path: Path) -> str:
    """What to do where the field itself is no secret to the service."""
    if resource.address.provider == "port":
        return "Declare a port/Secret and write `{{ .secrets.NAME }}` here. Replace a secret that has been in git."
    if resource.kind.full_name == "gitlab/Files":
        return (
            "Put it into a gitlab/Variable that is masked, and read that here. Replace a secret that has been in git."
        )
    return _by_secret(resource, path)


RULES: tuple[Rule, ...] = (
    Rule(
        id="manifest/secret-literal",
        severity=Severity.ERROR,
        summary="A field that holds a secret, or a header that signs in, with its value in clear text",
        check=secret_literals,
    ),
    Rule(
        id="manifest/secret-shaped",
        severity=Severity.ERROR,
        summary="A text that looks like a token, a key or a password",
        check=secret_shaped,
    ),
)
