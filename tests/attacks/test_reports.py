"""What a service may write into its coverage report: a number, or nothing that counts."""

from __future__ import annotations

import pytest

from portctl.gate.coverage import MOST_BYTES, BadReport, percent_of

NO_RATE = "The coverage report has no line-rate from 0 to 1"
NO_XML = "The coverage report is no XML text"
ENTITIES = "The coverage report declares entities"
LAUGHS = '<!DOCTYPE coverage [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><coverage line-rate="&b;"/>'
OUTSIDE = '<!DOCTYPE coverage [<!ENTITY a SYSTEM "file:///proc/self/environ">]><coverage line-rate="&a;"/>'
PARAMETER = '<!DOCTYPE coverage [<!ENTITY % a SYSTEM "http://127.0.0.1:1/">%a;]><coverage line-rate="1"/>'


@pytest.mark.parametrize(
    ("report", "percent"),
    [
        ('<coverage line-rate="0.65"/>', 65.0),
        ('<coverage line-rate="0.7999999"/>', 79.9),
        ('<coverage line-rate="1"/>', 100.0),
        ('<coverage line-rate="0.5"><coverage line-rate="1"/>', 50.0),
        ('<coverage line-rate="0.5"', None),
        ('<?xml version="1.0" encoding="no-such-encoding"?><coverage line-rate="0.5"/>', 50.0),
        ('<?xml version="1.0" encoding="utf-16"?><coverage line-rate="0.5"/>', 50.0),
        ('<!DOCTYPE coverage SYSTEM "http://127.0.0.1:1/x"><coverage line-rate="0.5"/>', 50.0),
    ],
)
def test_one_number_is_read_whatever_stands_around_it(report: str, percent: float | None) -> None:
    if percent is None:
        with pytest.raises(BadReport, match="no first element"):
            percent_of(report)
    else:
        assert percent_of(report) == percent


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ("", "The coverage report has no first element within its first 64 KiB"),
        (" " * MOST_BYTES, "The coverage report has no first element within its first 64 KiB"),
        ("\0" * 100, NO_XML),
        ("not XML", NO_XML),
        ('{"line-rate": 1}', NO_XML),
        ('<report line-rate="1"/>', "The coverage report is no Cobertura report"),
        ("<coverage/>", NO_RATE),
        *((f'<coverage line-rate="{rate}"/>', NO_RATE) for rate in ("", "1.01", "2", "-0", "+1", "1e0", "0x1", "NaN")),
        *((f'<coverage line-rate="{rate}"/>', NO_RATE) for rate in ("inf", " 1", "1&#10;", "0,9", "\u0661", "1" * 40)),
        (f'<coverage line-rate="0.{"9" * 40}"/>', NO_RATE),
        ('<coverage line-rate="$(id)"/>', NO_RATE),
        ('<coverage line-rate="1" line-rate="0"/>', NO_XML),
        ('<a:coverage line-rate="1"/>', "The coverage report is no Cobertura report"),
        (LAUGHS, ENTITIES),
        (OUTSIDE, ENTITIES),
        (PARAMETER, ENTITIES),
    ],
)
def test_anything_else_is_no_report(report: str, why: str) -> None:
    with pytest.raises(BadReport) as caught:
        percent_of(report)
    assert str(caught.value) == why
