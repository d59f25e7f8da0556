"""GitLab's API as a whole: the token, which instance and user this is, and who serves which kind.

Source: GitLab docs, "REST API", authentication; "Users API".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from portctl.errors import AccessDenied
from portctl.model.plan import InstanceInfo
from portctl.model.project import InstanceSettings
from portctl.providers.gitlab.account import API, Account
from portctl.providers.gitlab.auth import TOKEN_HEADER, PrivateToken
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.providers.gitlab.refusals import translate
from portctl.providers.settings import require_settings
from portctl.vault import Vault
from portctl.wire.auth import header_text, setting_text
from portctl.wire.client import DEFAULT_OPTIONS, Client, Observer
from portctl.wire.network import network_options
from portctl.wire.retry import DEFAULT_RETRY_POLICY, RetryPolicy

if TYPE_CHECKING:
    import httpx

SAFE_POSTS = (f"{API}/projects/*/ci/lint",)
"""The POSTs that change nothing: a plan may send them."""

_REQUIRED = ("url", "token")
_SET_THEM = "Set them in the environment file; the token as `<% secret('GITLAB_TOKEN') %>`."


def connect(
    settings: InstanceSettings,
    *,
    vault: Vault,
    read_only: bool,
    observer: Observer | None = None,
    transport: httpx.BaseTransport | None = None,
    options: Mapping[str, Any] = DEFAULT_OPTIONS,
    retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
    sleep: Callable[[float], object] = time.sleep,
    now: Callable[[], float] = time.time,
) -> GitLabProvider:
    """A provider for one GitLab. Sends nothing yet.

    Settings: `url` (with or without `/api/v4`), `token`, and `user`, the name that the token must belong to, if it
    matters. Raises InvalidInput when one of the first two is missing.
    """
    require_settings(settings, _REQUIRED, "GitLab", _SET_THEM)
    url = base_url(setting_text(vault, settings.settings["url"]))
    client = Client(
        url,
        service="GitLab",
        translate=translate,
        auth=PrivateToken(lambda: header_text(vault, settings.settings["token"], TOKEN_HEADER)),
        safe=SAFE_POSTS,
        read_only=read_only,
        observer=observer,
        scrub=vault.scrub,
        retry_policy=retry_policy,
        sleep=sleep,
        now=now,
        transport=transport,
        options=network_options(settings, vault, options),
    )
    account = Account(client)

    def login() -> InstanceInfo:
        user = account.user()
        expected = setting_text(vault, settings.settings.get("user", user.name))
        if expected != user.name:
            raise AccessDenied(
                "Wrong user",
                f"the token of {settings.provider}@{settings.name} belongs to {vault.told(user.name)}, the environment "
                f"expects {vault.told(expected)}",
                source=settings.sources.at(("user",)),
                hint="Trigger tokens and pipelines belong to the user who makes them. Nothing was read or written.",
            )
        return InstanceInfo(
            provider=settings.provider,
            name=settings.name,
            identity=user.url or url,
            url=url,
            principal=user.name,
            makers=frozenset({str(user.id)}),
        )

    return GitLabProvider(settings.name, client, vault, account=account, login=login, sleep=sleep)


def base_url(url: str) -> str:
    """`url` without a trailing slash or the path of the API."""
    return url.rstrip("/").removesuffix(API).rstrip("/")
