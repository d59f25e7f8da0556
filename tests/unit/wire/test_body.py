"""Bodies of answers: what is read of them, and what no JSON that anybody could rely on looks like."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import AnswerLost, Unreachable
from portctl.wire.body import Limits, NotJson, Unusable, parse_body, read_body
from tests.unit.wire.services import Service, answered, reply

SMALL = Limits(bytes=100, values=20, depth=3)
GZIP = {"content-encoding": "gzip"}


def pieces(content: bytes, size: int = 7) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize(
    ("content", "headers", "body"),
    [
        (b"", {}, b""),
        (b"x" * 100, {"content-length": "100"}, b"x" * 100),
        (gzip.compress(b"x" * 100), GZIP, b"x" * 100),
        (gzip.compress(b""), {"content-encoding": " X-GZIP "}, b""),
        (b"", GZIP, b""),
        (b"x", {"content-encoding": "identity"}, b"x"),
    ],
)
def test_a_body_is_read_and_unpacked(content: bytes, headers: dict[str, str], body: bytes) -> None:
    assert read_body(pieces(content), headers, 100) == body


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"x" * 101, {}),
        (b"x", {"content-length": "101"}),
        (b"x", {"content-length": "9" * 5000}),
        (gzip.compress(b"x" * 101), GZIP),
        (gzip.compress(gzip.compress(b"x" * 10_000_000)), GZIP),
        (b"\x1f\x8b\x08\x08\0\0\0\0\0\0" + b"name" * 100, GZIP),
    ],
    ids=["long", "said", "said-in-5000-digits", "packed", "packed-twice", "endless-name"],
)
def test_more_than_the_limit_is_not_read(content: bytes, headers: dict[str, str]) -> None:
    left = pieces(content)
    with pytest.raises(Unusable) as caught:
        read_body(left, headers, 100)
    assert str(caught.value) == "has more than 100 bytes"
    assert len(b"".join(left)) >= len(content) - 105


def test_nothing_is_unpacked_beyond_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(Unusable):
        read_body([bomb], GZIP, 1000)
    assert read_body([bomb], GZIP, 1000, cut=True) == b"\0" * 1000


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"x" * 50)[:-9]], ids=["not-gzip", "cut-off"])
def test_what_cannot_be_unpacked_is_an_error(content: bytes) -> None:
    with pytest.raises((zlib.error, EOFError)):
        read_body(pieces(content), GZIP, 100)


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "gzip,identity"])
def test_another_packing_than_the_one_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(Unusable) as caught:
        read_body([b"x"], {"content-encoding": encoding}, 100)
    assert str(caught.value) == f"is packed in a way that was not asked for: {encoding!r}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[[[[]]]]", "is nested more than 3 deep"),
        (b'[[[{"a":1}]]]', "is nested more than 3 deep"),
        (b"[" * 900 + b"]" * 900, "is nested more than 3 deep"),
        (b"[" * 200_000, "is nested more than 3 deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "is nested more than 3 deep"),
        (b"[" + b"0," * 20 + b"0]", "has more than 20 values"),
        (b'{"a":1,"b":2,"a":3}', "has a key twice in one object: 'a'"),
        (b'{"a":NaN}', "holds a number that JSON cannot say: 'NaN'"),
        (b"[-Infinity]", "holds a number that JSON cannot say: '-Infinity'"),
        (b"[1e999]", "holds a number that JSON cannot say: '1e999'"),
        (b"[-1e999]", "holds a number that JSON cannot say: '-1e999'"),
        (b"[" + b"9" * 400 + b"]", "holds a number that JSON cannot say: one of 400 characters"),
        (b"[" + b"9" * 5000 + b"]", "holds a number that JSON cannot say: one of 5,000 characters"),
        (b'["\xff"]', "is not UTF-8 (byte 2)"),
        ('["x"]'.encode("utf-16"), "is not UTF-8 (byte 0)"),
        (b'["\xed\xa0\x80"]', "is not UTF-8 (byte 2)"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_json_that_nobody_can_rely_on_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Unusable) as caught:
        parse_body(content, SMALL)
    assert str(caught.value) == why


@pytest.mark.parametrize("content", [b"<html>", b"[1,]", b"{} {}", b"'x'", b"\0", b"[01]"])
def test_what_is_no_json_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(NotJson, match="is not JSON"):
        parse_body(content)


@pytest.mark.parametrize(
    "body",
    [
        [[[1]]],
        {"a": {"b": {"c": None}}},
        [1e308, -0.0, 0, 9007199254740993, 5e-324],
        ["\U0001f600 \u2028 \0", "\N{SNOWMAN}"],
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_within_the_limits_is_taken_as_it_is(body: object) -> None:
    def thawed(value: object) -> object:
        if isinstance(value, tuple):
            return [thawed(item) for item in value]
        return {key: thawed(item) for key, item in value.items()} if isinstance(value, dict) else value

    for ascii_only in (True, False):
        text = json.dumps(body, ensure_ascii=ascii_only)
        assert thawed(parse_body(text.encode(), SMALL)) == body
        assert thawed(parse_body(b"\xef\xbb\xbf" + text.encode(), SMALL)) == body


def test_half_a_character_becomes_one_that_can_be_written() -> None:
    """A text that JavaScript cut in the middle of a character. Go's JSON reader does the same."""
    assert parse_body(rb'{"\udc00x": ["\ud83d\ude00", "cut \ud83d", "\\ud83d"]}') == {
        "\ufffdx": ("\U0001f600", "cut \ufffd", "\\ud83d")
    }


DEEP = b"[" * 900 + b"]" * 900
BROKEN = {"content-encoding": "gzip", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "answer", "tries", "error", "what"),
    [
        ("GET", (200, DEEP, {}), 1, Unreachable, "cannot be understood: the answer is nested more than 100 deep"),
        ("POST", (201, DEEP, {}), 1, AnswerLost, "the answer is nested more than 100 deep"),
        ("GET", (200, b"x" * 101, {}), 1, Unreachable, "did not answer: the answer has more than 100 bytes"),
        ("PUT", (200, b"x" * 101, {}), 1, AnswerLost, "the answer has more than 100 bytes"),
        ("GET", (404, b"x" * 101, {}), 1, Unreachable, "did not answer: the answer has more than 100 bytes"),
        ("GET", (200, b"{}", BROKEN), 5, Unreachable, "the answer cannot be unpacked: it is no gzip"),
        ("POST", (200, b"{}", BROKEN), 1, AnswerLost, "the answer cannot be unpacked: it is no gzip"),
        ("PUT", (200, b"{}", BROKEN), 5, AnswerLost, "the answer cannot be unpacked: it is no gzip"),
        ("GET", (400, b'{"a": 1, "a": 2}', {}), 1, Unreachable, "the answer has a key twice in one object: 'a'"),
    ],
)
def test_a_service_that_answers_so_is_told_apart_from_one_that_works(
    method: str, answer: tuple[int, bytes, dict[str, str]], tries: int, error: type[Exception], what: str
) -> None:
    service = Service([answered(*answer) for _ in range(tries)])
    limits = Limits(bytes=100) if answer[1].startswith(b"x") else Limits()
    with pytest.raises(error) as caught:
        service.client(limits=limits).request(method, "/v1/x")
    assert what in str(caught.value)
    assert len(service.requests) == tries


def test_gzip_is_asked_for_and_nothing_else() -> None:
    service = Service([reply(200, {})])
    service.client().request("GET", "/v1/x")
    assert service.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_all_members_of_a_gzip_are_read(piece: int) -> None:
    packed = gzip.compress(b'{"a"') + gzip.compress(b"") + gzip.compress(b": 1}")
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    assert read_body(pieces, {"content-encoding": "gzip"}, 100) == b'{"a": 1}'
    with pytest.raises(EOFError):
        read_body([packed[:-1]], {"content-encoding": "gzip"}, 100)
    with pytest.raises(zlib.error):
        read_body([packed, b"no gzip"], {"content-encoding": "gzip"}, 100)
    with pytest.raises(Unusable, match="has more than 7 bytes"):
        read_body(pieces, {"content-encoding": "gzip"}, 7)


def test_a_gzip_of_many_members_is_given_up() -> None:
    with pytest.raises(Unusable, match="is packed in more than 100 parts"):
        read_body([gzip.compress(b"") * 101], {"content-encoding": "gzip"}, 100_000)


def test_names_that_are_one_once_their_halves_are_replaced_stand_twice() -> None:
    with pytest.raises(Unusable, match="has a key twice in one object"):
        parse_body(b'{"\\ud800": 1, "\\ud801": 2}')


def test_characters_that_are_escaped_as_pairs_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    loads = json.loads

    def counted(text: str, **more: Any) -> Any:
        parsed.append(text)
        return loads(text, **more)

    monkeypatch.setattr(json, "loads", counted)
    assert parse_body(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert parse_body(b'"\\\\ud83d\\ude00"') == "\\ud83d\ufffd"
    assert len(parsed) == 3
