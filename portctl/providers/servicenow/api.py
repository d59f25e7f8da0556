"""ServiceNow's API as a whole: signing in, which instance and user this is, and who serves which kind.

Source: ServiceNow REST API reference, "Table API"; "Authentication".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from portctl.errors import AccessDenied, InvalidInput
from portctl.model.plan import InstanceInfo
from portctl.model.project import InstanceSettings
from portctl.providers.servicenow.account import Account
from portctl.providers.servicenow.auth import TOKEN_PATH, chosen_auth
from portctl.providers.servicenow.objects import Surroundings
from portctl.providers.servicenow.provider import ServiceNowProvider
from portctl.providers.servicenow.refusals import explain_page, translate
from portctl.providers.servicenow.tables import Tables
from portctl.providers.servicenow.update_sets import UpdateSet
from portctl.vault import Vault
from portctl.wire.auth import setting_text
from portctl.wire.client import DEFAULT_OPTIONS, Client, Observer
from portctl.wire.network import network_options
from portctl.wire.retry import DEFAULT_RETRY_POLICY, RetryPolicy

if TYPE_CHECKING:
    import httpx

SAFE_POSTS = (TOKEN_PATH,)
"""The POSTs that change nothing: a plan may send them."""

_API = "/api/now"
_HEADERS = {"Accept": "application/json"}
"""Without it some answers are XML."""


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
) -> ServiceNowProvider:
    """A provider for one instance. Sends nothing yet.

    Settings: `url` (with or without `/api/now`), credentials (see `auth.py`), `instance`, the name that the address
    must have, if it matters, and `updateSet`. Raises InvalidInput when they do not fit together.
    """
    if not settings.settings.get("url"):
        raise InvalidInput(
            "ServiceNow is not fully set up",
            f"instance {settings.provider}@{settings.name} lacks url",
            source=settings.sources.at(()),
            hint="Set it in the environment file.",
        )
    url = base_url(setting_text(vault, settings.settings["url"]))
    client = Client(
        url,
        service="ServiceNow",
        translate=translate,
        auth=chosen_auth(settings, vault, now),
        safe=SAFE_POSTS,
        read_only=read_only,
        observer=observer,
        scrub=vault.scrub,
        retry_policy=retry_policy,
        sleep=sleep,
        now=now,
        transport=transport,
        options={**network_options(settings, vault, options), "headers": _HEADERS},
        explain=explain_page,
    )
    tables = Tables(client)
    account = Account(tables)
    update_set = UpdateSet(tables, setting_text(vault, settings.settings.get("updateSet", "")))

    def login() -> InstanceInfo:
        _check_instance(settings, vault, url)
        user = account.user()
        update_set.check()
        identity = urlsplit(url).netloc
        return InstanceInfo(
            provider=settings.provider,
            name=settings.name,
            identity=identity,
            url=url,
            principal=user["user_name"],
            makers=frozenset({user["user_name"]}),
        )

    around = Surroundings(
        client=client,
        vault=vault,
        tables=tables,
        login=login,
        prepare=lambda: update_set.choose(account.user()["sys_id"]) if update_set.is_named else None,
        sleep=sleep,
    )
    return ServiceNowProvider(settings.name, around)


def base_url(url: str) -> str:
    """`url` without a trailing slash or the path of the API."""
    return url.rstrip("/").removesuffix(_API).rstrip("/")


def _check_instance(settings: InstanceSettings, vault: Vault, url: str) -> None:
    """An instance is known by its host: whoever copies an environment file must change both."""
    expected = setting_text(vault, settings.settings.get("instance", ""))
    host = urlsplit(url).hostname or ""
    if expected and expected not in (host, host.partition(".")[0]):
        raise AccessDenied(
            "Wrong instance",
            f"the url of {settings.provider}@{settings.name} is that of {host}, the environment expects {expected}",
            source=settings.sources.at(("instance",)),
            hint="Check `url` and `instance` in the environment file. Nothing was read or written.",
        )
