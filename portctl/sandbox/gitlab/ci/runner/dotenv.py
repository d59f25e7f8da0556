"""`artifacts:reports:dotenv`: variables for later jobs. Source: GitLab docs, "Artifacts reports", dotenv."""

from __future__ import annotations

import re

LARGEST_BYTES = 5 * 1024
_LINE = re.compile(r"(?P<key>[^=]*)=(?P<value>.*)")
_KEY = re.compile(r"[A-Za-z0-9_]+")


class BadDotenv(ValueError):
    """The report is rejected, and the job fails."""


def parse_dotenv(content: bytes, most_variables: int) -> dict[str, str]:
    """No blank lines, no comments; quotes belong to the value; the last of two equal keys wins. Errors: BadDotenv."""
    if len(content) > LARGEST_BYTES:
        raise BadDotenv(f"Dotenv Artifact Too Big. Maximum Allowable Size: {LARGEST_BYTES}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadDotenv("Invalid Format") from error
    found: dict[str, str] = {}
    for line in text.removesuffix("\n").split("\n") if text else []:
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadDotenv("Invalid Format")
        key = match["key"].strip()
        if not _KEY.fullmatch(key):
            raise BadDotenv("Validation failed: Key can contain only letters, digits and '_'.")
        found[key] = match["value"].strip()
    if len(found) > most_variables:
        raise BadDotenv(f"Dotenv files cannot have more than {most_variables} variables")
    return found
