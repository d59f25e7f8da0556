"""What answers at an address that is not the service's API: the hint is about `url`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portctl.errors import AccessDenied, PortctlError
from portctl.providers.gitlab.refusals import translate as of_gitlab
from portctl.providers.port.api import translate as of_port
from portctl.providers.servicenow.refusals import translate as of_servicenow
from portctl.wire.client import Refused


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize(
    ("translate", "method", "path"),
    [
        (of_port, "POST", "/v1/auth/access_token"),
        (of_port, "GET", "/v1/organization"),
        (of_gitlab, "GET", "/api/v4/user"),
        (of_servicenow, "POST", "/oauth_token.do"),
        (of_servicenow, "GET", "/api/now/table/sys_user"),
    ],
)
def test_who_does_not_know_how_to_sign_in_is_another_service(
    translate: Callable[[Refused], PortctlError], method: str, path: str, status: int
) -> None:
    told = translate(Refused(method=method, path=path, status=status, body={}))
    assert isinstance(told, AccessDenied)
    assert (told.summary.partition(" ")[0], told.hint.startswith("`url` ")) == ("Not", True)
    assert told.detail == f"{method} {path}: status {status}"
