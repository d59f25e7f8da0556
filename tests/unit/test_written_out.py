"""Values that a text gives to the name of a secret, taken out of it."""

from __future__ import annotations

import pytest

from portctl.written_out import without_written

TOKEN = "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"https://bob:hunter22@db/x?a=1&token={TOKEN}&b=2",
            "https://bob:(hidden: a password in a URL)@db/x?a=1&token=(hidden: a token of GitLab)&b=2",
        ),
        (f"https://bob:x{TOKEN}@db", "https://bob:(hidden: a password in a URL)@db"),
        (f"API_TOKEN='{TOKEN} and more'", "API_TOKEN='(hidden: a token of GitLab) and more'"),
        (
            'password: "hunter22"\nlogin --token t0ken4711 now',
            'password: "(hidden: the value of password)"\nlogin --token (hidden: the value of token) now',
        ),
        ("curl -u bob:hunter22 https://x", "curl -u bob:(hidden: the password of a user) https://x"),
    ],
)
def test_words_stand_in_the_place_of_a_value_and_of_nothing_else(text: str, shown: str) -> None:
    assert without_written(text) == shown
    assert without_written(f"before\n{text}\nafter") == f"before\n{shown}\nafter"


@pytest.mark.parametrize(
    "text",
    [
        "https://bob:$PASSWORD@db/x?token={{ .secrets.TOKEN }}",
        "https://example.com/x?auth=basic&page_token=",
        "export TOKEN=${TOKEN:-x}",
        "password: changeme1",
        "curl -u $USER1:$PASSWORD1 https://x",
    ],
)
def test_what_is_filled_in_and_what_stands_for_a_value_stay(text: str) -> None:
    assert without_written(text) == text
