"""Secrets: judged by fingerprints, sent when they must be, never shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from portctl.compare.fingerprints import around, fingerprint, sealed_texts
from portctl.model.change import Action, Edit, Why
from portctl.model.resource import Resource
from portctl.model.value import MISSING, Codec, Encoded, Masked, OutputRef, Pending, SecretRef, pending
from portctl.plan.decide import decide
from tests.unit.examples.kinds import DOOR, KEY
from tests.unit.examples.world import World, actions, address, awaited, door, key, offer, resource, sealed

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}
CODE = ("lock", "code")


def applied(*resources: Resource) -> World:
    here = World(secrets=dict(SECRETS))
    assert here.apply(*resources).complete
    here.settle()
    return here


def edits(here: World, of: Resource, **options: Any) -> tuple[list[tuple[Any, Why]], tuple[str, ...]]:
    change = decide(of, here.inputs(of, **options)).change
    assert all(isinstance(edit.after, Masked) for edit in change.edits)
    return [(edit.path, edit.why) for edit in change.edits], change.notes


def test_an_unchanged_secret_is_not_sent_again() -> None:
    assert edits(applied(key("k", "A")), key("k", "A")) == ([], ())


def test_another_value_another_name_or_a_request_sends_it_again() -> None:
    here = applied(key("k", "A"))

    assert edits(here, key("k", "B")) == ([(("value",), Why.SECRET)], ())
    assert edits(here, key("k", "A"), rotate=frozenset({address(KEY, "k")})) == ([(("value",), Why.SECRET)], ())
    here.set_secrets(A="rotated-secret")
    assert edits(here, key("k", "A")) == ([(("value",), Why.SECRET)], ())


def test_a_secret_of_another_name_with_the_same_value_is_the_same_secret() -> None:
    here = applied(key("k", "A"))
    here.set_secrets(B="alpha-secret")

    assert edits(here, key("k", "B")) == ([], ())


def test_a_secret_that_is_not_there_is_assumed_unchanged_and_the_plan_says_so() -> None:
    here = applied(key("k", "A"), door("d", {"url": sealed("A"), "lock": {"code": sealed("B")}}))
    here.set_secrets()

    assert edits(here, key("k", "A")) == ([], ("secret A is not available here: assumed unchanged",))
    assert edits(here, door("d", {"url": sealed("A"), "lock": {"code": sealed("B")}})) == (
        [],
        (
            "secret A is not available here: assumed unchanged",
            "secret B is not available here: assumed unchanged",
        ),
    )
    assert here.plan(key("k", "A"), door("d", {"url": sealed("A"), "lock": {"code": sealed("B")}})).is_empty


CHANGED = ("secret A is not available here: the text around it changed",)
ASSUMED = ("secret A is not available here: assumed unchanged",)


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        (sealed("A", "pw="), False),
        (sealed("A", "pw=", "."), True),
        (sealed("A"), True),
        (pending(("p", "w=", SecretRef("A"))), False),
        (pending(("pw=", SecretRef("A"), SecretRef("A"))), True),
        (pending((Encoded(Codec.URL, ("pw=", SecretRef("A"))),)), True),
    ],
)
@pytest.mark.parametrize("path", [("url",), CODE])
def test_what_the_manifest_changed_around_a_secret_that_is_not_there_is_sent(
    path: tuple[str, ...], now: Pending, seen: bool
) -> None:
    def of(text: Pending) -> Resource:
        return door("d", {"url": text} if path == ("url",) else {"lock": {"code": text}})

    here = applied(of(sealed("A", "pw=")))
    here.set_secrets()

    assert edits(here, of(now)) == (([(path, Why.SECRET)], CHANGED) if seen else ([], ASSUMED))
    here.set_secrets(**SECRETS)
    assert edits(here, of(now)) == (([(path, Why.SECRET)], ()) if seen else ([], ()))
    assert here.apply(of(now)).complete
    here.set_secrets()
    assert edits(here, of(now)) == ([], ASSUMED)


def test_a_secret_of_another_name_that_is_not_there_either_is_assumed_to_be_the_same() -> None:
    here = applied(key("k", "A"))
    here.set_secrets()

    assert edits(here, key("k", "B")) == ([], ("secret B is not available here: assumed unchanged",))


def test_a_text_that_became_a_secret_is_sent_also_where_the_secret_is_not_there() -> None:
    here = applied(door("d", {"lock": {"code": "written down"}}))
    here.set_secrets()

    assert edits(here, door("d", {"lock": {"code": sealed("A")}})) == ([(CODE, Why.SECRET)], CHANGED)


def test_what_is_applied_without_the_secret_keeps_what_is_known_of_the_text_around_it() -> None:
    here = applied(key("k", "A", {"note": "n"}))
    here.set_secrets()
    assert here.apply(key("k", "A", {"note": "other"})).complete
    changed = resource(KEY, ("k",), {"id": "k", "note": "other", "value": sealed("A", "pw=")})

    assert edits(here, key("k", "A", {"note": "other"})) == ([], ASSUMED)
    assert edits(here, changed) == ([(("value",), Why.SECRET)], CHANGED)


def test_ledgers_of_older_versions_know_nothing_of_the_text_around_a_secret() -> None:
    here = applied(key("k", "A"))
    ledger = json.loads(here.backend.text)
    for entry in ledger["entries"]:
        del entry["around"]
    here.backend.text = json.dumps(ledger)
    here.set_secrets()
    changed = resource(KEY, ("k",), {"id": "k", "value": sealed("A", "pw=")})

    assert edits(here, changed) == ([], ASSUMED)


def test_a_write_only_value_that_somebody_else_wrote_is_drift() -> None:
    here = applied(key("k", "A"))
    here.clock.sleep(5)
    here.shop.put(KEY, ("k",), {"id": "k", "value": "theirs"})
    stamp = here.shop.objects[KEY.full_name, ("k",)]["updatedAt"]

    assert edits(here, key("k", "A")) == ([(("value",), Why.DRIFT)], (f"written by somebody else at {stamp}",))
    assert here.apply(key("k", "A")).complete
    assert here.shop.shows()["shop/Key k"]["value"] == "alpha-secret"
    assert here.plan(key("k", "A")).is_empty


@pytest.mark.parametrize("available", [True, False])
def test_a_text_with_a_secret_that_can_be_read_is_compared_without_being_shown(available: bool) -> None:
    here = applied(door("d", {"url": sealed("A", "http://one/?t=")}))
    here.shop.put(DOOR, ("d",), {"id": "d", "url": "http://two/?t=alpha-secret"})
    if not available:
        here.set_secrets()
    change = decide(
        door("d", {"url": sealed("A", "http://one/?t=")}), here.inputs(door("d", {"url": sealed("A")}))
    ).change

    assert change.edits == (Edit(("url",), Masked("A"), Masked("A"), Why.DRIFT),)
    assert "alpha-secret" not in repr((change.before, change.after, change.edits))


def test_a_readable_secret_that_the_manifest_changed_is_sent_for_that_reason() -> None:
    here = applied(door("d", {"url": sealed("A", "http://one/?t=")}))

    assert edits(here, door("d", {"url": sealed("A", "http://two/?t=")})) == ([(("url",), Why.SECRET)], ())
    here.shop.put(DOOR, ("d",), {"id": "d", "url": "http://two/?t=alpha-secret"})
    assert edits(here, door("d", {"url": sealed("A", "http://two/?t=")})) == ([], ())


def test_a_write_only_value_that_the_manifest_gave_up_is_taken_away_once() -> None:
    here = applied(door("d", {"lock": {"code": sealed("B"), "kind": "x"}}))
    bare = door("d", {"lock": {"kind": "x"}})
    change = decide(bare, here.inputs(bare)).change

    assert (change.action, change.edits) == (Action.UPDATE, (Edit(CODE, Masked(""), MISSING, Why.MANIFEST),))
    assert here.apply(bare).complete
    assert here.shop.shows()["shop/Door d"]["lock"] == {"kind": "x"}
    assert here.plan(bare).is_empty


def test_a_readable_secret_that_is_gone_on_both_sides_needs_nothing() -> None:
    here = applied(door("d", {"url": sealed("A"), "note": "n"}))
    here.shop.put(DOOR, ("d",), {"id": "d", "note": "n"})

    assert actions(here.plan(door("d", {"note": "n"}))) == ["no-op shop/Door:d"]


def test_a_secret_in_a_list_survives_reordering_by_somebody_else_unseen() -> None:
    lines = [{"name": "auth", "value": sealed("A")}, {"name": "x", "value": "1"}]
    here = applied(door("d", {"headers": lines}))
    assert here.plan(door("d", {"headers": lines})).is_empty
    here.shop.put(
        DOOR, ("d",), {"id": "d", "headers": [{"name": "x", "value": "1"}, {"name": "auth", "value": "alpha-secret"}]}
    )
    plan = here.plan(door("d", {"headers": lines}))

    assert actions(plan) == ["update shop/Door:d"]
    shown = repr([(change.before, change.edits) for change in plan.changes])
    assert [value for value in SECRETS.values() if value in shown] == []
    assert here.execute(plan).complete
    assert here.plan(door("d", {"headers": lines})).is_empty


def test_what_counts_as_sealed_is_every_secret_and_every_secret_field() -> None:
    number = pending((OutputRef(offer("o").address, "number"),))
    attributes = {
        "plain": "x",
        "url": sealed("A"),
        "note": awaited(door("d", {}), "token", secret=True),
        "number": number,
        "lock": {"code": "written down", "kind": "x"},
        "headers": ({"v": sealed("B")},),
    }
    found = {path: text.label() for path, text in sealed_texts(DOOR, attributes)}

    assert found == {
        ("url",): "A",
        ("note",): "shop/Door:d token",
        CODE: "",
        ("headers", 0, "v"): "B",
    }
    assert list(sealed_texts(DOOR, {"lock": {"code": ""}})) == []


def test_a_fingerprint_is_of_the_text_and_the_salt() -> None:
    here = World(secrets=dict(SECRETS))
    encoded = pending((Encoded(Codec.BASE64, (SecretRef("A"),)),))
    prints = [
        fingerprint(here.vault, text, salt)
        for text, salt in (
            (sealed("A"), b"1"),
            (pending((SecretRef("A"),)), b"1"),
            (sealed("A"), b"2"),
            (encoded, b"1"),
            (sealed("missing"), b"1"),
            (awaited(door("d", {}), "token", secret=True), b"1"),
        )
    ]

    assert prints[0] == prints[1]
    assert len({prints[0], prints[2], prints[3]}) == 3
    assert prints[4:] == [None, None]


def test_the_hash_of_the_text_around_secrets_is_slow_salted_and_the_same_whatever_the_secrets_are() -> None:
    texts = (
        sealed("A", "user:", "@host"),
        pending((Encoded(Codec.BASE64, ("user:", SecretRef("A"))), "@host")),
        pending((OutputRef(offer("o").address, "token", True), "@host")),
    )

    def hashes(salt: bytes, **secrets: str) -> list[str | None]:
        return [around(World(secrets=secrets).vault, text, salt) for text in texts]

    def slow(spelled: str, salt: bytes) -> str:
        return hashlib.scrypt(spelled.encode(), salt=salt, n=2**14, r=8, p=1, dklen=12).hex()

    for salt in (b"1", b"2"):
        expected = [
            slow('["user:", null, "@host"]', salt),
            slow('[["BASE64", ["user:", null]], "@host"]', salt),
            slow('[null, "@host"]', salt),
        ]
        assert hashes(salt, A="one-secret") == hashes(salt, A="another-secret") == hashes(salt) == expected


def test_a_text_without_secrets_has_no_hash_of_its_own_and_one_that_waits_has_none_yet() -> None:
    here = World()

    assert around(here.vault, pending(("written down",)), b"1") == ""
    assert around(here.vault, pending((OutputRef(offer("o").address, "number"), SecretRef("A"))), b"1") is None
