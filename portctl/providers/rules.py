"""The lint rules of all providers, in the order of their ids."""

from __future__ import annotations

from portctl.manifest.lint import Rule
from portctl.providers.clear_text import RULES as CLEAR_TEXT_RULES
from portctl.providers.gitlab.rules import RULES as GITLAB_RULES
from portctl.providers.port.rules import RULES as PORT_RULES
from portctl.providers.servicenow.rules import RULES as SERVICENOW_RULES
from portctl.providers.workflow.contract import RULES as CONTRACT_RULES
from portctl.providers.workflow.inputs import RULES as INPUT_RULES


def all_rules() -> tuple[Rule, ...]:
    rules = (*GITLAB_RULES, *PORT_RULES, *SERVICENOW_RULES, *CONTRACT_RULES, *INPUT_RULES, *CLEAR_TEXT_RULES)
    return tuple(sorted(rules, key=lambda rule: rule.id))
