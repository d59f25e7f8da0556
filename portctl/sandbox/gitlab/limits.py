"""GitLab.com's request limits. Source: GitLab docs, "GitLab.com settings", rate limits."""

from __future__ import annotations

import math
from dataclasses import replace

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.limits import Limit, Quota
from portctl.sandbox.core.state import Row

_AUTHENTICATED = Limit(2_000, 2_000, 60)
_ANONYMOUS = Limit(500, 500, 60)
_RUNNERS = Limit(2_000, 2_000, 60)


def limit_of(user: Row | None, *, runner: bool = False) -> tuple[str, str, Limit]:
    """What is counted together, the limit's name, and the limit. Runners bring tokens of their own."""
    if runner:
        return "runners", "throttle_runner_jobs_api", _RUNNERS
    if user is None:
        return "anonymous", "throttle_unauthenticated_api", _ANONYMOUS
    return f"user:{user['id']}", "throttle_authenticated_api", _AUTHENTICATED


def with_quota(answer: Answer, name: str, quota: Quota) -> Answer:
    headers = {
        "RateLimit-Limit": str(quota.limit.requests),
        "RateLimit-Observed": str(quota.limit.requests - quota.remaining),
        "RateLimit-Remaining": str(quota.remaining),
        "RateLimit-Reset": str(math.ceil(quota.reset_epoch_seconds)),
        "RateLimit-Name": name,
    }
    return replace(answer, headers={**headers, **answer.headers})


def too_many(quota: Quota) -> Answer:
    """The edge limiter answers with text."""
    headers = {"Retry-After": str(quota.reset_after_seconds)}
    return Answer(429, "Retry later\n", headers, content_type="text/plain; charset=utf-8")
