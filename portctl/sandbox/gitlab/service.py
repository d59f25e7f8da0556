"""The GitLab emulator as a service: who asks, limits, scopes, routes, and the headers around every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.limits import Meter
from portctl.sandbox.core.router import Match, Router
from portctl.sandbox.core.state import Row, State
from portctl.sandbox.core.world import World
from portctl.sandbox.gitlab import seed
from portctl.sandbox.gitlab.ci.engine import Engine
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import GitLabError, not_emulated, unauthorized
from portctl.sandbox.gitlab.git.repositories import Repositories
from portctl.sandbox.gitlab.git_http import GitHttp, is_git_request
from portctl.sandbox.gitlab.limits import limit_of, too_many, with_quota
from portctl.sandbox.gitlab.routes import ROUTES, Route
from portctl.sandbox.gitlab.store import projects, users
from portctl.sandbox.gitlab.store.instance import Instance

_READS = ("GET", "HEAD")
_MOVED = "Non GET methods are not allowed for moved projects"
_REFUSALS: dict[int, Any] = {
    401: {"message": "401 Unauthorized"},
    403: {"message": "403 Forbidden"},
    404: {"message": "404 Not Found"},
    429: "Retry later\n",
    500: {"message": "500 Internal Server Error"},
}


class GitLabService:
    """One instance. `folder` says where repositories are kept, `hidden` which files no job is to see."""

    name = "gitlab"

    def __init__(self, world: World, folder: Callable[[], Path], hidden: Callable[[], tuple[Path, ...]]) -> None:
        self.world = world
        self._meter = Meter(world.clock)
        self._router: Router[Route] = Router((route.method, route.template, route) for route in ROUTES)
        state = State(world.clock, lambda: world.changed())
        self.instance = Instance(state, world, Repositories(folder, seed.fill_repository))
        self._git = GitHttp(self.instance)
        self.pipelines = Engine(self.instance, hidden)
        self._answered = 0
        seed.fill(self.instance)

    def respond(self, request: Request) -> Answer:
        if is_git_request(request):
            return self._finished(self._git.respond(request), None)
        match = self._router.match(request.method, request.path)
        user: Row | None = None
        try:
            token = None if match is None or match.target.runners else self._authenticated(request)
            user = users.find(self.instance, token["user_id"]) if token else None
            answer = self._limited(request, match, user, token)
        except GitLabError as error:
            answer = error.answer()
        return self._finished(replace(answer, caller=user["username"] if user else None), match)

    def refuse(self, status: int, why: str) -> Answer:
        body = _REFUSALS.get(status) or {"message": f"{status} {why}"}
        return GitLabError(status, body).answer()

    def reset(self) -> None:
        self._meter.reset()
        self._answered = 0
        self.pipelines.reset()
        self.instance.state.load({})
        self.instance.repositories.renew()
        seed.fill(self.instance)

    def settle(self) -> int:
        return self.pipelines.settle()

    def halt(self) -> None:
        """End all jobs and start none until the next reset. Called without the world's lock."""
        self.pipelines.halt()

    def close(self) -> None:
        """End all jobs, and what runs them; it starts again with `listen_at`. Called without the world's lock."""
        self.pipelines.close()

    def dump(self) -> dict[str, Any]:
        return {"tables": self.instance.state.dump(), "repositories": self.instance.repositories.generation}

    def load(self, saved: Mapping[str, Any]) -> None:
        self.instance.state.load(saved["tables"])
        self.instance.repositories.renew(saved["repositories"])
        self.pipelines.load()

    def credentials(self) -> dict[str, dict[str, str]]:
        """The latest token of each name."""
        rows = self.instance.state.rows("tokens").values()
        named = {row["name"]: row for row in rows}
        return {
            name: {"token": row["token"], "username": users.find(self.instance, row["user_id"])["username"]}
            for name, row in named.items()
        }

    def listen_at(self, url: str) -> None:
        self.instance.address.url = url
        self.pipelines.start()
        self.instance.repositories.renew(self.instance.repositories.generation)

    def _authenticated(self, request: Request) -> Row | None:
        value = _token_value(request)
        if value is not None:
            return users.authenticate(self.instance, value)
        if "job-token" in request.headers or request.query("job_token") is not None:
            raise unauthorized()
        return None

    def _limited(self, request: Request, match: Match[Route] | None, user: Row | None, token: Row | None) -> Answer:
        group, name, limit = limit_of(user, runner=match is not None and match.target.runners)
        quota = self._meter.count(group, limit, burst=False)
        if quota.exceeded:
            return with_quota(too_many(quota), name, quota)
        try:
            answer = self._answer(request, match, user, token)
        except GitLabError as error:
            answer = error.answer()
        return with_quota(answer, name, quota)

    def _answer(self, request: Request, match: Match[Route] | None, user: Row | None, token: Row | None) -> Answer:
        if "%00" in request.path or "%00" in request.query_string or b"\\u0000" in request.body:
            raise GitLabError(400, {"error": "400 Bad Request"})
        if match is None:
            raise not_emulated(f"the route {request.method} {request.path}")
        if user is None and not match.target.anonymous:
            raise unauthorized()
        if token is not None:
            _check_scope(token, match.target)
        self._redirect_moved(request, match, user)
        reads = request.method in _READS
        tables = self.instance.state.past(self.world.lag_seconds) if reads else self.instance.state
        return match.target.handler(Call(request, match.params, self.instance, user, token, tables))

    def _redirect_moved(self, request: Request, match: Match[Route], user: Row | None) -> None:
        """A project that was renamed answers at its old path with a redirect to its id, for reads only."""
        reference = match.params.get("project")
        moved = projects.moved_to(self.instance, user, reference) if reference else None
        if moved is None:
            return
        if request.method not in _READS:
            raise GitLabError(405, {"message": f"405 {_MOVED}"})
        segments = request.path.split("/")
        segments[segments.index("projects") + 1] = str(moved)
        query = f"?{request.query_string}" if request.query_string else ""
        target = f"{self.instance.address.url}{'/'.join(segments)}{query}"
        raise GitLabError(301, {"message": "This resource has been moved permanently"}, {"location": target})

    def _finished(self, answer: Answer, match: Match[Route] | None) -> Answer:
        self._answered += 1
        number = derive(f"{self.world.ids.seed}:request:{self._answered}", 26).upper()
        return replace(
            answer,
            headers={"x-request-id": number, **answer.headers},
            route=match.template if match else answer.route,
            note="not emulated" if answer.status == 501 else answer.note,
        )


def _token_value(request: Request) -> str | None:
    value = request.headers.get("private-token") or request.query("private_token") or request.query("access_token")
    word, _, rest = request.headers.get("authorization", "").partition(" ")
    return value or (rest.strip() if word.lower() == "bearer" else None)


def _check_scope(token: Row, route: Route) -> None:
    scopes = ("api", "read_api", *route.scopes) if route.method in _READS else ("api", *route.scopes)
    if not any(scope in scopes for scope in token["scopes"]):
        body = {
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": " ".join(scopes),
        }
        raise GitLabError(403, body)
