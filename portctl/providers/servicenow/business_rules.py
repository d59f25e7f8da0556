"""Business rules: one row each, found by name and table. Source: ServiceNow docs, "Business rules"."""

from __future__ import annotations

from portctl.providers.servicenow.objects import Objects


class BusinessRules(Objects):
    """See the module."""

    table = "sys_script"
