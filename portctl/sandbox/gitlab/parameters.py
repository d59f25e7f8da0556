"""What a request sends, merged from query and body, and the check of it against what a route declares.

GitLab ignores parameters that a route does not declare. Source: GitLab docs, "REST API", and Grape's parameter checks.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from portctl.sandbox.core.exchange import Request
from portctl.sandbox.gitlab.errors import GitLabError, bad_parameters, not_emulated

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_BOOLEANS = {
    **dict.fromkeys(("1", "on", "t", "true", "y", "yes"), True),
    **dict.fromkeys(("0", "off", "f", "false", "n", "no"), False),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Type(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXTS = "texts"
    """A list, or one text with commas."""
    INTEGERS = "integers"
    OBJECT = "object"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Field:
    """One declared parameter. `values`: the only ones allowed; `fields`: what an object holds; `later`: 501 if sent."""

    type: Type = Type.TEXT
    required: bool = False
    values: tuple[Any, ...] = ()
    fields: Mapping[str, Field] | None = None
    later: bool = False


Fields = Mapping[str, Field]

TEXT = Field()
NEEDED = Field(required=True)
INTEGER = Field(Type.INTEGER)
BOOLEAN = Field(Type.BOOLEAN)
DATE = Field(Type.DATE)
TEXTS = Field(Type.TEXTS)
LATER = Field(later=True)


def one_of(*values: Any, required: bool = False) -> Field:
    return Field(Type.INTEGER if isinstance(values[0], int) else Type.TEXT, required, values)


def received(request: Request) -> dict[str, Any]:
    """Query and body parameters as one object; the body wins. Errors: 400 unreadable, 415 unknown content type."""
    return {**nested(request.queries()), **_body(request)}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body; `name` as its sender calls it."""

    name: str
    content: bytes


def uploaded(request: Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The parameters, and the files of a multipart body, by the part's name. Errors: as `received`."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return received(request), {}
    pairs: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    for name, file, content in _parts(content_type, request.body):
        if file is not None:
            files[name] = Upload(file, content)
        else:
            pairs.append((name, content.decode("utf-8", "replace")))
    return {**nested(request.queries()), **nested(pairs)}, files


def checked(fields: Fields, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The declared parameters that were sent, converted. Errors: 400 naming every one that is wrong."""
    problems: list[str] = []
    values = _object(fields, sent, "", problems)
    if problems:
        raise bad_parameters(", ".join(problems))
    return values


def at_least_one(values: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Errors: 400 when none of `names` was sent."""
    if not any(name in values for name in names):
        raise bad_parameters(f"{', '.join(names)} are missing, at least one parameter must be provided")


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[]=1&h[k]=v&o[][k]=v` as lists and objects, as Rack reads them."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.match(key)
        if match is None:
            result[key] = value
            continue
        _place(result, [match[1], *_PART.findall(match[2])], value)
    return result


def _place(into: dict[str, Any], path: list[str], value: str) -> None:
    name, *rest = path
    if not rest:
        into[name] = value
    elif rest == [""]:
        items = into.setdefault(name, [])
        if isinstance(items, list):
            items.append(value)
    elif rest[0] == "":
        items = into.setdefault(name, [])
        if not isinstance(items, list):
            return
        if not items or not isinstance(items[-1], dict) or rest[1] in items[-1]:
            items.append({})
        _place(items[-1], rest[1:], value)
    else:
        inner = into.setdefault(name, {})
        if isinstance(inner, dict):
            _place(inner, rest, value)


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    content_type = request.headers.get("content-type", "application/x-www-form-urlencoded")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json(request.body)
    if kind == "application/x-www-form-urlencoded":
        return nested(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if kind == "multipart/form-data":
        return nested(_multipart(content_type, request.body))
    raise GitLabError(415, {"error": f"The provided content-type '{kind}' is not supported."})


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_parameters("message body does not match declared format") from error
    return document if isinstance(document, dict) else {}


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    parts = list(_parts(content_type, body))
    if any(file is not None for _, file, _ in parts):
        raise not_emulated("file uploads")
    return [(name, content.decode("utf-8", "replace")) for name, _, content in parts]


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str | None, bytes]]:
    """Name, name of the file where it is one, and content of each part."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            content = part.get_payload(decode=True)
            yield name, part.get_filename(), content if isinstance(content, bytes) else b""


def _object(fields: Fields, sent: Mapping[str, Any], prefix: str, problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, declared in fields.items():
        label = f"{prefix}[{name}]" if prefix else name
        if name not in sent:
            if declared.required:
                problems.append(f"{label} is missing")
            continue
        if declared.later:
            raise not_emulated(f"the parameter {label}")
        value = _value(declared, sent[name], label, problems)
        if declared.values and value is not None and value not in declared.values:
            problems.append(f"{label} does not have a valid value")
        values[name] = value
    return values


def _value(declared: Field, value: Any, label: str, problems: list[str]) -> Any:
    if value is None:
        return None
    match declared.type:
        case Type.OBJECTS if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [
                _object(declared.fields or {}, item, f"{label}[{number}]", problems)
                for number, item in enumerate(value)
            ]
        case Type.OBJECT if isinstance(value, dict):
            return value if declared.fields is None else _object(declared.fields, value, label, problems)
        case Type.OBJECT | Type.OBJECTS:
            problems.append(f"{label} is invalid")
            return None
    try:
        return _SCALARS[declared.type](value)
    except (ValueError, TypeError):
        problems.append(f"{label} is invalid")
        return None


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise TypeError
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, (bool, float, dict, list)):
        raise TypeError
    return int(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, (str, int)) or str(value).lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[str(value).lower()]


def _date(value: Any) -> str:
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return [part.strip() for part in _text(value).split(",") if part.strip()]


def _integers(value: Any) -> list[int]:
    return [_integer(item) for item in (value if isinstance(value, list) else _texts(value))]


_SCALARS = {
    Type.TEXT: _text,
    Type.INTEGER: _integer,
    Type.BOOLEAN: _boolean,
    Type.DATE: _date,
    Type.TEXTS: _texts,
    Type.INTEGERS: _integers,
}
