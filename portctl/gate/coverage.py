"""How much of a service its tests cover: one number from a Cobertura report, which the service has written itself.

Of the report, the start of the first element is read and nothing else: no entity, no other file, no more than 64 KiB.
"""

from __future__ import annotations

import re
import xml.parsers.expat

MOST_BYTES = 65_536
_RATE = re.compile(r"(0(\.\d+)?|1(\.0+)?)", re.ASCII)


class BadReport(ValueError):
    """Not a coverage report; the text says why."""


def percent_of(beginning: bytes) -> float:
    """Percent of lines, with one decimal, cut off. `beginning`: of the report. Errors: BadReport."""
    rate = _root(beginning).get("line-rate", "")
    if len(rate) > 32 or not _RATE.fullmatch(rate):
        raise BadReport("The coverage report has no line-rate from 0 to 1")
    whole, _, fraction = rate.partition(".")
    return int(f"{whole}{fraction:0<3.3}") / 10


class _Found(Exception):
    """The first element; there is nothing more to read."""


def _root(text: bytes) -> dict[str, str]:
    parser = xml.parsers.expat.ParserCreate()
    found: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "coverage":
            raise BadReport("The coverage report is no Cobertura report")
        found.update(attributes)
        raise _Found

    def entity(*_: object) -> None:
        raise BadReport("The coverage report declares entities")

    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(text, False)
    except _Found:
        return found
    except BadReport:
        raise
    except (xml.parsers.expat.ExpatError, LookupError, ValueError) as error:  # also an encoding that nobody knows
        raise BadReport("The coverage report is no XML text") from error
    raise BadReport("The coverage report has no first element within its first 64 KiB")
