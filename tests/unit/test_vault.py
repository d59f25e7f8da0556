"""The vault: sources, revealing, scrubbing, fingerprints, and what it refuses to do."""

from __future__ import annotations

import base64
import copy
import os
import pathlib
import pickle
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import portctl.vault
from portctl.errors import ExitCode
from portctl.model.address import Address
from portctl.model.project import SecretOrigin, SecretSource
from portctl.model.value import Codec, Encoded, OutputRef, Part, SecretRef, pending
from portctl.vault import SecretMissing, Vault

TOKEN = "gl-token/with+odd&signs"


def vault(tmp_path: pathlib.Path, environ: dict[str, str] | None = None, **sources: SecretSource) -> Vault:
    return Vault(sources, root=tmp_path, environ={"TOKEN": TOKEN} if environ is None else environ)


def source(origin: SecretOrigin, *words: str) -> SecretSource:
    return SecretSource("TOKEN", origin, words[0] if origin is not SecretOrigin.COMMAND else words)


def token_vault(tmp_path: pathlib.Path) -> Vault:
    return vault(tmp_path, TOKEN=source(SecretOrigin.ENV, "TOKEN"))


def test_text_around_a_secret_is_kept(tmp_path: pathlib.Path) -> None:
    url = pending(("https://git.example/trigger?token=", SecretRef("TOKEN"), "&ref=main"))
    assert token_vault(tmp_path).reveal(url) == f"https://git.example/trigger?token={TOKEN}&ref=main"


@pytest.mark.parametrize(
    ("codec", "parts", "text"),
    [
        (Codec.BASE64, (SecretRef("TOKEN"),), "Z2wtdG9rZW4vd2l0aCtvZGQmc2lnbnM="),
        (Codec.BASIC_AUTH, ("user:", SecretRef("TOKEN")), "dXNlcjpnbC10b2tlbi93aXRoK29kZCZzaWducw=="),
        (Codec.URL, (SecretRef("TOKEN"),), "gl-token%2Fwith%2Bodd%26signs"),
    ],
)
def test_parts_are_joined_and_then_encoded(
    tmp_path: pathlib.Path, codec: Codec, parts: tuple[Part, ...], text: str
) -> None:
    assert token_vault(tmp_path).reveal(pending((Encoded(codec, parts),))) == text


def test_an_output_that_is_still_awaited_cannot_be_revealed(tmp_path: pathlib.Path) -> None:
    output = pending((OutputRef(Address("port", "Webhook", "events"), "url"), SecretRef("TOKEN")))
    with pytest.raises(TypeError, match="output 'url' of port/Webhook:events is not known yet"):
        token_vault(tmp_path).reveal(output)


def test_a_newline_at_the_end_of_a_variable_gets_into_no_credential(tmp_path: pathlib.Path) -> None:
    variable = SecretSource("PASSWORD", SecretOrigin.ENV, "PASSWORD")
    held = Vault({"PASSWORD": variable}, root=tmp_path, environ={"PASSWORD": "s3cret\n"})
    basic = pending((Encoded(Codec.BASIC_AUTH, ("portctl.approver:", SecretRef("PASSWORD"))),))
    assert base64.b64decode(held.reveal(basic)) == b"portctl.approver:s3cret"


def test_the_last_newline_of_a_file_and_of_a_command_is_not_part_of_the_secret(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token.txt").write_text("two\nlines\n")
    script = "import sys; sys.stdout.write('two\\nlines\\r\\n')"
    held = vault(
        tmp_path,
        FILE=source(SecretOrigin.FILE, "token.txt"),
        COMMAND=source(SecretOrigin.COMMAND, sys.executable, "-c", script),
    )
    assert held.reveal(pending((SecretRef("FILE"),))) == "two\nlines"
    assert held.reveal(pending((SecretRef("COMMAND"),))) == "two\nlines"


def test_line_breaks_in_a_file_stay_as_they_are(tmp_path: pathlib.Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"two\r\nlines\r\n")
    held = vault(tmp_path, FILE=source(SecretOrigin.FILE, "key.pem"))
    assert held.reveal(pending((SecretRef("FILE"),))) == "two\r\nlines"


def test_values_that_only_have_to_be_read_are_known_before_they_are_needed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "token.txt").write_text("canary-file")
    (tmp_path / ".env").write_text("TOKEN=canary-dotenv\n")
    os.mkfifo(tmp_path / "pipe")
    held = vault(
        tmp_path,
        {"TOKEN": "canary-variable", "PATH": "/usr/bin:/bin"},
        ENV=source(SecretOrigin.ENV, "TOKEN"),
        ABSENT=source(SecretOrigin.ENV, "ABSENT"),
        VALUE=source(SecretOrigin.VALUE, "canary-value"),
        FILE=source(SecretOrigin.FILE, "token.txt"),
        DOTENV=source(SecretOrigin.DOTENV, "TOKEN"),
        PIPE=source(SecretOrigin.FILE, "pipe"),
        COMMAND=source(SecretOrigin.COMMAND, "sh", "-c", "echo x >> runs; echo canary-command"),
    )
    held.recognise()
    said = "canary-variable canary-value canary-file canary-dotenv canary-command"
    assert held.scrub(said) == "(secret ENV) (secret VALUE) (secret FILE) (secret DOTENV) canary-command"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("TOKEN=plain", "plain"),
        ("export TOKEN=plain", "plain"),
        ("  TOKEN = plain # why", "plain"),
        ("TOKEN='kept # here'", "kept # here"),
        ('TOKEN="a=b"', "a=b"),
        ("#TOKEN=old\nTOKEN=new", "new"),
    ],
)
def test_a_dotenv_line_gives_a_value(tmp_path: pathlib.Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"OTHER=1\nnot a line\n{line}\n")
    assert vault(tmp_path, S=source(SecretOrigin.DOTENV, "TOKEN")).reveal(pending((SecretRef("S"),))) == value


def missing_sources() -> Iterable[tuple[SecretSource | None, str]]:
    yield None, "it is not declared"
    yield source(SecretOrigin.ENV, "ABSENT"), "the environment variable ABSENT is not set"
    yield source(SecretOrigin.ENV, "EMPTY"), "the environment variable EMPTY is empty"
    yield source(SecretOrigin.DOTENV, "X"), "the file .env cannot be read: No such file or directory"
    yield SecretSource("S", SecretOrigin.DOTENV, "X", dotenv="latin.txt"), "the file latin.txt is not UTF-8"
    yield SecretSource("S", SecretOrigin.DOTENV, "X", dotenv="good.env"), "X in good.env is not set"
    yield source(SecretOrigin.FILE, "absent.txt"), "the file absent.txt cannot be read: No such file or directory"
    yield source(SecretOrigin.FILE, "good.env"), "the file good.env is empty"
    no_command = "the command no-such-command-here cannot be run: No such file or directory"
    yield source(SecretOrigin.COMMAND, "no-such-command-here", "confidential"), no_command
    yield source(SecretOrigin.COMMAND, "false"), "the command false ended with status 1"
    yield source(SecretOrigin.COMMAND, "true"), "the output of the command true is empty"
    yield source(SecretOrigin.COMMAND, "printf", "\\377"), "the output of the command printf is not UTF-8"
    yield source(SecretOrigin.VALUE, ""), "the value in the environment file is empty"
    yield source(SecretOrigin.ENV, "LATIN"), "the environment variable LATIN is not UTF-8"


@pytest.mark.parametrize(("given", "reason"), list(missing_sources()))
def test_a_secret_without_a_value_says_why(tmp_path: pathlib.Path, given: SecretSource | None, reason: str) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xff")
    (tmp_path / "good.env").write_text("")
    held = vault(
        tmp_path,
        {"EMPTY": "", "LATIN": os.fsdecode(b"caf\xe9s"), "PATH": "/usr/bin:/bin"},
        **({"S": given} if given else {}),
    )
    assert (held.available("S"), held.why_not("S")) == (False, reason)
    with pytest.raises(SecretMissing) as caught:
        held.reveal(pending((SecretRef("S"),)))
    assert caught.value.exit_code is ExitCode.INVALID
    assert caught.value.detail == f"secret 'S': {reason}"
    assert held.fingerprint(pending((SecretRef("S"),)), b"salt") is None


def test_a_command_that_hangs_is_given_up(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portctl.vault, "COMMAND_TIMEOUT_SECONDS", 0.05)
    held = vault(tmp_path, {"PATH": "/usr/bin:/bin"}, S=source(SecretOrigin.COMMAND, "sleep", "30"))
    assert held.why_not("S") == "the command sleep took longer than 0.05 seconds"


def test_a_command_runs_once(tmp_path: pathlib.Path) -> None:
    held = vault(
        tmp_path, {"PATH": "/usr/bin:/bin"}, S=source(SecretOrigin.COMMAND, "sh", "-c", "echo x >> runs; echo value")
    )
    assert [held.available("S"), held.why_not("S"), held.reveal(pending((SecretRef("S"),)))] == [True, "", "value"]
    assert (tmp_path / "runs").read_text() == "x\n"


def test_a_value_born_during_the_run_is_revealed_and_scrubbed(tmp_path: pathlib.Path) -> None:
    held = vault(tmp_path)
    assert not held.available("port/Webhook:events url")
    held.add("port/Webhook:events url", "https://ingest.example/k3y")
    assert held.reveal(pending((SecretRef("port/Webhook:events url"),))) == "https://ingest.example/k3y"
    assert held.scrub("at https://ingest.example/k3y!") == "at (secret port/Webhook:events url)!"


def test_scrubbing_covers_encoded_forms_and_takes_the_longest_first(tmp_path: pathlib.Path) -> None:
    held = vault(
        tmp_path,
        SHORT=SecretSource("SHORT", SecretOrigin.VALUE, "abcdef"),
        LONG=SecretSource("LONG", SecretOrigin.VALUE, 'abcdef"ghi'),
        TINY=SecretSource("TINY", SecretOrigin.VALUE, "main"),
    )
    basic = Encoded(Codec.BASIC_AUTH, ("user:", SecretRef("SHORT")))
    for text in ((SecretRef("SHORT"),), (SecretRef("LONG"),), (SecretRef("TINY"),), (basic,)):
        held.reveal(pending(text))
    said = 'abcdef"ghi abcdef abcdef\\"ghi abcdef%22ghi YWJjZGVmImdoaQ== YWJjZGVm dXNlcjphYmNkZWY= main'
    assert held.scrub(said) == (
        "(secret LONG) (secret SHORT) (secret LONG) (secret LONG) (secret LONG) (secret SHORT) (secret SHORT) main"
    )


def test_a_fingerprint_changes_with_the_value_and_with_the_salt_and_not_otherwise(tmp_path: pathlib.Path) -> None:
    sealed = pending(("prefix-", SecretRef("TOKEN")))
    first = token_vault(tmp_path).fingerprint(sealed, b"salt")
    again = token_vault(tmp_path)
    assert [again.fingerprint(sealed, b"salt"), again.fingerprint(sealed, b"salt")] == [first, first]
    assert first is not None
    assert len(first) == 24
    other_value = vault(tmp_path, {"TOKEN": "other"}, TOKEN=source(SecretOrigin.ENV, "TOKEN"))
    assert len({first, again.fingerprint(sealed, b"pepper"), other_value.fingerprint(sealed, b"salt")}) == 3


def test_text_that_awaits_an_output_has_no_fingerprint(tmp_path: pathlib.Path) -> None:
    output = OutputRef(Address("port", "Webhook", "events"), "url")
    assert token_vault(tmp_path).fingerprint(pending((output, SecretRef("TOKEN"))), b"salt") is None


def test_a_vault_does_not_print_iterate_pickle_or_copy(tmp_path: pathlib.Path) -> None:
    held = token_vault(tmp_path)
    held.reveal(pending((SecretRef("TOKEN"),)))
    assert f"{held!r} {held}" == "<Vault of 1 declared secrets> <Vault of 1 declared secrets>"
    assert not hasattr(held, "__dict__")
    attempts: tuple[Callable[[Any], object], ...] = (iter, pickle.dumps, copy.copy, copy.deepcopy)
    for attempt in attempts:
        with pytest.raises(TypeError):
            attempt(held)
