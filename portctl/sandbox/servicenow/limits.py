"""Rate limit rules: requests per hour, for everybody together or for one user."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.limits import Limit, Meter, Quota
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import SnowError
from portctl.sandbox.servicenow.store.instance import Actor, Instance

_HOUR_SECONDS = 3600


class RateLimits:
    """Counts what the rules of `sys_rate_limit_rules` speak about."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._meter = Meter(instance.world.clock)

    def reset(self) -> None:
        self._meter.reset()

    def count(self, request: Request, actor: Actor) -> tuple[dict[str, str], Answer | None]:
        """The headers that tell of the rule that applies, and a refusal once it is exhausted."""
        for rule in self._rules(request, actor):
            limit = Limit(int(rule["request_limit"] or 0), 0, _HOUR_SECONDS)
            who = actor.sys_id if rule["limit_type"] == "user" else ""
            quota = self._meter.count(f"{rule['sys_id']}:{who}", limit, burst=False)
            headers = limit_headers(limit.requests, quota.reset_epoch_seconds, str(rule["sys_id"]))
            return headers, _refusal(rule, quota) if quota.exceeded else None
        return {}, None

    def _rules(self, request: Request, actor: Actor) -> Iterator[Row]:
        for rule in self._instance.lagging().rows("sys_rate_limit_rules").values():
            if rule["active"] != "true" or rule["method"] not in ("", request.method):
                continue
            if request.path.startswith(rule["rest_resource"]) and rule["user"] in ("", actor.sys_id):
                yield rule


def limit_headers(limit: int, reset_epoch_seconds: int, rule: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-reset": str(reset_epoch_seconds),
        "x-ratelimit-rule": rule,
    }


def _refusal(rule: Row, quota: Quota) -> Answer:
    detail = f"Rate limit of {quota.limit.requests} requests per hour for {rule['rest_resource']} exceeded"
    answer = SnowError(429, "Rate limit exceeded", detail).answer()
    return Answer(429, answer.body, {"retry-after": str(quota.reset_after_seconds)})
