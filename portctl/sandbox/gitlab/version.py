"""Which GitLab the sandbox is: the current one, or by the switch `server-version` an older one."""

from __future__ import annotations

from portctl.sandbox.gitlab.store.instance import Instance

CURRENT = "18.6.0-ee"
OLDER = "17.10.0-ee"


def is_current(instance: Instance) -> bool:
    """Triggers take inputs from 18.1 on, and 18.6 has the exemption of payloads: GitLab's issue 557381."""
    return instance.strict("server-version")


def version_of(instance: Instance) -> str:
    return CURRENT if is_current(instance) else OLDER
