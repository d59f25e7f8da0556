"""The last net: whatever a service makes of a value, what is left of it in the text says nothing about the value."""

from __future__ import annotations

import base64
import json

import pytest

from portctl.scrubbing.scrubber import Scrubber
from tests.canary.values import BODIES, ECHOES, values
from tests.sampling import chosen

FIRST, SECOND = (values(*body) for body in BODIES)
TOO_SHORT = ("short", "base85 of a user and it")
"""In Base85, fewer than eleven characters are found by themselves alone."""
CASES = [(value, echo) for value in FIRST for echo in ECHOES if (value, echo) != TOO_SHORT]


def knowing(**values: str) -> Scrubber:
    scrubber = Scrubber()
    for name, value in values.items():
        scrubber.learn(name, value)
    return scrubber


@pytest.mark.parametrize(("value", "echo"), chosen("forms of values", CASES, 500))
def test_what_is_left_is_the_same_for_another_value(value: str, echo: str) -> None:
    """So nothing of it is left: not its beginning, not its length beyond what the form needs."""
    left = [
        knowing(X=secret).scrub(f"said: {ECHOES[echo](secret)}, and no more")
        for secret in (FIRST[value], SECOND[value])
    ]
    assert left[0] == left[1]
    assert "(secret X)" in left[0]
    assert left[0].startswith("said: ")
    assert left[0].endswith(", and no more")


@pytest.mark.parametrize("value", FIRST)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("dump", ["a dump with a column of letters", "a dump of bytes alone"])
def test_of_a_dump_in_json_nothing_is_left_that_tells_the_value(value: str, dump: str, times: int) -> None:
    """Where its last line ends cannot be seen there: what stands behind it may go, too."""
    left = []
    for secret in (FIRST[value], SECOND[value]):
        said = ECHOES[dump](secret)
        for _ in range(times):
            said = json.dumps(said)
        left.append(knowing(X=secret).scrub(f"said: {said}"))
    assert left[0].rstrip('\\"') == left[1].rstrip('\\"')
    assert "(secret X)" in left[0]


@pytest.mark.parametrize(
    "said",
    [
        "w6Bq4Jh3&#x27canary&#x279; more",
        "w6Bq4Jh3&#39canary&#399; more",
        "w6Bq4Jh3&aposcanary&apos9; more",
        "w6Bq4Jh3&amp;#x27canary&amp;#x279; more",
    ],
)
def test_entities_that_nothing_ends_are_told_from_what_follows(said: str) -> None:
    assert knowing(X="w6Bq4Jh3'canary'9").scrub(f"said {said}") == "said (secret X); more"


def test_entities_in_one_another_that_nothing_ends_are_told_from_what_follows() -> None:
    scrubber = knowing(X="<b>w6Bq4Jh3</b>&amp;canary")
    assert scrubber.scrub("said &ltb&gtw6Bq4Jh3&lt/b&gt&ampampcanary; more") == "said (secret X); more"


def test_forms_are_told_apart_from_what_is_around_them() -> None:
    scrubber = knowing(TOKEN='p"ä$$ wörd\\7')
    said = (
        'as it is p"ä$$ wörd\\7, JSON "p\\"\\u00e4$$ w\\u00F6rd\\\\7", form p%22%C3%A4%24%24+w%c3%b6rd%5C7&x=1, '
        "page p&quot;&auml;$$ w&#246;rd\\7, bytes b'p\"\\xc3\\xa4$$ w\\xc3\\xb6rd\\\\7'"
    )
    assert scrubber.scrub(said) == (
        'as it is (secret TOKEN), JSON "(secret TOKEN)", form (secret TOKEN)&x=1, '
        "page (secret TOKEN), bytes b'(secret TOKEN)'"
    )


def test_the_rest_of_what_is_in_base64_stays() -> None:
    header = base64.b64encode(b"jane:canary-q7Xw2Zk9").decode()
    assert knowing(PASSWORD="canary-q7Xw2Zk9").scrub(f"Basic {header}!") == "Basic amFuZT(secret PASSWORD)!"


def test_the_password_of_an_address_is_found_by_itself() -> None:
    """A proxy gets it decoded, and in Base64."""
    scrubber = knowing(PROXY="http://me:pa%20ss%2Fw0rd@proxy.example:3128")
    header = base64.b64encode(b"me:pa ss/w0rd").decode()
    assert scrubber.scrub(f"not for Basic {header}, pa ss/w0rd") == "not for Basic bWU6(secret PROXY), (secret PROXY)"


def test_a_value_in_another_is_told_by_the_name_of_the_longer() -> None:
    scrubber = knowing(SHORT="q7Xw2Zk9", LONG="canary-q7Xw2Zk9-canary")
    assert scrubber.scrub("canary-q7Xw2Zk9-canary q7Xw2Zk9") == "(secret LONG) (secret SHORT)"


def test_values_that_overlap_go_together() -> None:
    scrubber = knowing(A="canary-q7Xw2Zk9", B="q7Xw2Zk9-falcon!")
    assert scrubber.scrub("<canary-q7Xw2Zk9-falcon!>") == "<(secret B)>"


def test_what_a_label_says_may_be_a_value() -> None:
    assert knowing(secret="secret").scrub("a secret (secret X)") == "a (secret secret) ((secret secret) X)"


@pytest.mark.parametrize(
    ("value", "said", "left"),
    [
        ("0123456789abcdefghijklmnopqrstuvwxyz", "bad value '0123456789abcdefghijklm...'", "bad value '(secret X)...'"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "near 'defghijklmnopqrstuvw'", "near '(secret X)'"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "...klmnopqrstuvwxyz", "...(secret X)"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "0123456789abcde", "0123456789abcde"),
        (
            f"-----BEGIN KEY-----\n{'q7Xw2Zk9' * 4}\n-----END KEY-----",
            f"line 2: {'q7Xw2Zk9' * 4}",
            "line 2: (secret X)",
        ),
    ],
)
def test_a_long_part_of_a_value_is_taken_out_too(value: str, said: str, left: str) -> None:
    assert knowing(X=value).scrub(said) == left


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12345", "12345 of fewer than six characters"),
        ("https://ingest.example.com/hooks/q7Xw2Zk9", "https://ingest.example.com/hooks/ of somebody else"),
        ("-" * 40, "-" * 30),
        ("canary-q7Xw2Zk9", json.dumps({"canary": "q7Xw2Zk8", "path": "C:\\new\\%41&amp;"})),
        ("\\\\\\\\\\\\", 'only "\\\\" of it'),
        ("canary-q7Xw2Zk9", "A long sentence, in which words like internationalisation stand between blanks."),
    ],
)
def test_what_is_no_value_stays_as_it_is(value: str, said: str) -> None:
    assert knowing(X=value).scrub(said) == said


def test_what_is_nothing_but_escapes_is_found_as_it_is() -> None:
    assert knowing(X="\\\\\\\\\\\\").scrub("<\\\\\\\\\\\\>") == "<(secret X)>"


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 50_000,
        "%25" * 20_000,
        "&amp;" * 20_000,
        " " * 50_000,
        "A" * 50_000,
        "A " * 25_000,
        "<a " * 20_000,
        "=?a?b?" * 10_000,
        "0000 " * 10_000,
    ],
)
def test_long_texts_of_one_kind_do_not_take_long(text: str) -> None:
    """Patterns that looked back over and over took minutes for these; this ends or the run does not."""
    assert knowing(X="canary-q7Xw2Zk9").scrub(text) == text
