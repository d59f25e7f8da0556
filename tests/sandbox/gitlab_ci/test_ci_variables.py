"""Which variable wins, and what becomes of references."""

from __future__ import annotations

import pytest

from portctl.sandbox.gitlab.ci.variables import (
    CircularReference,
    Variable,
    expand_in_runner,
    expand_on_server,
    expand_text,
    layered,
)


def run(*variables: Variable, keep_undefined: bool = False) -> dict[str, str]:
    """The values as the job gets them; files stand at /f/NAME."""
    server = expand_on_server(layered(variables))
    job = expand_in_runner(server, lambda each: f"/f/{each.key}", keep_undefined=keep_undefined)
    return {key: variable.value for key, variable in job.items()}


def of(**values: str) -> tuple[Variable, ...]:
    return tuple(Variable(key=key, value=value) for key, value in values.items())


@pytest.mark.fact("ci-6")
def test_a_stronger_layer_wins() -> None:
    found = layered(of(A="1", B="1"), of(B="2", C="2"), of(C="3"))
    assert {key: each.value for key, each in found.items()} == {"A": "1", "B": "2", "C": "3"}


@pytest.mark.fact("ci-7")
def test_references_are_followed_in_any_order_and_notation() -> None:
    assert run(*of(C="$B-${A}-%A%", B="b$A", A="a")) == {"C": "ba-a-a", "B": "ba", "A": "a"}


@pytest.mark.fact("ci-8")
def test_two_dollars_are_one_and_keep_a_name_from_being_a_reference() -> None:
    assert run(*of(A="a", PRICE="5$$", LITERAL="$$A", AGAIN="$LITERAL")) == {
        "A": "a", "PRICE": "5$", "LITERAL": "$A", "AGAIN": "$A",
    }  # fmt: skip


@pytest.mark.fact("ci-9")
def test_raw_values_are_never_expanded_also_where_they_are_referred_to() -> None:
    raw = Variable(key="SECRET", value="pa$A$$word", raw=True)
    assert run(*of(A="a", USE="<$SECRET>"), raw) == {"A": "a", "USE": "<pa$A$$word>", "SECRET": "pa$A$$word"}


@pytest.mark.fact("ci-10")
def test_a_reference_to_a_file_is_its_path_and_its_content_is_expanded() -> None:
    file = Variable(key="FILE", value='{"user": "$A"}', file=True)
    assert run(*of(A="a", WHERE="$FILE"), file) == {"A": "a", "WHERE": "/f/FILE", "FILE": '{"user": "a"}'}


@pytest.mark.fact("ci-11")
def test_references_to_nothing_become_empty_or_stay() -> None:
    assert run(*of(A="[$NOTHING]", B="cost $5")) == {"A": "[]", "B": "cost "}
    assert run(*of(A="[$NOTHING]"), keep_undefined=True) == {"A": "[$NOTHING]"}


@pytest.mark.fact("ci-12")
def test_a_variable_that_refers_to_itself_keeps_its_text_and_circles_are_refused() -> None:
    assert run(*of(PORT_API_URL="${PORT_API_URL}")) == {"PORT_API_URL": "${PORT_API_URL}"}
    with pytest.raises(CircularReference, match=r'circular variable reference detected: \["A", "B"\]'):
        run(*of(A="$B", B="$A"))


def test_names_of_the_file_are_filled_in_completely() -> None:
    known = layered(of(ENV="prod", TIER="$ENV-eu"))
    assert expand_text("deploy/$TIER/$NOTHING", known) == "deploy/prod-eu/"
