"""Files in repositories of GitLab: read by directory, written as one commit, directly or through a merge request."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError, PortctlError, StalePlan
from portctl.model.provider import ValidationIssue
from portctl.model.resource import Live
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.conftest import AsUser
from tests.contract.gitlab_objects import FILES, PIPELINES, PROJECT, about, files_of, write_request
from tests.servers import gitlab_client

MAIN = (PIPELINES, "main")
TEXTS = {".gitlab-ci.yml": "build:\n  script: [make]\n", "ci/run.sh": "#!/bin/sh\n", "ci/lib/a b.sh": "x=1\n"}
WANTED = files_of(TEXTS)
REQUEST = {"source_branch": "portctl/test", "title": "Bring files up to date"}


def texts(live: Live | None) -> dict[str, str]:
    return {} if live is None else {path: file["content"] for path, file in live.attributes["files"].items()}


def read(provider: GitLabProvider, wanted: dict[str, Any], *paths: str) -> Live | None:
    return provider.read(FILES, [MAIN], {MAIN: about(wanted, *paths)}).get(MAIN)


def change(
    provider: GitLabProvider, live: Live, wanted: dict[str, Any], *paths: str, removed: tuple[str, ...] = ()
) -> Live:
    gone = tuple(("files", path, "content") for path in removed)
    changed = (("files", path, "content") for path in paths)
    return provider.update(FILES, live, write_request(MAIN, wanted, *changed, removed=gone, merge=True))


def commits(sandbox: Sandbox, branch: str = "main") -> list[dict[str, Any]]:
    with gitlab_client(sandbox) as client:
        found: list[dict[str, Any]] = client.get(
            "/projects/platform%2Fpipelines/repository/commits", params={"ref_name": branch}
        ).json()
        return found


def by_hand(sandbox: Sandbox, path: str, text: str, *, branch: str = "main", action: str = "create") -> None:
    actions = [{"action": action, "file_path": path, "content": text}]
    body = {"branch": branch, "commit_message": "By hand", "actions": actions}
    with gitlab_client(sandbox, "owner") as client:
        assert client.post("/projects/platform%2Fpipelines/repository/commits", json=body).status_code == 201


def test_all_files_are_one_commit_that_says_whose_it_is(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    assert read(gitlab, WANTED) is None
    before = len(commits(sandbox))
    created = gitlab.create(FILES, write_request(MAIN, {**WANTED, "commit_message": "Bring the pipeline"}))
    assert texts(created) == texts(read(gitlab, WANTED)) == TEXTS
    made = commits(sandbox)
    assert len(made) == before + 1
    assert made[0]["title"] == "Bring the pipeline"
    assert "\n\nPortctl-Apply: " in made[0]["message"]


def test_creating_what_is_there_already_commits_nothing(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    gitlab.create(FILES, write_request(MAIN, WANTED))
    before = commits(sandbox)
    assert texts(gitlab.create(FILES, write_request(MAIN, WANTED))) == TEXTS
    assert commits(sandbox) == before


@pytest.mark.parametrize("count", [1, 250])
def test_reading_asks_for_directories_and_not_for_files(gitlab: GitLabProvider, count: int) -> None:
    wanted = files_of({f"ci/{number}.sh": f"echo {number}\n" for number in range(count)})
    gitlab.create(FILES, write_request(MAIN, wanted))
    before = gitlab.requests()
    assert len(texts(read(gitlab, wanted))) == count
    assert gitlab.requests() - before == 2 + count // 100


def test_only_what_differs_is_fetched_and_committed(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    gitlab.create(FILES, write_request(MAIN, WANTED))
    by_hand(sandbox, "ci/run.sh", "#!/bin/bash\n", action="update")
    fetched = "gitlab GET /api/v4/projects/{project}/repository/files/{file}"
    before = sandbox.counters.get(fetched, 0)
    live = read(gitlab, WANTED)
    assert live is not None
    assert sandbox.counters[fetched] - before == 1
    assert texts(live) == {**TEXTS, "ci/run.sh": "#!/bin/bash\n"}
    assert texts(change(gitlab, live, WANTED, "ci/run.sh")) == TEXTS


def test_files_that_nobody_listed_are_neither_shown_nor_touched(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    by_hand(sandbox, "ci/other.sh", "theirs\n")
    created = gitlab.create(FILES, write_request(MAIN, WANTED))
    assert "ci/other.sh" not in texts(created)
    gitlab.delete(FILES, created)
    assert texts(read(gitlab, {}, *TEXTS, "ci/other.sh")) == {"ci/other.sh": "theirs\n"}


def test_a_file_that_only_the_ledger_knows_is_found_and_can_go(gitlab: GitLabProvider) -> None:
    gitlab.create(FILES, write_request(MAIN, WANTED))
    fewer = files_of({".gitlab-ci.yml": TEXTS[".gitlab-ci.yml"]})
    live = read(gitlab, fewer, *TEXTS)
    assert texts(live) == TEXTS
    assert live is not None
    left = change(gitlab, live, fewer, removed=("ci/run.sh", "ci/lib/a b.sh"))
    assert texts(left) == texts(read(gitlab, fewer, *TEXTS)) == {".gitlab-ci.yml": TEXTS[".gitlab-ci.yml"]}


def test_a_file_can_be_made_executable_and_plain_again(gitlab: GitLabProvider) -> None:
    wanted = {"branch": "main", "files": {"run.sh": {"content": "#!/bin/sh\n", "execute_filemode": True}}}
    live = gitlab.create(FILES, write_request(MAIN, wanted))
    assert live.attributes["files"]["run.sh"]["execute_filemode"] is True
    plain = files_of({"run.sh": "#!/bin/sh\n"})
    path = ("files", "run.sh", "execute_filemode")
    changed = gitlab.update(FILES, live, write_request(MAIN, plain, path, merge=True))
    assert changed.attributes["files"]["run.sh"]["execute_filemode"] is False


def test_what_somebody_changed_meanwhile_is_not_overwritten(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    gitlab.create(FILES, write_request(MAIN, WANTED))
    live = read(gitlab, WANTED)
    assert live is not None
    by_hand(sandbox, "ci/run.sh", "by hand\n", action="update")
    before = commits(sandbox)
    with pytest.raises(StalePlan, match=r"somebody changed ci/run\.sh after it was read"):
        change(gitlab, live, files_of({**TEXTS, "ci/run.sh": "new\n"}), "ci/run.sh")
    with pytest.raises(StalePlan, match=r"somebody changed README\.md"):
        gitlab.create(FILES, write_request(MAIN, files_of({"README.md": "ours\n"})))
    assert commits(sandbox) == before


def test_a_change_between_our_own_look_and_the_commit_is_refused_by_gitlab(
    gitlab: GitLabProvider, sandbox: Sandbox
) -> None:
    live = gitlab.create(FILES, write_request(MAIN, WANTED))
    sandbox.faults.add(Fault(FaultKind.DUPLICATE, service="gitlab", method="POST", path="/repository/commits"))
    with pytest.raises(ApiError, match="has changed since you started editing it"):
        change(gitlab, live, files_of({**TEXTS, "ci/run.sh": "new\n"}), "ci/run.sh")


def test_bytes_that_are_no_text_can_be_replaced(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    actions = [{"action": "create", "file_path": "data", "content": "gICA", "encoding": "base64"}]
    with gitlab_client(sandbox, "owner") as client:
        body = {"branch": "main", "commit_message": "x", "actions": actions}
        assert client.post("/projects/platform%2Fpipelines/repository/commits", json=body).status_code == 201
    wanted = files_of({"data": "text\n"})
    live = read(gitlab, wanted)
    assert live is not None
    assert "(not text: 3 bytes, " in texts(live)["data"]
    assert texts(change(gitlab, live, wanted, "data")) == {"data": "text\n"}


def test_the_first_commit_of_an_empty_repository_makes_its_branch(gitlab: GitLabProvider) -> None:
    project, identity = ("platform/empty",), ("platform/empty", "main")
    gitlab.create(PROJECT, write_request(project, {"path_with_namespace": project[0]}))
    assert gitlab.read(FILES, [identity], {identity: about(WANTED)}) == {}
    assert gitlab.check(FILES, identity, WANTED) == ()
    assert texts(gitlab.create(FILES, write_request(identity, WANTED))) == TEXTS


def test_a_new_branch_starts_from_the_default_branch(gitlab: GitLabProvider) -> None:
    identity = (PIPELINES, "staging")
    live = gitlab.create(FILES, write_request(identity, files_of(TEXTS, "staging")))
    assert texts(live) == TEXTS
    found = gitlab.read(FILES, [identity], {identity: about(files_of({"README.md": ""}, "staging"))})
    assert list(texts(found[identity])) == ["README.md"]


def test_a_merge_request_holds_what_is_pending_and_is_what_is_compared(
    gitlab: GitLabProvider, sandbox: Sandbox
) -> None:
    wanted = {**WANTED, "merge_request": REQUEST}
    assert read(gitlab, wanted) is None
    created = gitlab.create(FILES, write_request(MAIN, wanted))
    note = f"pending: !1 {sandbox.urls['gitlab']}/platform/pipelines/-/merge_requests/1"
    live = read(gitlab, wanted)
    assert live is not None
    assert (texts(created), created.notes) == (texts(live), live.notes) == (TEXTS, (note,))
    assert read(gitlab, WANTED) is None
    newer = {**files_of({**TEXTS, "ci/run.sh": "new\n"}), "merge_request": REQUEST}
    changed = change(gitlab, live, newer, "ci/run.sh")
    assert (texts(changed)["ci/run.sh"], changed.notes) == ("new\n", (note,))
    assert [commit["title"] for commit in commits(sandbox, "portctl/test")][:2] == ["Update managed files"] * 2


def test_commits_of_others_in_the_merge_request_are_built_upon(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    wanted = {**WANTED, "merge_request": REQUEST}
    gitlab.create(FILES, write_request(MAIN, wanted))
    by_hand(sandbox, "ci/run.sh", "reviewed\n", branch="portctl/test", action="update")
    live = read(gitlab, wanted)
    assert live is not None
    assert texts(live)["ci/run.sh"] == "reviewed\n"
    change(gitlab, live, wanted, "ci/run.sh")
    assert [commit["title"] for commit in commits(sandbox, "portctl/test")][:2] == ["Update managed files", "By hand"]


def test_a_branch_of_ours_without_a_merge_request_begins_anew(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    wanted = {**WANTED, "merge_request": REQUEST}
    gitlab.create(FILES, write_request(MAIN, wanted))
    with gitlab_client(sandbox, "owner") as client:
        client.put("/projects/platform%2Fpipelines/merge_requests/1", json={"state_event": "close"})
    assert read(gitlab, wanted) is None
    again = gitlab.create(FILES, write_request(MAIN, wanted))
    assert again.notes[0].startswith("pending: !2 ")
    assert [commit["title"] for commit in commits(sandbox, "portctl/test")] == [
        "Update managed files",
        "Initial commit",
    ]


def test_a_branch_with_commits_of_others_and_no_merge_request_is_left_alone(
    gitlab: GitLabProvider, sandbox: Sandbox
) -> None:
    with gitlab_client(sandbox, "owner") as client:
        body = {"branch": "portctl/test", "ref": "main"}
        client.post("/projects/platform%2Fpipelines/repository/branches", json=body)
    by_hand(sandbox, "theirs", "theirs\n", branch="portctl/test")
    before = commits(sandbox, "portctl/test")
    wanted = {**WANTED, "merge_request": REQUEST}
    assert read(gitlab, wanted) is None
    with pytest.raises(StalePlan, match="portctl/test has commits by Olga Owner and no open merge request"):
        gitlab.create(FILES, write_request(MAIN, wanted))
    assert commits(sandbox, "portctl/test") == before


def test_there_must_be_a_branch_to_merge_into(gitlab: GitLabProvider) -> None:
    identity = (PIPELINES, "nowhere")
    wanted = {**files_of(TEXTS, "nowhere"), "merge_request": REQUEST}
    with pytest.raises(PortctlError, match="No branch to merge into"):
        gitlab.create(FILES, write_request(identity, wanted))


def test_gitlabs_own_opinion_of_a_pipeline_comes_with_its_line(gitlab: GitLabProvider) -> None:
    broken = files_of({".gitlab-ci.yml": "# comment\nbuild:\n  script: [make]\n  scrpt: [make]\n"})
    assert gitlab.check(FILES, MAIN, broken) == (
        ValidationIssue(
            ("files", ".gitlab-ci.yml", "content", 2), "GitLab: jobs:build config contains unknown keys: scrpt"
        ),
    )
    assert gitlab.check(FILES, MAIN, WANTED) == ()


HEADER = """\
# comment
spec:
  inputs:
    call: {options: [build, ship]}
    run: {regex: '^[a-z]{8}$'}
    count: {type: number}
    dry: {type: boolean}
    kept: {default: a}
---
# comment
"""


def test_a_pipeline_that_needs_inputs_is_checked_with_some(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    body = """\
"$[[ inputs.call ]]-$[[ inputs.run ]]":
  script: [make]
  allow_failure: $[[ inputs.dry ]]
  retry: $[[ inputs.count ]]
  variables: {KEPT: {value: "$[[ inputs.kept ]]", expand: false}}
"""
    assert gitlab.check(FILES, MAIN, files_of({".gitlab-ci.yml": HEADER + body})) == ()
    assert gitlab.check(FILES, MAIN, files_of({".gitlab-ci.yml": f"{HEADER}{body}  scrpt: [make]\n"})) == ()
    broken = files_of({".gitlab-ci.yml": f"{HEADER}{body}build:\n  script: [make]\n  scrpt: [make]\n"})
    assert gitlab.check(FILES, MAIN, broken) == (
        ValidationIssue(
            ("files", ".gitlab-ci.yml", "content", 16), "GitLab: jobs:build config contains unknown keys: scrpt"
        ),
    )
    unknown = files_of({".gitlab-ci.yml": f"{HEADER}build: {{script: '$[[ inputs.cal ]]'}}\n"})
    assert [complaint.text for complaint in gitlab.check(FILES, MAIN, unknown)] == [
        "GitLab: unknown interpolation key: `cal`"
    ]
    asked = [each for each in sandbox.journal.exchanges() if each.path.endswith("/ci/lint")]
    assert len(asked) == 4


def test_a_pipeline_that_needs_a_list_is_not_checked_by_gitlab(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    text = "spec: {inputs: {x: {type: array}}}\n---\nbuild: {scrpt: x}\n"
    assert gitlab.check(FILES, MAIN, files_of({".gitlab-ci.yml": text})) == ()
    assert [each for each in sandbox.journal.exchanges() if each.path.endswith("/ci/lint")] == []


@pytest.mark.parametrize("credential", ["readonly", "reporter", "outsider"])
def test_who_may_not_ask_for_an_opinion_gets_none(as_user: AsUser, credential: str) -> None:
    broken = files_of({".gitlab-ci.yml": "build: {}\n"})
    assert as_user(credential, read_only=True).check(FILES, MAIN, broken) == ()


def test_a_reporter_reads_and_a_developer_is_told_that_the_branch_is_protected(
    gitlab: GitLabProvider, as_user: AsUser
) -> None:
    gitlab.create(FILES, write_request(MAIN, WANTED))
    assert texts(read(as_user("reporter", read_only=True), WANTED)) == TEXTS
    developer = as_user("developer")
    live = read(developer, WANTED)
    assert live is not None
    with pytest.raises(AccessDenied) as caught:
        change(developer, live, files_of({**TEXTS, "ci/run.sh": "new\n"}), "ci/run.sh")
    assert "Maintainer where the branch is protected" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "nth"),
    [
        ("/repository/branches/main$", 1),
        ("/repository/tree", 1),
        ("/repository/tree", 2),
        ("/repository/tree", 3),
        ("/repository/files/", 1),
        ("/merge_requests", 1),
    ],
)
def test_a_404_that_comes_from_nowhere_never_looks_like_missing_files(
    gitlab: GitLabProvider, sandbox: Sandbox, path: str, nth: int
) -> None:
    wanted = {**files_of({**TEXTS, "ci/run.sh": "new\n"}), "merge_request": REQUEST}
    gitlab.create(FILES, write_request(MAIN, WANTED))
    sandbox.faults.add(Fault(FaultKind.STATUS, service="gitlab", path=path, status=404, nth=nth))
    with pytest.raises(PortctlError):
        read(gitlab, wanted)
