"""Rules: secrets that stand in a manifest as they are.

What is a secret is told in three ways: the kind says so (`write_only`: whoever is given such a value never gives it
back), the text looks like one, or only its name says so, which is a warning. No finding shows the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from portctl.credentials import credentials_in, is_stand_in, sounds_secret
from portctl.manifest.lint import Finding, Rule
from portctl.model.diagnostic import Severity
from portctl.model.kind import Kind, within
from portctl.model.resource import Management, Resource
from portctl.model.value import Pending, Value, get, leaves
from portctl.source import Path
from portctl.written_out import Written, is_made_up, is_random, named_secret, written_in_urls, written_out

_HOLE = "\ufffc"
_TEMPLATES = (("{{", "}}"), ("${", "}"))
_SCHEME = re.compile(r"(?i)^\s*(?:basic|bearer|token|apikey|digest)\b\s*")
_VARIABLE = re.compile(r"\$[A-Za-z_]\w*")
_HEADERS = "headers"
_CALLS = "invocationMethod"
"""What Port calls has a rule of its own."""

_CONTENT = "content"
_NAMES = ("key", "name")
_NO_VALUES = ("true", "false", "null", "none")
_OWN_NAMES = ("secretName", "key")


def secret_literals(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every literal in a field that its kind calls secret, and in a header that signs in."""
    for resource, path, text in _texts(resources):
        field = ".".join(map(str, path))
        if _is_secret_field(resource.kind, path) and not _is_filled_in(text):
            detail = f"`{field}` of {resource.kind.full_name} is a secret, and its value stands here in clear text"
            yield _finding(resource, path, detail, _by_secret(resource, path))
        elif _signs_in(path, text):
            yield _finding(resource, path, _header(path[-1], text), _elsewhere(resource, path))


def secret_shaped(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every text that looks like a credential, wherever it stands."""
    for resource, path, text in _not_known_as_secrets(resources):
        for what, start in _looks(resource, path, text):
            detail = f"what stands here looks like {what}, in clear text"
            yield _finding(resource, _line(path, text, start), detail, _elsewhere(resource, path))
    yield from _labels(resources)


def secret_named(resources: Sequence[Resource]) -> Iterator[Finding]:
    """Every text that only its name makes a secret."""
    for resource, path, text in _not_known_as_secrets(resources):
        told = {_line(path, text, start) for _, start in _looks(resource, path, text)}
        found = [(each.what, each.start) for each in _given(path, text) if not each.surely]
        if not told and named_secret(_name(resource, path)) and _is_value(resource, text.strip()):
            found = [(f"the value of {_name(resource, path)}", 0)]
        for what, start in found:
            place = _line(path, text, start)
            if place not in told:
                told.add(place)
                yield _finding(resource, place, f"{what} stands here in clear text", _elsewhere(resource, path))


def _not_known_as_secrets(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Path, str]]:
    for resource, path, text in _texts(resources):
        if not ((_is_secret_field(resource.kind, path) and not _is_filled_in(text)) or _signs_in(path, text)):
            yield resource, path, text


def _labels(resources: Sequence[Resource]) -> Iterator[Finding]:
    for resource in resources:
        for name, text in resource.meta.labels.items():
            for found in credentials_in(text):
                detail = f"what stands here looks like {found.what}, in clear text"
                hint = "Labels are for choosing manifests. Replace a secret that has been in git."
                finding = _finding(resource, ("metadata", "labels", name), detail, hint)
                yield replace(finding, of_envelope=True)


def _line(path: Path, text: str, start: int) -> Path:
    """`path`, and in the text of a file the line."""
    return (*path, text.count("\n", 0, start) + 1) if path[-1] == _CONTENT else path


def _header(name: object, text: str) -> str:
    """What to say of a header that signs in."""
    variable = _VARIABLE.fullmatch(_SCHEME.sub("", text).strip())
    if variable is not None:
        nothing = f"nothing fills in `{variable[0]}`: the service sends it as it stands here"
        return f"the header `{name}` signs in, and {nothing}"
    return f"the header `{name}` signs in, and its value stands here in clear text"


def _texts(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Path, str]]:
    for resource in resources:
        if resource.management is Management.OBSERVE:
            continue
        for path, leaf in leaves(resource.attributes):
            text = _shown(leaf)
            if text.strip() and path:
                yield resource, path, text


def _shown(leaf: Value) -> str:
    """Text as it is written, placeholders marked; "" for what is no text, or is a placeholder as a whole."""
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
    for each in _given(path, text):
        if each.surely:
            told.add(each.start)
            yield each.what, each.start
    if not told and sounds_secret(_name(resource, path)) and is_random(text.strip()):
        yield "a credential, by its name and its letters", 0


def _given(path: Path, text: str) -> Iterator[Written]:
    """What a text gives to a name. In a file, which may be about a test, a URL counts if its password is no word."""
    if path[0] != _CALLS:
        in_file = path[-1] == _CONTENT
        for each in written_in_urls(text):
            yield each if in_file else replace(each, surely=True)
    yield from written_out(text)


def _name(resource: Resource, path: Path) -> str:
    """What a value is called: by its key, or by the name beside it or above it."""
    last = path[-1]
    around = get(resource.attributes, path[:-1])
    if last == "value" and isinstance(around, Mapping):
        return next((around[name] for name in _NAMES if isinstance(around.get(name), str)), "")
    above = path[-2] if last == "default" and len(path) > 1 else last
    return above if isinstance(above, str) else ""


def _is_value(resource: Resource, text: str) -> bool:
    """Whether a text under the name of a secret is its value: any word of a CI/CD variable, else what is made up."""
    if _is_filled_in(text) or is_stand_in(text) or text.lower() in _NO_VALUES or text[0] in "$./":
        return False
    if resource.kind.unseen:
        return re.search(r"\s", text) is None
    return is_made_up(text)


def _finding(resource: Resource, path: Path, detail: str, hint: str) -> Finding:
    """A finding that names the value of the environment where that is what is in clear text."""
    origin = resource.origins.get(path, "")
    if origin.startswith("values."):
        detail += f"; it comes from {origin}"
        hint = f"Take it out of there: it is read by more people than secrets may be. {hint}"
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
    shown = resource.kind.readable_at(path)
    if shown is None:
        return _by_secret(resource, path)
    return f"{shown.instead} Replace a secret that has been in git."


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
    Rule(
        id="manifest/secret-named",
        severity=Severity.WARNING,
        summary="A value that stands under the name of a secret",
        check=secret_named,
    ),
)
