"""What a refusal says is told without secrets and within limits, and no half of a secret is left at a cut."""

from __future__ import annotations

from portctl.scrubbing.scrubber import Scrubber
from portctl.wire.said import SHOWN, Said

SECRET = "canary-q7Xw2Zk9"


def said() -> Said:
    scrubber = Scrubber()
    scrubber.learn("X", SECRET)
    return Said(scrubber.scrub)


def test_keys_and_texts_are_scrubbed_and_the_rest_stays() -> None:
    body = {SECRET: (f"a {SECRET}", 1, None, True), "b": {"c": 2.5}}
    assert said().told(body) == {"(secret X)": ("a (secret X)", 1, None, True), "b": {"c": 2.5}}


def test_a_long_text_is_cut() -> None:
    assert said().told("a" * SHOWN) == "a" * SHOWN
    assert said().told("a" * (SHOWN + 1)) == "a" * SHOWN + "…"
    assert said().told("a" * 1_000_000) == "a" * SHOWN + "…"


def test_half_a_secret_at_the_end_of_what_is_looked_at_is_not_told() -> None:
    for length in range(15_980, 16_001):
        shown = said().told("".join([f"{SECRET} " * 999, "b" * 15_000])[:length] + SECRET)
        assert shown.startswith("(secret X) (secret X) ")
        assert "can" not in shown


def test_no_more_is_looked_at_than_the_limit() -> None:
    scrubbed = []
    body = tuple({f"key {number}": "x" * 1_000} for number in range(100_000))
    assert len(Said(lambda text: scrubbed.append(text) or text).told(body)) < 100  # type: ignore[func-returns-value]
    assert sum(map(len, scrubbed)) < 49_000


def test_halves_of_characters_are_told_so_that_they_can_be_sent_on() -> None:
    assert said().told({"\udc80": "a \ud83d b"}) == {"�": "a � b"}
