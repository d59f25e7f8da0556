"""Texts in which no value stands pass the net as they are, however many values it knows."""

from __future__ import annotations

import json
import random
import string
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from portctl.scrubbing.scrubber import Scrubber
from tests.canary.values import BODIES, values
from tests.sampling import SEED

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((*ROOT.glob("docs/*.md"), *ROOT.glob("*.md"), *ROOT.glob("actions/*.yaml")))
CHARACTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture(scope="module")
def knowing() -> Scrubber:
    """The short values of the canary, which are all kinds of texts, and tokens of eight characters and more."""
    scrubber = Scrubber()
    chance = random.Random(f"{SEED} tokens")
    for name, value in values(*BODIES[0]).items():
        if len(value) < 100:
            scrubber.learn(name, value)
    for length in range(8, 41, 4):
        scrubber.learn(f"token of {length}", "".join(chance.choices(CHARACTERS, k=length)))
    return scrubber


def test_what_this_repository_says_of_itself(knowing: Scrubber) -> None:
    assert len(PAGES) > 15
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert knowing.scrub(text) == text


def test_ten_thousand_sentences_identifiers_and_hashes(knowing: Scrubber) -> None:
    """Five hundred at a time, as plain text or in JSON."""
    said = list(_said(random.Random(f"{SEED} sentences")))
    assert len(said) == 10_000
    for at in range(0, len(said), 500):
        text = json.dumps(said[at : at + 500]) if at % 1000 else "\n".join(said[at : at + 500])
        assert knowing.scrub(text) == text


def _said(chance: random.Random) -> Iterator[str]:
    words = [word for page in PAGES[:6] for word in page.read_text(encoding="utf-8").split()]
    for number in range(10_000):
        match number % 5:
            case 0:
                yield str(uuid.UUID(int=chance.getrandbits(128)))
            case 1:
                yield chance.randbytes(32).hex()
            case 2:
                yield json.dumps(chance.choices(range(256), k=20))
            case _:
                yield " ".join(chance.choices(words, k=15))
