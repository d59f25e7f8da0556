"""Secrets: which are declared, where their values come from, and the only place that turns a placeholder into text.

A value is looked up when it is first needed and then kept here, and nowhere else. Nothing in this module prints.
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import NoReturn
from urllib.parse import quote

from portctl.disk import read_text
from portctl.errors import InvalidInput
from portctl.model.project import SecretOrigin, SecretSource
from portctl.model.value import Codec, Encoded, OutputRef, Part, Pending, SecretRef
from portctl.scrubbing.scrubber import Scrubber

COMMAND_TIMEOUT_SECONDS = 60.0
_FINGERPRINT_BYTES = 12
_MOST_BYTES = 1024 * 1024
"""Of a file with secrets."""


class SecretMissing(InvalidInput):
    """A secret that is needed now has no value. The message names its source, never a value."""


class _Unavailable(Exception):
    """Why a source has no value, in words."""


class Vault:
    """The values of secrets, by name. Safe to use from several threads.

    `root` is the folder of the project (relative files, and where commands run); `environ` are the variables.
    """

    __slots__ = ("_environ", "_fingerprints", "_lock", "_problems", "_root", "_scrubber", "_sources", "_values")

    def __init__(self, sources: Mapping[str, SecretSource], *, root: pathlib.Path, environ: Mapping[str, str]) -> None:
        self._sources = dict(sources)
        self._root = root
        self._environ = environ
        self._values: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._scrubber = Scrubber()
        self._fingerprints: dict[tuple[str, bytes], str] = {}
        self._lock = threading.RLock()

    @property
    def declared(self) -> frozenset[str]:
        """The names that manifests may use."""
        return frozenset(self._sources)

    def recognise(self) -> None:
        """Look up every value that only has to be read, so that `scrub` knows it before anything needs it.

        Commands are left alone, and so are files that are none: a pipe gives its value once.
        """
        for name, source in self._sources.items():
            if source.origin in _AT_HAND or (source.origin in _FILES and self._root.joinpath(_file(source)).is_file()):
                self.available(name)

    def available(self, name: str) -> bool:
        """Whether the value can be had now. A command source runs at most once."""
        return self._value(name) is not None

    def why_not(self, name: str) -> str:
        """Why the value cannot be had, "" when it can."""
        return "" if self.available(name) else self._problems[name]

    def add(self, name: str, value: str) -> None:
        """Keep a value that was born during this run; only its name travels on."""
        with self._lock:
            self._keep(name, value)

    def reveal(self, value: Pending) -> str:
        """The text, every placeholder filled. Raises SecretMissing; TypeError while an output is still awaited."""
        return "".join(self._text(part) for part in value.parts)

    def fingerprint(self, value: Pending, salt: bytes) -> str | None:
        """A short, slow, salted hash that tells whether a write-only value changed; None when it cannot be had."""
        for placeholder in value.placeholders():
            if isinstance(placeholder, OutputRef) or not self.available(placeholder.name):
                return None
        return self.slow_hash(self.reveal(value), salt)

    def slow_hash(self, text: str, salt: bytes) -> str:
        """What nobody can guess `text` from in reasonable time. Each text is hashed once."""
        with self._lock:
            known = self._fingerprints.get((text, salt))
            if known is None:
                digest = hashlib.scrypt(text.encode(), salt=salt, n=2**14, r=8, p=1, dklen=_FINGERPRINT_BYTES)
                known = self._fingerprints[text, salt] = digest.hex()
        return known

    def scrub(self, text: str) -> str:
        """`text` without any value revealed so far, in whatever form. A last net for output, never for data."""
        return self._scrubber.scrub(text)

    def told(self, name: str) -> str:
        """A name that a service gave, as it may be shown. `scrub` looks for no value as short as a name may be."""
        with self._lock:
            secret = next((known for known, value in self._values.items() if value == name and name), None)
        return self.scrub(name) if secret is None else f"(secret {secret})"

    def _text(self, part: Part) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, SecretRef):
            value = self._value(part.name)
            if value is None:
                raise SecretMissing(
                    "Secret not available",
                    f"secret {part.name!r}: {self._problems[part.name]}",
                    hint="Provide it where portctl.yaml or the environment file says it comes from, then run again.",
                )
            return value
        if isinstance(part, Encoded):
            return self._encoded(part)
        raise TypeError(f"output {part.field!r} of {part.address} is not known yet")

    def _encoded(self, part: Encoded) -> str:
        text = _ENCODERS[part.codec]("".join(self._text(inner) for inner in part.parts))
        names = [inner.name for inner in part.parts if isinstance(inner, SecretRef)]
        if names:
            with self._lock:
                self._scrubber.learn(" + ".join(names), text)
        return text

    def _value(self, name: str) -> str | None:
        with self._lock:
            if name not in self._values and name not in self._problems:
                try:
                    self._keep(name, self._load(name))
                except _Unavailable as problem:
                    self._problems[name] = str(problem)
            return self._values.get(name)

    def _load(self, name: str) -> str:
        source = self._sources.get(name)
        if source is None:
            raise _Unavailable("it is not declared")
        value = _LOADERS[source.origin](source, self._root, self._environ)
        if not value:
            raise _Unavailable(f"{_described(source)} is empty")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise _Unavailable(f"{_described(source)} is not UTF-8")
        return value

    def _keep(self, name: str, value: str) -> None:
        self._values[name] = value
        self._problems.pop(name, None)
        self._scrubber.learn(name, value)

    def __repr__(self) -> str:
        return f"<Vault of {len(self._sources)} declared secrets>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault cannot be stored or copied")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_ENCODERS: Mapping[Codec, Callable[[str], str]] = {
    Codec.BASE64: _base64,
    Codec.BASIC_AUTH: _base64,
    Codec.URL: lambda text: quote(text, safe=""),
}


_AT_HAND = frozenset({SecretOrigin.ENV, SecretOrigin.VALUE})
_FILES = frozenset({SecretOrigin.FILE, SecretOrigin.DOTENV})


def _file(source: SecretSource) -> str:
    return source.dotenv if source.origin is SecretOrigin.DOTENV else str(source.argument)


def _described(source: SecretSource) -> str:
    """The source in words. The words of a command after the first may be confidential and are not shown."""
    match source.origin:
        case SecretOrigin.ENV:
            return f"the environment variable {source.argument}"
        case SecretOrigin.DOTENV:
            return f"{source.argument} in {source.dotenv}"
        case SecretOrigin.FILE:
            return f"the file {source.argument}"
        case SecretOrigin.COMMAND:
            return f"the output of the command {source.argument[0]}"
        case SecretOrigin.VALUE:
            return "the value in the environment file"
        case SecretOrigin.SANDBOX:
            return "the running sandbox"


def _from_env(source: SecretSource, _: pathlib.Path, environ: Mapping[str, str]) -> str:
    value = environ.get(str(source.argument))
    if value is None:
        raise _Unavailable(f"{_described(source)} is not set")
    return _without_last_newline(value)


def _from_dotenv(source: SecretSource, root: pathlib.Path, _: Mapping[str, str]) -> str:
    value = _dotenv(_file_text(root / source.dotenv, source.dotenv)).get(str(source.argument))
    if value is None:
        raise _Unavailable(f"{_described(source)} is not set")
    return value


def _from_file(source: SecretSource, root: pathlib.Path, _: Mapping[str, str]) -> str:
    return _without_last_newline(_file_text(root / str(source.argument), str(source.argument)))


def _from_command(source: SecretSource, root: pathlib.Path, environ: Mapping[str, str]) -> str:
    words = [source.argument] if isinstance(source.argument, str) else list(source.argument)
    try:
        done = subprocess.run(
            words,
            cwd=root,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=COMMAND_TIMEOUT_SECONDS,
        )
        text = done.stdout.decode()
    except subprocess.TimeoutExpired:
        raise _Unavailable(f"the command {words[0]} took longer than {COMMAND_TIMEOUT_SECONDS:g} seconds") from None
    except OSError as error:
        raise _Unavailable(f"the command {words[0]} cannot be run: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _Unavailable(f"the output of the command {words[0]} is not UTF-8") from None
    if done.returncode != 0:
        raise _Unavailable(f"the command {words[0]} ended with status {done.returncode}")
    return _without_last_newline(text)


def _from_value(source: SecretSource, _: pathlib.Path, __: Mapping[str, str]) -> str:
    return str(source.argument)


_LOADERS: Mapping[SecretOrigin, Callable[[SecretSource, pathlib.Path, Mapping[str, str]], str]] = {
    SecretOrigin.ENV: _from_env,
    SecretOrigin.DOTENV: _from_dotenv,
    SecretOrigin.FILE: _from_file,
    SecretOrigin.COMMAND: _from_command,
    SecretOrigin.VALUE: _from_value,
}


def _file_text(path: pathlib.Path, shown: str) -> str:
    try:
        return read_text(path, most_bytes=_MOST_BYTES)
    except OSError as error:
        raise _Unavailable(f"the file {shown} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _Unavailable(f"the file {shown} is not UTF-8") from None


def _without_last_newline(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _dotenv(text: str) -> dict[str, str]:
    """`NAME=value` lines; `export`, comments and one pair of quotes are understood, nothing is expanded."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.lstrip().startswith("#"):
            continue
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()
