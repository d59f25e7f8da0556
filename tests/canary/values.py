"""Values that are hard to keep quiet about, and everything that services and libraries make of a value."""

from __future__ import annotations

import base64
import html
import json
import quopri
import textwrap
from collections.abc import Callable, Mapping
from email import charset, quoprimime
from urllib.parse import quote, quote_plus

BODIES = ("q7Xw2Zk9", "canary"), ("m4Hc8Tb1", "falcon")
"""Two of them: whatever is left of values in which nothing else differs must be the same."""


def values(body: str, bird: str) -> Mapping[str, str]:
    """Fifty values, by what is hard about them. `body` stands in each, so that none stands anywhere by chance."""
    return {
        "plain": f"{bird}-{body}",
        "short": body[:6],
        "double quote": f'{body}"{bird}"9',
        "single quotes": f"{body}'{bird}'9",
        "both quotes": f"{body}\"'`{bird}",
        "backslashes": f"{body}\\{bird}\\\\9",
        "backslash at the end": f'{body}"{bird}\\',
        "backslash at the beginning": f"\\{body}{bird}",
        "looks escaped": f"{body}\\n\\x41\\u00e9{bird}",
        "newline": f"{body}\n{bird}",
        "carriage return": f"{body}\r\n{bird}",
        "tab": f"{body}\t{bird}",
        "NUL": f"{body}\0{bird}",
        "escape": f"{body}\x1b[31m{bird}",
        "delete": f"{body}\x7f{bird}",
        "latin": f"{body}-cänäry-é",
        "latin and quotes": f'{body}"cänäry"\\é',
        "euro": f"{body}€{bird}",
        "cyrillic": f"{body}канарейка",
        "emoji": f"{body}🐤{bird}",
        "emoji and quotes": f'"🐤"{body}\\{bird}',
        "combining": f"{body}cana\u0308ry",
        "right to left": f"{body}\u202e{bird}",
        "no-break space": f"{body}\u00a0{bird}",
        "percent": f"{body}%{bird}%41%",
        "looks percent-encoded": f"{body}%22{bird}%2F",
        "plus": f"{body}+{bird}+9",
        "blanks": f"{body} {bird}  nine",
        "ampersand": f"{body}&{bird}=9&a;",
        "html": f"<b>{body}</b>&amp;{bird}",
        "equals": f"{body}={bird}==",
        "slashes": f"{body}/{bird}//9",
        "jinja": f"{{{{ {body} }}}}{bird}",
        "hole": f"<% {body} %>{bird}",
        "input": f"$[[ {body}.{bird} ]]",
        "shell": f"$({body})`{bird}`$9;|",
        "regex": f"^({body}|[{bird}]*)+?$",
        "flag": f"--{body}={bird}",
        "url": f"https://user:{body}@{bird}.example/p?q=1#f",
        "json": f'{{"key": "{body}", "{bird}": [1, null]}}',
        "yaml": f"- {body}: !{bird} &a *b",
        "base64": base64.b64encode(f"{bird}-{body}?~~~".encode()).decode(),
        "base64 for addresses": base64.urlsafe_b64encode(f"{bird}-{body}?~~~".encode()).decode(),
        "hexadecimal": f"{bird}-{body}-{bird}".encode().hex(),
        "capital hexadecimal": f"{bird}-{body}-{bird}".encode().hex().upper(),
        "key file": f"-----BEGIN KEY-----\n{body * 8}\n{body[::-1] * 8}\n-----END KEY-----\n",
        "long": "".join(f"{body}{number:x}" for number in range(400)),
        "contains another": f"{bird}-{body}-and-more",
        "token": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ7{body}.{body[::-1]}{bird}",
        "placeholder": f"(secret {body})",
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _json(text: str) -> str:
    return json.dumps(text)


def _utf8_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _wrapped(text: str, width: int = 20) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def _quoted_word(text: str) -> str:
    return f"=?utf-8?q?{quoprimime.header_encode(text.encode())}?="


def _hexadecimal(text: str, write: str, separator: str) -> str:
    return separator.join(write.format(byte) for byte in text.encode())


def _dump(text: str, *, column: bool, pair: int) -> str:
    """As xxd writes it, or hexdump, which does not say the letters beside the numbers in the same way."""
    data = text.encode()
    lines = []
    for at in range(0, len(data), 16):
        piece = data[at : at + 16]
        numbers = " ".join(piece[each : each + pair].hex() for each in range(0, len(piece), pair))
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in piece)
        lines.append(f"{at:08x}: {numbers:<39}  {letters}" if column else f"{at:08x}  {numbers}")
    return "\n".join(lines) + "\n"


def _two_words(text: str, way: str) -> str:
    """Headers hold 75 characters a word."""
    half = len(text) // 2
    if way == "b":
        return " ".join(f"=?utf-8?b?{_base64(piece)}?=" for piece in (text[:half], text[half:]))
    return "\n ".join(quoprimime.header_encode(piece.encode(), "utf-8") for piece in (text[:half], text[half:]))


def _full_width(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


def _times(text: str, times: int) -> str:
    for _ in range(times):
        text = _base64(text)
    return text


ECHOES: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": _json,
    "JSON in UTF-8": _utf8_json,
    "JSON with solidus": lambda text: _json(text).replace("/", "\\/"),
    "JSON for pages": lambda text: _json(text).replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026"),
    "JSON in JSON": lambda text: _json(_json({"said": text})),  # type: ignore[arg-type]
    "UTF-8 JSON in JSON": lambda text: _json(_utf8_json(text)),
    "JSON key": lambda text: json.dumps({text: 1}),
    "repr": repr,
    "ascii": ascii,
    "repr of bytes": lambda text: repr(text.encode()),
    "repr of repr": lambda text: repr(repr(text)),
    "repr of JSON": lambda text: repr(_utf8_json(text)),
    "repr of bytes in JSON": lambda text: _json(repr(text.encode())),
    "percent": lambda text: quote(text, safe=""),
    "small percent": lambda text: (
        quote(text, safe="").replace("%2F", "%2f").lower() if text.islower() else _small(text)
    ),
    "percent with slashes": quote,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "form of JSON": lambda text: quote_plus(_json(text)),
    "JSON of form": lambda text: _json(f"a=1&token={quote_plus(text)}&b=2"),
    "every byte in percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "old percent": lambda text: "".join(f"%u{ord(each):04X}" if ord(each) < 0x10000 else quote(each) for each in text),
    "HTML": html.escape,
    "HTML in numbers": lambda text: text.replace("&", "&amp;").encode("ascii", "xmlcharrefreplace").decode(),
    "HTML in all numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML in hexadecimal": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "JSON in HTML": lambda text: html.escape(_json(text)),
    "base64": _base64,
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: _base64(text).rstrip("="),
    "base64 of a user and it": lambda text: _base64(f"user:{text}"),
    "base64 of the second part": lambda text: _base64(f"x{text}y"),
    "base64 of the third part": lambda text: _base64(f"xy{text}z"),
    "base64 in the middle of a name": lambda text: f"abc{_base64(text)}",
    "base64 twice": lambda text: _base64(_base64(text)),
    "base64 twice, with user": lambda text: _base64(f"Basic {_base64(f'user:{text}')}"),
    "base64 of JSON": lambda text: _base64(json.dumps({"token": text})),
    "base64 of UTF-8 JSON": lambda text: _base64(json.dumps({"token": text}, ensure_ascii=False)),
    "base64 of form": lambda text: _base64(f"token={quote_plus(text)}"),
    "base64 in lines": lambda text: base64.encodebytes(text.encode() * 2).decode(),
    "base64 in lines in JSON": lambda text: _json(_wrapped(_base64(text))),
    "base64 in percent": lambda text: quote(_base64(text), safe=""),
    "base64 in a form not encoded": lambda text: _base64(text).replace("+", " "),
    "base64 of base64 in lines": lambda text: _base64(_wrapped(_base64(text))),
    "hexadecimal": lambda text: text.encode().hex(),
    "capital hexadecimal": lambda text: text.encode().hex().upper(),
    "numbers": lambda text: json.dumps(list(text.encode())),
    "escapes of bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "octal escapes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "escapes of characters": lambda text: text.encode("unicode_escape").decode(),
    "taken for Latin-1": lambda text: text.encode().decode("latin-1"),
    "taken for Latin-1, in JSON": lambda text: _json(text.encode().decode("latin-1")),
    "taken for Windows": lambda text: text.encode().decode("cp1252", "replace"),
    "question marks": lambda text: text.encode("ascii", "replace").decode(),
    "replacement characters": lambda text: text.encode().decode("ascii", "replace"),
    "backslashes": lambda text: text.encode("ascii", "backslashreplace").decode(),
    "lines": _wrapped,
    "lines in JSON": lambda text: _json(_wrapped(text, 9)),
    "indented lines": lambda text: textwrap.indent(_wrapped(text, 11), "    "),
    "shell": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "YAML": lambda text: "'" + text.replace("'", "''") + "'",
    "CSV": lambda text: '"' + text.replace('"', '""') + '"',
    "capitals": str.upper,
    "small letters": str.lower,
    "title": str.title,
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "a word in a header": lambda text: charset.Charset("utf-8").header_encode(text),
    "a word with few escapes": _quoted_word,
    "hexadecimal with colons": lambda text: _hexadecimal(text, "{:02x}", ":"),
    "hexadecimal with hyphens": lambda text: _hexadecimal(text, "{:02X}", "-"),
    "hexadecimal as in C": lambda text: _hexadecimal(text, "0x{:02x}", ", "),
    "a dump with a column of letters": lambda text: _dump(text, column=True, pair=2),
    "a dump of bytes alone": lambda text: _dump(text, column=False, pair=1),
    "escapes with braces": lambda text: _hexadecimal(text, "\\x{{{:02x}}}", ""),
    "escapes of style sheets": lambda text: "".join(f"\\{ord(each):x} " for each in text),
    "code points": lambda text: " ".join(f"U+{ord(each):04X}" for each in text),
    "binary digits": lambda text: _hexadecimal(text, "{:08b}", " "),
    "octal numbers": lambda text: _hexadecimal(text, "{:o}", " "),
    "short octal escapes": lambda text: _hexadecimal(text, "\\{:o}", ""),
    "signed bytes": lambda text: str([(byte + 128) % 256 - 128 for byte in text.encode()]),
    "codes of characters": lambda text: str([*map(ord, text)]),
    "units of UTF-16": lambda text: str([*memoryview(text.encode("utf-16-le")).cast("H")]),
    "a list of characters": lambda text: repr([*text]),
    "a list of characters in JSON": lambda text: json.dumps([*text]),
    "characters with commas": ",".join,
    "characters with dots": ".".join,
    "characters with blanks": " ".join,
    "HTML in numbers without ends": lambda text: "".join(f"&#{ord(each)}" for each in text),
    "HTML without ends": lambda text: html.escape(text).replace(";", ""),
    "base64 four times": lambda text: _times(text, 4),
    "base64 six times": lambda text: _times(text, 6),
    "two words in a header": lambda text: _two_words(text, "q"),
    "two words in a header in base64": lambda text: _two_words(text, "b"),
    "lines that are quoted": lambda text: textwrap.indent(_wrapped(text, 11), "> ", lambda _: True),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 of a user and it": lambda text: base64.b32encode(f"user:{text}".encode()).decode(),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "base85 of a user and it": lambda text: base64.b85encode(f"user:{text}!".encode()).decode(),
    "Ascii85": lambda text: base64.a85encode(text.encode(), adobe=True).decode(),
    "reversed": lambda text: text[::-1],
    "full width": _full_width,
    "blanks of no width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "breaks of words": "<wbr>".join,
    "marked up": lambda text: f"{text[:3]}<em class='hit'>{text[3:5]}</em>{text[5:]}",
    "coloured": lambda text: f"{text[:3]}\x1b[1;31m{text[3:5]}\x1b[0m{text[5:]}",
    "ends of CDATA": lambda text: f"{text[:3]}]]><![CDATA[{text[3:]}",
    "surrogate escapes": lambda text: text.encode().decode("ascii", "surrogateescape"),
}


def _small(text: str) -> str:
    return "".join(quote(each, safe="").lower() if quote(each, safe="") != each else each for each in text)
