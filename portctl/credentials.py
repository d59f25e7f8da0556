"""What credentials look like: the prefixes that vendors give them, keys, signed tokens, and text that looks random.

Sources: GitLab docs, "Token overview" (prefixes); GitHub docs, "About authentication to GitHub" (token formats);
Slack docs, "Tokens"; Microsoft docs, "Create an Incoming Webhook", "Configure connection strings"; AWS docs, "IAM
identifiers" (unique ids); Stripe docs, "API keys"; Docker docs and DigitalOcean docs, "Personal access tokens"; Hugging
Face docs, "User access tokens"; Atlassian docs, "API tokens"; Discord docs, "Webhook resource"; Telegram docs, "Bots";
the README of age; RFC 7468 (keys), RFC 7515 (signed tokens), RFC 7617 (Basic). A text that stands for a credential in
an example is none.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_START = r"(?<![A-Za-z0-9_])"
_BEGINS = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[rn])+"
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("a token of GitLab", _START + r"gl(?:pat|ptt|oas|dt|rtr?|cbt|ft|imt|agent|wt|soat|ffct)-(?P<own>[\w.-]{8,})"),
        ("a token of GitHub", _START + r"(?:gh[pousr]_|github_pat_)(?P<own>[A-Za-z0-9_]{16,})"),
        ("a token of Slack", _START + r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-(?P<own>[A-Za-z0-9-]{8,})"),
        ("a webhook of Slack", r"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/(?P<own>\w{16,})"),
        (
            "a webhook of Teams",
            r"webhook\.office\.com/webhookb2/[\w@-]{8,200}/IncomingWebhook/(?P<own>[A-Za-z0-9]{20,})",
        ),
        ("a key of Azure", r"(?:AccountKey|SharedAccessKey)=(?P<own>[A-Za-z0-9+/]{40,}={0,2})"),
        ("an access key of AWS", _START + r"(?:AKIA|ASIA)(?P<own>[A-Z0-9]{16})(?![A-Za-z0-9])"),
        ("a key of Stripe", _START + r"(?:sk|rk|whsec)_(?:live_)(?P<own>[A-Za-z0-9]{8,})"),
        ("a key of Google", _START + r"(?:AIza(?P<own>[\w-]{35})(?![\w-])|GOCSPX-[\w-]{20,})"),
        ("a key of OpenAI or Anthropic", _START + r"sk-(?:proj-|ant-|svcacct-)(?P<own>[\w-]{20,})"),
        ("a token of npm", _START + r"npm_(?P<own>[A-Za-z0-9]{36})(?![A-Za-z0-9])"),
        ("a token of PyPI", _START + r"pypi-AgEI(?P<own>[\w-]{50,})"),
        ("a token of Vault", _START + r"hv[sbr]\.(?P<own>[\w-]{24,})"),
        ("a token of Docker", _START + r"dckr_(?:pat|oat)_(?P<own>[\w-]{20,})"),
        ("a token of DigitalOcean", _START + r"do[opr]_v1_(?P<own>[a-f0-9]{40,})"),
        ("a token of Hugging Face", _START + r"hf_(?P<own>[A-Za-z0-9]{30,})(?![A-Za-z0-9])"),
        ("a token of Atlassian", _START + r"AT(?:ATT|CTT)3(?P<own>[\w=-]{24,})"),
        ("a webhook of Discord", r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,22}/(?P<own>[\w-]{40,})"),
        ("a bot's token of Telegram", _START + r"\d{8,10}:AA(?P<own>[\w-]{33})(?![\w-])"),
        ("a key of age", _START + r"AGE-SECRET-KEY-1(?P<own>[0-9A-Z]{50,})"),
        ("a key of SendGrid", _START + r"SG\.(?P<own>[\w-]{16,}\.[\w-]{16,})"),
        ("a signed token (JWT)", _START + r"eyJ[\w-]{8,999}\.eyJ(?P<own>[\w-]{8,9999}\.[\w-]{16,})"),
        (
            "a private key",
            _BEGINS + r"(?P<own>[A-Za-z0-9+/=][A-Za-z0-9+/=\s\\]{2,})",
        ),
    )
)
_BASIC = re.compile(r"(?<![A-Za-z0-9])Basic\s+(?P<own>[A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE)
_BEARER = re.compile(r"(?<![A-Za-z0-9])Bearer\s+(?P<own>[A-Za-z0-9._~+/-]{16,}=*)", re.IGNORECASE)
_PORT_SECRET = re.compile(r"(?<![A-Za-z0-9+/=_-])(?P<own>[A-Za-z0-9]{64})(?![A-Za-z0-9+/=_-])")
_NAME = re.compile(
    r"(?:^|[_.-]|(?<=[a-z0-9])(?=[A-Z]))"
    r"(?:token|secret|password|passwd|passphrase|credentials?|auth|authorization|cookie|signature"
    r"|(?:api|access|private|secret)[_-]?key)$",
    re.IGNORECASE,
)
_STAND_IN = re.compile(r"change.?me|example|placeholder|your|dummy|redacted|insert|replace|^<.*>$|^\[.*\]$", re.I)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{20,9999}={0,2}(?![A-Za-z0-9+/=_-])")
_FEW = 3
_LONG = 16
_PIECE = 8
_LEAST_BITS = 2.5
_OF_EACH = 4
_LOOKED_AT_START = 40


@dataclass(frozen=True, slots=True)
class Credential:
    """What the part of a text from `start` to `end` is; never the text itself."""

    what: str
    start: int
    end: int


def credentials_in(text: str) -> Iterator[Credential]:
    """The credentials that stand in `text`, told by their look alone."""
    for what, pattern in _SHAPES:
        yield from (Credential(what, *match.span()) for match in pattern.finditer(text) if _is_real(match))
    for what, pattern, fits in _LOOKED_AT:
        for match in pattern.finditer(text):
            if fits(match["own"]):
                yield Credential(what, *match.span("own"))
    for match in _BASE64.finditer(text):
        inside = _in_base64(match[0])
        if inside:
            yield Credential(f"{inside} in Base64", *match.span())


def without_credentials(text: str) -> str:
    """`text` with words in the place of what looks like a credential."""
    return blanked(text, ((found.start, found.end, found.what) for found in credentials_in(text)))


def blanked(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    """`text` with words in its `places`: from where, to where, and what stands there. They may overlap."""
    parts, end = [], 0
    for first, last, what in sorted(places, key=lambda place: (place[0], -place[1])):
        if first >= end:
            parts += [text[end:first], f"(hidden: {what})"]
        end = max(end, last)
    return "".join((*parts, text[end:]))


def _in_base64(word: str) -> str:
    """Which credential with a shape of its own a word of Base64 holds, "" if none."""
    try:
        text = base64.b64decode(word + "=" * (-len(word) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return next((what for what, pattern in _SHAPES for match in pattern.finditer(text) if _is_real(match)), "")


def _is_real(match: re.Match[str]) -> bool:
    return not is_stand_in((match["own"] or match[0])[:_LOOKED_AT_START])


def is_stand_in(text: str) -> bool:
    """Whether `text` only stands for a credential: `changeme`, `<token>`, `xxxxxxxx`."""
    return len(set(text.lower()) - set("-_.")) <= _FEW or _STAND_IN.search(text) is not None


def sounds_secret(name: str) -> bool:
    """Whether what is called so is a credential by its name: `API_TOKEN`, `clientSecret`, `x-api-key`."""
    return _NAME.search(name) is not None


def looks_random(text: str) -> bool:
    """Whether a word is made of no words: one long piece of it mixes letters and digits."""
    if len(text) < _LONG or re.fullmatch(r"[A-Za-z0-9_+/=.~-]+", text) is None or is_stand_in(text):
        return False
    return any(_is_random_piece(piece) for piece in re.split(r"[-_./=~+]", text))


def _is_random_piece(piece: str) -> bool:
    mixed = re.search(r"[0-9]", piece) and re.search(r"[A-Za-z]", piece)
    turns = len(re.findall(r"(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]|(?<=[a-z])[A-Z]", piece))
    return len(piece) >= _PIECE and mixed is not None and turns >= _FEW and bits(piece) >= _LEAST_BITS


def bits(text: str) -> float:
    """Shannon's entropy per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _is_mixed(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, text)) >= _OF_EACH for kind in kinds) and not is_stand_in(text)


def _is_user_and_password(text: str) -> bool:
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    user, colon, password = decoded.partition(":")
    return bool(colon and password) and decoded.isprintable() and not (is_stand_in(password) or _STAND_IN.search(user))


_LOOKED_AT: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("a user and a password (Basic)", _BASIC, _is_user_and_password),
    ("a token (Bearer)", _BEARER, looks_random),
    ("a client secret, such as Port's", _PORT_SECRET, _is_mixed),
)
