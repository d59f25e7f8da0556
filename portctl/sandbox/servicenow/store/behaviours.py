"""Which tables the product does something of itself with."""

from __future__ import annotations

from portctl.sandbox.servicenow.store import dictionary, messages, oauth_clients, people
from portctl.sandbox.servicenow.store.change import Behaviour

BEHAVIOURS: dict[str, Behaviour] = {
    "sys_db_object": dictionary.TABLE,
    "sys_dictionary": dictionary.COLUMN,
    "sys_documentation": dictionary.LABEL,
    "sys_rest_message": messages.MESSAGE,
    "sys_rest_message_fn": messages.FUNCTION,
    "sys_user": people.USER,
    "sys_user_has_role": people.GRANT,
    "sys_user_grmember": people.MEMBERSHIP,
    "sys_group_has_role": people.GROUP_ROLE,
    "sys_user_role_contains": people.CONTAINS,
    "oauth_entity": oauth_clients.CLIENT,
}
