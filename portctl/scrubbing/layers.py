"""Text with its encodings taken off, layer by layer; every place in it is still known in the text that it came from.

Nothing here knows who encoded, or how often. Escapes of JSON, Python, JavaScript, C and shells, percent-encoding and
HTML entities are all taken off wherever they stand, until nothing changes, and what is looked for is treated alike. So
it does not matter that some of what is taken off was none. From the first layer on, texts are bytes, one a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portctl.scrubbing import reduced
from portctl.scrubbing.codings import BASE32, BASE64, BASE64_WITH_BLANKS, Decoded
from portctl.scrubbing.escapes import as_bytes, escapes_off, json_escapes_off, mail_escapes_off, open_entities_off
from portctl.scrubbing.layer import Kind, Layer, Rewritten, nothing

DEPTH = 6
"""How often Base64 and Base32 are looked into."""

_FILLING = re.compile(r"[\x00-\x20\x7f'\"`\\+]+")
"""What wrapping, quoting and indenting put in; in forms, a plus is a blank."""
_FILLING_BYTES = bytes(byte for byte in range(0x80) if _FILLING.match(chr(byte)))
_WRAP = re.compile(r"(?<![ \t])[ \t]*[\r\n]+[ \t]*")


def layers(text: str, shortest: int, depth: int = DEPTH) -> Iterator[Layer]:
    """`text` itself, its bare forms, and those of what is Base64 or Base32 in it, `depth` times over.

    `shortest`: how long at least is what is looked for.
    """
    seen: set[tuple[Kind, str]] = set()
    for layer in _layers(as_bytes(Layer(text)), shortest, depth):
        if (layer.kind, layer.text) not in seen:
            seen.add((layer.kind, layer.text))
            yield layer


def carried(text: str) -> str:
    """`text` as bytes, one per character."""
    return as_bytes(Layer(text)).text


def forms(text: str) -> Iterator[str]:
    """What to look for in layers where `text`, bytes, may be: bare, without quotes and blanks alone, and as it is."""
    yield _without_filling(escapes_off(Layer(text))).text
    yield _without_filling(Layer(text)).text
    yield text


def letters(text: str) -> Iterator[str]:
    """What to look for in layers of letters: with what may be markup in it, and without."""
    plain = escapes_off(Layer(text))
    for layer in (Layer(text), plain, reduced.without_markup(plain)):
        yield reduced.letters(layer).text


def _layers(below: Layer, shortest: int, depth: int) -> Iterator[Layer]:
    if len(below.text) < shortest:
        return
    yield below
    plain = escapes_off(below)
    yield _without_filling(plain)
    if "&" in below.text:
        yield _without_filling(escapes_off(open_entities_off(below)))
    if "=" in below.text:
        for read in mail_escapes_off(below):
            yield _without_filling(escapes_off(read))
    if "\\" in below.text:
        once = json_escapes_off(below)
        for layer in (below, once, json_escapes_off(once)):
            yield _without_filling(layer)
    yield from _reduced(below, plain)
    if depth:
        whole = Rewritten(plain, _WRAP, nothing)
        for coding in (BASE64, BASE32):
            yield from _layers(Decoded(whole, coding, shortest), shortest, depth - 1)
        yield from _layers(Decoded(plain, BASE64_WITH_BLANKS, shortest), shortest, 0)


def _reduced(below: Layer, plain: Layer) -> Iterator[Layer]:
    folded = reduced.folded(plain)
    unmarked = reduced.without_markup(folded)
    dumped = reduced.without_columns(below)
    for layer in dict.fromkeys((below, plain, folded, unmarked)):
        yield _without_filling(layer)
        yield reduced.letters(layer)
    for layer in dict.fromkeys((below, dumped)):
        yield reduced.hexadecimal(layer)
        yield reduced.digits(layer)
    if dumped is not below:
        yield reduced.letters(dumped)


def _without_filling(layer: Layer) -> Layer:
    text = layer.text.encode("latin-1").translate(None, _FILLING_BYTES).decode("latin-1")
    return Rewritten(layer, _FILLING, nothing, text)
