"""Port's rate limits by kind of route."""

from __future__ import annotations

from enum import StrEnum

from portctl.sandbox.core.limits import Limit, Quota


class Group(StrEnum):
    UNAUTHENTICATED = "unauthenticated"
    ENTITIES = "entities"
    SEARCH = "search"
    UPSERT = "upsert"
    BULK = "bulk"
    BLUEPRINTS = "blueprints"
    OTHER = "other"


LIMITS = {
    Group.UNAUTHENTICATED: Limit(100, 10),
    Group.ENTITIES: Limit(35_000, 3_500),
    Group.SEARCH: Limit(35_000, 3_500),
    Group.UPSERT: Limit(10_000, 200),
    Group.BULK: Limit(35_000, 3_500),
    Group.BLUEPRINTS: Limit(15_000, 1_500),
    Group.OTHER: Limit(15_000, 1_500),
}


def group_of(method: str, template: str) -> Group:
    """The group whose limit a route counts against."""
    if template == "/v1/auth/access_token":
        return Group.UNAUTHENTICATED
    if template.endswith("/entities/search"):
        return Group.SEARCH
    if "/bulk" in template:
        return Group.BULK
    if template.endswith("/{blueprint}/entities") and method == "POST":
        return Group.UPSERT
    if "/entities" in template:
        return Group.ENTITIES
    return Group.BLUEPRINTS if template.startswith("/v1/blueprints") else Group.OTHER


def headers(quota: Quota, *, epoch: bool) -> dict[str, str]:
    reset = quota.reset_epoch_seconds if epoch else quota.reset_after_seconds
    return {
        "x-ratelimit-period": str(quota.limit.period_seconds),
        "x-ratelimit-limit": str(quota.limit.requests),
        "x-ratelimit-remaining": str(quota.remaining),
        "x-ratelimit-reset": str(reset),
    }
