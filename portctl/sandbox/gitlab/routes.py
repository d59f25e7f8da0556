"""Which path is answered by which handler. What is not listed here answers 501."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.gitlab.context import Call, Handler
from portctl.sandbox.gitlab.errors import GitLabError
from portctl.sandbox.gitlab.handlers import (
    archives,
    branches,
    commits,
    deployments,
    environments,
    files,
    groups,
    jobs,
    lint,
    members,
    merge_requests,
    pipelines,
    projects,
    protected_environments,
    runner_artifacts,
    runner_jobs,
    runners,
    triggers,
    users,
    variables,
)

API = "/api/v4"


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `anonymous`: answered without a token, too. `scopes`: token scopes that do besides api.

    `runners`: runners come with tokens of their own, which the handler looks at.
    """

    method: str
    template: str
    handler: Handler
    anonymous: bool = False
    scopes: tuple[str, ...] = ()
    runners: bool = False


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(method, f"{API}{path}", handler)


def _public(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(method, f"{API}{path}", handler, anonymous=True)


def _runner(method: str, path: str, handler: Handler) -> Route:
    return Route(method, f"{API}{path}", handler, anonymous=True, runners=True)


def _own(method: str, path: str, handler: Handler, *scopes: str) -> Route:
    return Route(method, f"{API}{path}", handler, scopes=scopes)


def _file(method: str, path: str, handler: Handler) -> Route:
    """A route that reads files: of all that is below the repository, a token for repositories opens these only."""
    return Route(method, f"{API}{path}", handler, anonymous=True, scopes=("read_repository",))


def _unknown(method: str, path: str) -> Route:
    """A route that the real service does not know either."""

    def handler(_call: Call) -> Answer:
        raise GitLabError(404, {"error": "404 Not Found"})

    return _public(path, handler, method)


def _members(path: str, source: str) -> tuple[Route, ...]:
    handle = members.of(source)
    return (
        _route("GET", f"{path}/members", handle["list"]),
        _route("GET", f"{path}/members/all", handle["list_all"]),
        _route("GET", f"{path}/members/{{user}}", handle["read"]),
        _route("GET", f"{path}/members/all/{{user}}", handle["read_all"]),
        _route("POST", f"{path}/members", handle["add"]),
        _route("PUT", f"{path}/members/{{user}}", handle["change"]),
        _route("DELETE", f"{path}/members/{{user}}", handle["remove"]),
    )


def _variables(path: str, source: str) -> tuple[Route, ...]:
    handle = variables.of(source)
    return (
        _route("GET", f"{path}/variables", handle["list"]),
        _route("POST", f"{path}/variables", handle["create"]),
        _route("GET", f"{path}/variables/{{key}}", handle["read"]),
        _route("PUT", f"{path}/variables/{{key}}", handle["change"]),
        _route("DELETE", f"{path}/variables/{{key}}", handle["delete"]),
    )


_SELF = "/personal_access_tokens/self"
_TOKEN = "/personal_access_tokens/{token}"
_GROUP = "/groups/{group}"
_PROJECT = "/projects/{project}"
_REQUESTS = f"{_PROJECT}/merge_requests"
_REQUEST = f"{_REQUESTS}/{{iid}}"
_TRIGGERS = f"{_PROJECT}/triggers"
_TRIGGER = f"{_TRIGGERS}/{{trigger}}"
_REPOSITORY = f"{_PROJECT}/repository"
_BRANCHES = f"{_REPOSITORY}/branches"
_BRANCH = f"{_BRANCHES}/{{branch}}"
_PROTECTED = f"{_PROJECT}/protected_branches/{{name}}"
_FILE = f"{_REPOSITORY}/files/{{file}}"
_COMMIT = f"{_REPOSITORY}/commits/{{sha}}"

_INSTANCE = (
    _own("GET", "/version", users.version, "read_user"),
    _own("GET", "/metadata", users.metadata, "read_user"),
    _own("GET", "/user", users.current, "read_user"),
    _own("GET", "/users", users.list_all, "read_user"),
    _own("GET", "/users/{user}", users.read, "read_user"),
    _route("GET", "/personal_access_tokens", users.list_tokens),
    _own("GET", _SELF, users.own_token, "read_user", "read_repository", "write_repository"),
    _own("POST", f"{_SELF}/rotate", users.rotate_token, "self_rotate"),
    _own("DELETE", _SELF, users.revoke_token, "read_api", "read_user"),
    _route("GET", _TOKEN, users.own_token),
    _route("POST", f"{_TOKEN}/rotate", users.rotate_token),
    _route("DELETE", _TOKEN, users.revoke_token),
    _route("GET", "/namespaces", groups.list_namespaces),
    _route("GET", "/namespaces/{namespace}", groups.read_namespace),
)
_GROUPS = (
    _public("/groups", groups.list_all),
    _route("POST", "/groups", groups.create),
    _public(_GROUP, groups.read),
    _route("PUT", _GROUP, groups.edit),
    _route("DELETE", _GROUP, groups.delete),
    _public(f"{_GROUP}/subgroups", groups.list_subgroups),
    _public(f"{_GROUP}/projects", groups.list_projects),
    *_members(_GROUP, "namespace"),
    *_variables(_GROUP, "namespace"),
)
_PROJECTS = (
    _public("/projects", projects.list_all),
    _route("POST", "/projects", projects.create),
    _public(_PROJECT, projects.read),
    _route("PUT", _PROJECT, projects.edit),
    _route("DELETE", _PROJECT, projects.delete),
    _route("POST", f"{_PROJECT}/restore", projects.restore),
    _route("POST", f"{_PROJECT}/archive", projects.archive),
    _route("POST", f"{_PROJECT}/unarchive", projects.unarchive),
    *_members(_PROJECT, "project"),
    *_variables(_PROJECT, "project"),
    _route("GET", _TRIGGERS, triggers.list_all),
    _route("POST", _TRIGGERS, triggers.create),
    _route("GET", _TRIGGER, triggers.read),
    _route("PUT", _TRIGGER, triggers.change),
    _route("DELETE", _TRIGGER, triggers.delete),
)
_CODE = (
    _public(_BRANCHES, branches.list_all),
    _route("POST", _BRANCHES, branches.create),
    _public(_BRANCH, branches.read),
    _public(_BRANCH, branches.head, "HEAD"),
    _route("DELETE", _BRANCH, branches.delete),
    _route("GET", f"{_PROJECT}/protected_branches", branches.list_protected),
    _route("POST", f"{_PROJECT}/protected_branches", branches.protect),
    _route("GET", _PROTECTED, branches.read_protected),
    _route("PATCH", _PROTECTED, branches.change_protected),
    _route("DELETE", _PROTECTED, branches.unprotect),
    _public(f"{_REPOSITORY}/tree", files.tree),
    _public(f"{_REPOSITORY}/archive", archives.download),
    _public(f"{_REPOSITORY}/archive.tar.gz", archives.download),
    _file("GET", _FILE, files.read),
    _file("HEAD", _FILE, files.head),
    _file("GET", f"{_FILE}/raw", files.raw),
    _route("POST", _FILE, files.create),
    _route("PUT", _FILE, files.update),
    _route("DELETE", _FILE, files.delete),
    _public(f"{_REPOSITORY}/commits", commits.list_all),
    _route("POST", f"{_REPOSITORY}/commits", commits.create),
    _public(_COMMIT, commits.read),
    _public(f"{_COMMIT}/diff", commits.diff),
    _public(f"{_REPOSITORY}/compare", commits.compare),
    _route("GET", f"{_PROJECT}/ci/lint", lint.check_committed),
    _route("POST", f"{_PROJECT}/ci/lint", lint.check_content),
)
_MERGE_REQUESTS = (
    _public(_REQUESTS, merge_requests.list_all),
    _route("POST", _REQUESTS, merge_requests.create),
    _public(_REQUEST, merge_requests.read),
    _route("PUT", _REQUEST, merge_requests.edit),
    _route("DELETE", _REQUEST, merge_requests.delete),
    _route("PUT", f"{_REQUEST}/merge", merge_requests.perform),
    _public(f"{_REQUEST}/commits", merge_requests.list_commits),
    _public(f"{_REQUEST}/changes", merge_requests.changes),
    _public(f"{_REQUEST}/diffs", merge_requests.list_diffs),
)
_TRIGGER_PIPELINE = f"{_PROJECT}/trigger/pipeline"
_PIPELINE = f"{_PROJECT}/pipelines/{{pipeline}}"
_JOB = f"{_PROJECT}/jobs/{{job}}"
_DEEPEST_ARTIFACT = 12
_PIPELINES = (
    _unknown("GET", _TRIGGER_PIPELINE),
    _public(_TRIGGER_PIPELINE, pipelines.trigger, "POST"),
    _public(f"{_PROJECT}/ref/{{ref}}/trigger/pipeline", pipelines.trigger, "POST"),
    _route("POST", f"{_PROJECT}/pipeline", pipelines.create),
    _public(f"{_PROJECT}/pipelines", pipelines.list_all),
    _public(f"{_PROJECT}/pipelines/latest", pipelines.latest),
    _public(_PIPELINE, pipelines.read),
    _route("DELETE", _PIPELINE, pipelines.delete),
    _public(f"{_PIPELINE}/jobs", pipelines.list_jobs),
    _public(f"{_PIPELINE}/bridges", pipelines.list_bridges),
    _route("GET", f"{_PIPELINE}/variables", pipelines.list_variables),
    _route("POST", f"{_PIPELINE}/cancel", pipelines.cancel),
    _route("POST", f"{_PIPELINE}/retry", pipelines.retry),
    _public(f"{_PROJECT}/jobs", jobs.list_all),
    _public(_JOB, jobs.read),
    _public(f"{_JOB}/trace", jobs.trace),
    _public(f"{_JOB}/artifacts", jobs.artifacts),
    _route("DELETE", f"{_JOB}/artifacts", jobs.delete_artifacts),
    _public(f"{_PROJECT}/jobs/artifacts/{{ref}}/download", jobs.latest_artifacts),
    _route("POST", f"{_JOB}/cancel", jobs.cancel),
    _route("POST", f"{_JOB}/retry", jobs.retry),
    _route("POST", f"{_JOB}/play", jobs.play),
    _route("POST", f"{_JOB}/erase", jobs.erase),
    *(
        _public(f"{_JOB}/artifacts/{'/'.join(f'{{part{each}}}' for each in range(depth))}", jobs.one_artifact)
        for depth in range(1, _DEEPEST_ARTIFACT)
    ),
)

_ENVIRONMENT = f"{_PROJECT}/environments/{{environment}}"
_DEPLOYMENT = f"{_PROJECT}/deployments/{{deployment}}"
_PROTECTED_ENVIRONMENT = f"{_PROJECT}/protected_environments/{{name}}"
_ENVIRONMENTS = (
    _route("GET", f"{_PROJECT}/environments", environments.list_all),
    _route("POST", f"{_PROJECT}/environments", environments.create),
    _route("GET", _ENVIRONMENT, environments.read),
    _route("PUT", _ENVIRONMENT, environments.edit),
    _route("DELETE", _ENVIRONMENT, environments.delete),
    _route("POST", f"{_ENVIRONMENT}/stop", environments.stop),
    _route("GET", f"{_PROJECT}/deployments", deployments.list_all),
    _route("GET", _DEPLOYMENT, deployments.read),
    _route("POST", f"{_DEPLOYMENT}/approval", deployments.approve),
    _route("GET", f"{_PROJECT}/protected_environments", protected_environments.list_all),
    _route("POST", f"{_PROJECT}/protected_environments", protected_environments.protect),
    _route("GET", _PROTECTED_ENVIRONMENT, protected_environments.read),
    _route("PUT", _PROTECTED_ENVIRONMENT, protected_environments.change),
    _route("DELETE", _PROTECTED_ENVIRONMENT, protected_environments.unprotect),
)

_RUNNERS = (
    _runner("POST", "/runners", runners.register),
    _runner("DELETE", "/runners", runners.remove),
    _runner("POST", "/runners/verify", runners.verify),
    _runner("POST", "/runners/reset_authentication_token", runners.reset_token),
    _runner("DELETE", "/runners/managers", runners.remove_manager),
    _runner("POST", "/jobs/request", runner_jobs.request),
    _runner("PATCH", "/jobs/{job}/trace", runner_jobs.append_trace),
    _runner("PUT", "/jobs/{job}", runner_jobs.update),
    _runner("POST", "/jobs/{job}/artifacts", runner_artifacts.upload),
    _runner("GET", "/jobs/{job}/artifacts", runner_artifacts.download),
)

ROUTES: tuple[Route, ...] = (
    *_INSTANCE,
    *_GROUPS,
    *_PROJECTS,
    *_CODE,
    *_MERGE_REQUESTS,
    *_PIPELINES,
    *_ENVIRONMENTS,
    *_RUNNERS,
)
