"""The trigger token in the wrong hands: both addresses, every way to send, variables and inputs of every shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portctl.story.services import Row
from tests.attacks.ground import PROJECT, Ground
from tests.attacks.runner import Spy
from tests.attacks.test_environment import NAMES, TELL

RUN = "r_0000000000000000"
GOOD = {"call": "look", "deploy_run": RUN, "run": RUN}
REFUSED = {
    "Insufficient permissions to set pipeline variables",
    "variables needs to be a map of key-valued strings",
    "variables is invalid",
}
FLAT = {"token": "", "ref": "main", "inputs[call]": "look", "inputs[deploy_run]": RUN, "inputs[run]": RUN}
INJECTIONS = (
    *(
        "x\ny",
        "x\n",
        "\nx",
        "x y",
        "x;id",
        "$(id)",
        "`id`",
        "${TRIGGER_TOKEN}",
        "$TRIGGER_TOKEN",
        "$$",
        "%(x)s",
        "'",
        '"',
    ),
    *("!reference [.gate, script]", "!!python/object x", "*a", "&a", "{a: b}", "[a]", "a: b", "- a", "# a", "|", ">"),
    *(
        "$[[ inputs.call ]]",
        "$[[ inputs.run | expand_vars ]]",
        "]] $[[",
        '" == "" || "',
        "../x",
        "a/b",
        "é",
        "\u2028",
        "\0",
    ),
    "a" * 65,
)


@pytest.fixture(autouse=True)
def _still(ground: Ground) -> Iterator[None]:
    """No job runs, and none was made that anybody could take."""
    ground.pause(paused=True)
    before = ground.newest()
    yield
    ground.settle()
    made = [row["id"] for row in ground.pipelines() if row["id"] > before]
    assert [ground.services.jobs(number) for number in made] == [[] for _ in made]
    assert Spy(ground).take() is None


def addresses(ground: Ground) -> tuple[str, str]:
    return ground.url, ground.url.replace("/trigger/pipeline", "/ref/main/trigger/pipeline")


def reason(body: Any) -> str:
    message = body.get("message", body.get("error")) if isinstance(body, dict) else body
    return str(message["base"][0] if isinstance(message, dict) and "base" in message else message)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_of_any_name_is_refused_however_it_is_sent(ground: Ground, name: str) -> None:
    for url in addresses(ground):
        json = {"token": ground.token, "ref": "main", "inputs": GOOD, "variables": {name: TELL}}
        form = {**FLAT, "token": ground.token, f"variables[{name}]": TELL}
        for answer in (
            ground.http.post(url, json=json),
            ground.http.post(url, data=form),
            ground.http.post(url, params=form),
            ground.http.post(url, params={f"variables[{name}]": TELL}, data={**FLAT, "token": ground.token}),
            ground.http.post(url, files={key: (None, value) for key, value in form.items()}),
        ):
            assert (answer.status_code, reason(answer.json()) in REFUSED) == (400, True), answer.text


@pytest.mark.parametrize(
    "variables",
    [
        {"A": {"B": TELL}},
        {"A": [TELL]},
        {"A": None},
        {"A": 1},
        {"BASH_ENV": ""},
        {"": TELL},
        {"A B": TELL},
        [TELL],
        [{"key": "BASH_ENV", "value": TELL}],
        [{"key": "BASH_ENV", "value": TELL, "variable_type": "file"}],
        f"BASH_ENV={TELL}",
        1,
        True,
        [[["BASH_ENV", TELL]]],
    ],
)
def test_variables_of_any_shape_are_refused(ground: Ground, variables: Any) -> None:
    for url in addresses(ground):
        sent = {"token": ground.token, "ref": "main", "inputs": GOOD, "variables": variables}
        answer = ground.http.post(url, json=sent)
        assert (answer.status_code, reason(answer.json()) in REFUSED) == (400, True), answer.text


@pytest.mark.parametrize("name", ["deploy_run", "run"])
@pytest.mark.parametrize("value", INJECTIONS)
def test_an_input_that_is_no_id_makes_no_job(ground: Ground, name: str, value: str) -> None:
    answer = ground.http.post(ground.url, json={"token": ground.token, "ref": "main", "inputs": {**GOOD, name: value}})
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    "inputs",
    [
        {"call": "deploy; id"},
        {"call": "DEPLOY"},
        {"call": ["deploy"]},
        {"call": {"a": "deploy"}},
        {"call": 1},
        {"call": True},
        {"call": None},
        {**GOOD, "environment": "gate/decide"},
        {**GOOD, "environment": "production"},
        {**GOOD, "environment": "Production\n"},
        {**GOOD, "environment": ["Production"]},
        {**GOOD, "deploy_run": [RUN]},
        {**GOOD, "variables": {"BASH_ENV": TELL}},
        {**GOOD, "unknown": "x"},
        {**GOOD, "script": "id"},
        {**dict.fromkeys(map(str, range(21)), "x")},
        [GOOD],
        "call=deploy",
        {"call": "none", "deploy_run": RUN, "run": RUN},
        {},
    ],
)
def test_inputs_that_the_file_does_not_take_make_no_job(ground: Ground, inputs: Any) -> None:
    answer = ground.http.post(ground.url, json={"token": ground.token, "ref": "main", "inputs": inputs})
    assert answer.status_code in (400, 422, 501), answer.text  # 501: a mapping where a text belongs


@pytest.mark.parametrize("token", ["", "wrong", None, 1, [], {}, ["x"]])
def test_without_the_token_nothing_is_said(ground: Ground, token: Any) -> None:
    answer = ground.http.post(ground.url, json={"token": token, "ref": "main", "inputs": GOOD})
    assert answer.status_code in (400, 404), answer.text
    bare = ground.http.post(ground.url, json={"ref": "main", "inputs": GOOD}, headers={"private-token": ground.token})
    assert bare.status_code in (400, 401)


def test_members_of_the_project_start_no_job_with_their_own_tokens(ground: Ground) -> None:
    bodies: list[Row] = [
        {"ref": "main", "inputs": GOOD},
        {"ref": "main", "inputs": GOOD, "variables": [{"key": "BASH_ENV", "value": TELL}]},
    ]
    for person in ("owner", "maintainer", "developer", "reporter", "guest", "outsider"):
        for body in bodies:
            said = ground.services.gitlab("POST", f"{PROJECT}/pipeline", body, person=person)
            assert said.status in (400, 403, 404), (person, said.reason)
