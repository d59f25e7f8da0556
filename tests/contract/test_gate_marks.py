"""The marks of deployments on GitLab: each made once, whoever tries at the same time, and never taken for absent."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.gate import evidence
from portctl.gate.connections import MARKS_TOKEN
from portctl.gate.evidence import Ended, Marks, Run, Started
from portctl.gate.marks import MarkStore, TakenBySomebodyElse
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import MARKS, MONTH, Seat, run_of, seated, variables
from tests.servers import gitlab_client

RUN = run_of("r_one")
PROJECT = "/projects/gate%2Fdeployment-marks"
COMMITS = "/repository/commits"
TESTED = evidence.Tested(
    service="shop/checkout",
    project="shop/checkout",
    sha="a" * 40,
    environment="Staging",
    deploy="sh deploy.sh 'ü'\n",
    coverage=79.9,
    needs_change=True,
    requester="user_1",
    email="dora@example.com",
)
ENDED = Ended(success=False, text="given up")


def started(job: int, by: str = "https://gitlab.example/jobs/1") -> Started:
    return Started(pipeline_url="https://gitlab.example/pipelines/1", by=by, job=job)


@pytest.fixture
def seat(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Seat]:
    with seated(sandbox, tmp_path) as made:
        yield made


@pytest.fixture
def marks(seat: Seat) -> MarkStore:
    return seat.desk.marks


def fail(sandbox: Sandbox, kind: FaultKind, **more: Any) -> None:
    given: dict[str, Any] = {"service": "gitlab", "method": "POST", "path": COMMITS, **more}
    sandbox.faults.add(Fault(kind, **given))


def files(sandbox: Sandbox) -> list[str]:
    with gitlab_client(sandbox, "gate-marks") as client:
        rows = client.get(f"{PROJECT}/repository/tree", params={"recursive": "true", "per_page": "100"}).json()
    return [row["path"] for row in rows if row["type"] == "blob" and row["path"] != "README.md"]


def written(sandbox: Sandbox, path: str, text: str, action: str = "create") -> None:
    """By somebody's hand."""
    body = {
        "branch": "main",
        "commit_message": "By hand",
        "actions": [{"action": action, "file_path": path, "content": text}],
    }
    with gitlab_client(sandbox, "gate-marks") as client:
        client.post(f"{PROJECT}{COMMITS}", json=body).raise_for_status()


def test_what_was_never_made_is_absent(marks: MarkStore) -> None:
    assert marks.read(RUN) == Marks()


def test_marks_are_read_as_they_were_made(marks: MarkStore, sandbox: Sandbox) -> None:
    marks.keep_tested(RUN, TESTED)
    marks.take_start(RUN, started(7))
    marks.keep_end(RUN, ENDED)
    assert marks.read(RUN) == Marks(tested=TESTED, started=started(7), ended=ENDED)
    assert files(sandbox) == [f"deployments/{MONTH}/r_one/{name}.json" for name in ("ended", "started", "tested")]


def test_giving_up_takes_the_start_and_the_end_in_one_commit(marks: MarkStore, sandbox: Sandbox) -> None:
    marks.close(RUN, started(0), ENDED)
    assert marks.read(RUN) == Marks(started=started(0), ended=ENDED)
    with gitlab_client(sandbox, "gate-marks") as client:
        assert client.get(f"{PROJECT}{COMMITS}").json()[0]["title"] == "started and ended r_one"
    with pytest.raises(TakenBySomebodyElse):
        marks.take_start(RUN, started(7))


def test_a_deployment_that_was_started_cannot_be_given_up(marks: MarkStore) -> None:
    marks.take_start(RUN, started(7))
    with pytest.raises(TakenBySomebodyElse, match=r"^started\.json$"):
        marks.close(RUN, started(0), ENDED)
    assert marks.read(RUN) == Marks(started=started(7))


def test_whoever_asks_again_has_it_and_nobody_else(marks: MarkStore) -> None:
    for _ in range(2):
        marks.keep_tested(RUN, TESTED)
        marks.take_start(RUN, started(7))
    with pytest.raises(TakenBySomebodyElse):
        marks.take_start(RUN, started(7, by="https://gitlab.example/jobs/2"))


def test_the_first_end_that_is_told_stays(marks: MarkStore) -> None:
    marks.take_start(RUN, started(7))
    marks.keep_end(RUN, ENDED)
    with pytest.raises(TakenBySomebodyElse, match=r"^ended\.json$"):
        marks.keep_end(RUN, Ended(success=True, text="deployed"))
    assert marks.read(RUN).ended == ENDED


def taken(store: MarkStore, run: Run, mark: Started, ended: Ended | None) -> bool:
    try:
        if ended is None:
            store.take_start(run, mark)
        else:
            store.close(run, mark, ended)
    except TakenBySomebodyElse:
        return False
    return True


@pytest.mark.parametrize("run", [run_of(f"r_{number}") for number in range(3)], ids=lambda run: run.id)
def test_of_twenty_who_come_at_once_one_wins(seat: Seat, run: Run) -> None:
    """Half of them deploy, half of them give up."""
    takers = [(started(n, by=f"https://gitlab.example/jobs/{n}"), ENDED if n % 2 else None) for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(lambda taker: taken(seat.desk.marks, run, *taker), takers))
    assert won.count(True) == 1
    winner, ended = takers[won.index(True)]
    assert seat.desk.marks.read(run) == Marks(started=winner, ended=ended)


def test_twenty_different_deployments_get_a_start_each(seat: Seat) -> None:
    runs = [run_of(f"r_{number}") for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(lambda run: taken(seat.desk.marks, run, started(7), None), runs))
    assert won == [True] * 20


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.TRUNCATE, FaultKind.CUT, FaultKind.HTML])
@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_that_is_lost_loses_no_start(marks: MarkStore, sandbox: Sandbox, kind: FaultKind, times: int) -> None:
    fail(sandbox, kind, times=times)
    marks.take_start(RUN, started(7))
    assert marks.read(RUN) == Marks(started=started(7))
    with pytest.raises(TakenBySomebodyElse):
        marks.take_start(RUN, started(8))


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.CUT])
def test_who_loses_the_answer_and_the_race_is_told(marks: MarkStore, sandbox: Sandbox, kind: FaultKind) -> None:
    marks.take_start(RUN, started(7))
    fail(sandbox, kind)
    with pytest.raises(TakenBySomebodyElse):
        marks.take_start(RUN, started(8))


@pytest.mark.parametrize("status", [400, 409, 500, 502, 503, 504, 429])
def test_a_refusal_without_a_file_is_no_defeat(seat: Seat, sandbox: Sandbox, status: int) -> None:
    """As when two commits to one branch meet, or a server is busy."""
    said = {"message": "Could not update refs/heads/main. Please refresh and try again."}
    fail(sandbox, FaultKind.STATUS, status=status, value=said, times=2)
    seat.desk.marks.take_start(RUN, started(7))
    assert seat.desk.marks.read(RUN) == Marks(started=started(7))
    assert seat.waits == [0.5, 1.0]


def test_a_refusal_that_stays_is_told_after_some_tries(seat: Seat, sandbox: Sandbox) -> None:
    fail(sandbox, FaultKind.STATUS, status=400, value={"message": "Something is wrong"}, times=None)
    with pytest.raises(ApiError, match="Something is wrong"):
        seat.desk.marks.take_start(RUN, started(7))
    assert seat.waits == [0.5, 1.0, 2.0, 4.0]
    assert seat.desk.marks.read(RUN) == Marks()


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (403, AccessDenied), (404, ApiError)])
def test_who_may_not_write_is_told_at_once(seat: Seat, sandbox: Sandbox, status: int, error: type[Exception]) -> None:
    fail(sandbox, FaultKind.STATUS, status=status, value={"message": "No"}, times=None)
    with pytest.raises(error):
        seat.desk.marks.take_start(RUN, started(7))
    assert seat.waits == []


@pytest.mark.parametrize("credential", ["outsider", "revoked", "expired", "repository-only"])
def test_marks_that_may_not_be_seen_are_not_absent(sandbox: Sandbox, tmp_path: pathlib.Path, credential: str) -> None:
    token = sandbox.credentials["gitlab"][credential]["token"]
    with seated(sandbox, tmp_path, {**variables(sandbox), MARKS_TOKEN: token}) as seat:
        with pytest.raises(PortctlError) as caught:
            seat.desk.marks.read(RUN)
        assert token not in f"{caught.value}{caught.value.hint}"
        with pytest.raises(PortctlError):
            seat.desk.marks.take_start(RUN, started(7))


def test_a_reader_of_the_marks_can_write_none(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    token = sandbox.credentials["gitlab"]["gate-reader"]["token"]
    with seated(sandbox, tmp_path, {**variables(sandbox), MARKS_TOKEN: token}) as seat:
        assert seat.desk.marks.read(RUN) == Marks()
        with pytest.raises(AccessDenied):
            seat.desk.marks.take_start(RUN, started(7))


@pytest.mark.parametrize(
    "text",
    [
        "", "nothing", "[]", "null", "7", "{}", '{"job": 7}', "[" * 50_000,
        '{"pipeline_url": "p", "by": "b", "job": "7"}',
        '{"pipeline_url": "p", "by": "b", "job": true}',
        '{"pipeline_url": "p", "by": "b", "job": 7.0}',
        '{"pipeline_url": null, "by": "b", "job": 7}',
        '{"pipeline_url": "p", "by": "b", "job": 7, "more": 1}',
    ],
    ids=lambda text: text[:50],
)  # fmt: skip
def test_a_mark_that_somebody_edited_stops_everything(marks: MarkStore, sandbox: Sandbox, text: str) -> None:
    written(sandbox, f"deployments/{MONTH}/r_one/started.json", text)
    with pytest.raises(PortctlError) as caught:
        marks.read(RUN)
    place = f"{MARKS}: deployments/{MONTH}/r_one/started.json"
    assert (caught.value.summary, caught.value.detail) == ("Mark that cannot be read", place)
    assert caught.value.hint == "Nothing is deployed while it is so."


def test_bytes_that_are_no_text_are_no_mark(marks: MarkStore, sandbox: Sandbox) -> None:
    body = {
        "branch": "main",
        "commit_message": "By hand",
        "actions": [
            {
                "action": "create",
                "file_path": f"deployments/{MONTH}/r_one/ended.json",
                "content": "gICA",
                "encoding": "base64",
            }
        ],
    }
    with gitlab_client(sandbox, "gate-marks") as client:
        client.post(f"{PROJECT}{COMMITS}", json=body).raise_for_status()
    with pytest.raises(PortctlError, match="a file whose content is no Base64 text"):
        marks.read(RUN)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-12-31T23:59:59", "2026-12"),
        ("2027-01-01T00:00:00", "2027-01"),
        ("2028-02-29T12:00:00", "2028-02"),
        ("2026-01-01T00:00:00", "2026-01"),
    ],
)
def test_marks_lie_in_the_month_of_their_request(marks: MarkStore, sandbox: Sandbox, moment: str, month: str) -> None:
    run = run_of("r_one", seconds(moment))
    marks.take_start(run, started(7))
    assert files(sandbox) == [f"deployments/{month}/r_one/started.json"]
    assert marks.read(run) == Marks(started=started(7))


MONTHS = ("2025-11", "2025-12", "2026-01", "2026-02")


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("2025-11-30T23:59:59", MONTHS),
        ("2025-12-01T00:00:00", MONTHS[1:]),
        ("2025-12-31T23:59:59", MONTHS[1:]),
        ("2026-01-01T00:00:00", MONTHS[2:]),
        ("2026-02-15T00:00:00", MONTHS[3:]),
    ],
)
def test_only_whole_months_that_are_old_are_removed(
    marks: MarkStore, sandbox: Sandbox, before: str, left: tuple[str, ...]
) -> None:
    for month in MONTHS:
        marks.close(run_of("r_old", seconds(f"{month}-15T00:00:00")), started(0), ENDED)
    while removed := marks.clean(seconds(before)):
        assert removed == 2
    assert sorted({path.split("/")[1] for path in files(sandbox)}) == list(left)


def test_cleaning_takes_a_page_at_a_time_and_ends(marks: MarkStore, sandbox: Sandbox) -> None:
    actions = [
        {"action": "create", "file_path": f"deployments/2025-01/r_{number}/{name}.json", "content": "{}"}
        for number in range(40)
        for name in ("tested", "started", "ended")
    ]
    with gitlab_client(sandbox, "gate-marks") as client:
        body = {"branch": "main", "commit_message": "Many", "actions": actions}
        client.post(f"{PROJECT}{COMMITS}", json=body).raise_for_status()
    removed = [marks.clean(seconds("2026-01-01")) for _ in range(3)]
    assert (sum(removed), removed[-1]) == (120, 0)
    assert files(sandbox) == []


def test_what_is_no_month_stays(marks: MarkStore, sandbox: Sandbox) -> None:
    kept = ["deployments/0-notes/a.md", "deployments/2025-1/a.md", "deployments/README.md", "other/2020-01/a.md"]
    for path in kept:
        written(sandbox, path, "kept\n")
    assert marks.clean(seconds("2030-01-01")) == 0
    assert files(sandbox) == kept


def test_marks_that_are_kept_for_ever_are_never_removed(marks: MarkStore, sandbox: Sandbox) -> None:
    marks.close(RUN, started(0), ENDED)
    assert marks.clean(-1e14) == 0
    assert len(files(sandbox)) == 2
