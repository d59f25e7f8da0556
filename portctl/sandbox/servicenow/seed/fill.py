"""An instance that has been in use for a month before anybody provisions anything in it."""

from __future__ import annotations

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.seed.people import CONTAINS, GROUPS, PEOPLE, ROLES
from portctl.sandbox.servicenow.seed.tables import CHOICES, STAMPS, TABLES
from portctl.sandbox.servicenow.store.dictionary import declare, seeded
from portctl.sandbox.servicenow.store.instance import Instance
from portctl.sandbox.servicenow.store.people import inherit

CLIENT_NAME = "portctl sandbox"
_AGE_SECONDS = 30 * 86_400
_NAMES_IN_DICTIONARY = ("sys_db_object", "sys_dictionary", "sys_documentation")


def instance_name(seed: int) -> str:
    """The name of a personal developer instance."""
    return f"dev{100_000 + int.from_bytes(derive(f'{seed}:instance', 8).encode()) % 900_000}"


def fill(instance: Instance) -> None:
    instance.world.clock.advance(-_AGE_SECONDS)
    _dictionary(instance)
    _people(instance)
    _credentials(instance)
    _records(instance)
    instance.world.clock.advance(_AGE_SECONDS)
    instance.state.forget()


def password_of(instance: Instance, user_name: str) -> str:
    return derive(f"{instance.world.ids.seed}:servicenow:password:{user_name}", 24)


def api_key_of(instance: Instance, user_name: str) -> str:
    return derive(f"{instance.world.ids.seed}:servicenow:key:{user_name}", 40)


def client_of(instance: Instance, user_name: str) -> tuple[str, str]:
    """Client id and secret of the OAuth client that acts as this user."""
    client_id = instance.stable_id(f"client:{user_name}")
    return client_id, derive(f"{instance.world.ids.seed}:servicenow:client:{user_name}", 32)


def _dictionary(instance: Instance) -> None:
    ids = {table.name: instance.stable_id(f"sys_db_object:{table.name}") for table in TABLES}
    for table in TABLES:
        values = {"name": table.name, "label": table.label, "super_class": ids.get(table.parent, "")}
        instance.put(seeded(instance, "sys_db_object", table.name, values))
    for table in TABLES:
        declare(instance, table.name, table.columns if table.parent else f"{STAMPS}; {table.columns}")
    for name in _NAMES_IN_DICTIONARY:
        blank = {element: column.default for element, column in instance.columns(name).items()}
        for row in list(instance.rows(name)):
            instance.put({**blank, **row})
    for place, labels in CHOICES.items():
        of_table, _, element = place.partition(".")
        for sequence, (value, label) in enumerate(labels.items()):
            row = {"name": of_table, "element": element, "value": value, "label": label, "sequence": str(sequence)}
            _put(instance, "sys_choice", f"{place}:{value}", row)
    declare(instance, "change_request", "u_environment string 40")


def _people(instance: Instance) -> None:
    for name in ROLES:
        _put(instance, "sys_user_role", name, {"name": name})
    for role, contained in CONTAINS.items():
        row = {"role": _id(instance, "sys_user_role", role), "contains": _id(instance, "sys_user_role", contained)}
        _put(instance, "sys_user_role_contains", role, row)
    for name, description in GROUPS.items():
        _put(instance, "sys_user_group", name, {"name": name, "description": description})
    for person in PEOPLE:
        user = _put(
            instance,
            "sys_user",
            person.user_name,
            {
                "user_name": person.user_name,
                "first_name": person.first,
                "last_name": person.last,
                "name": f"{person.first} {person.last}",
                "email": f"{person.user_name}@example.com",
                "identity_type": "machine" if person.is_machine else "human",
                "web_service_access_only": "true" if person.is_machine else "false",
                "time_zone": person.time_zone,
            },
        )
        for role in person.roles:
            values = {"user": user, "role": _id(instance, "sys_user_role", role)}
            _put(instance, "sys_user_has_role", f"{person.user_name}:{role}", values)
        for group in person.groups:
            values = {"user": user, "group": _id(instance, "sys_user_group", group)}
            _put(instance, "sys_user_grmember", f"{person.user_name}:{group}", values)
        inherit(instance, user)


def _credentials(instance: Instance) -> None:
    for person in PEOPLE:
        user = _id(instance, "sys_user", person.user_name)
        instance.state.put("_passwords", user, {"password": password_of(instance, person.user_name)})
        instance.state.put("_api_keys", api_key_of(instance, person.user_name), {"user": user})
        client_id, secret = client_of(instance, person.user_name)
        values = {
            "name": f"{CLIENT_NAME}: {person.user_name}",
            "client_id": client_id,
            "client_secret": secret,
            "user": user,
            "default_grant_type": "client_credentials",
        }
        entity = _put(instance, "oauth_entity", person.user_name, values)
        for grant in ("authorization_code", "client_credentials"):
            profile = {"name": grant, "oauth_entity": entity, "grant_type": grant}
            _put(instance, "oauth_entity_profile", f"{person.user_name}:{grant}", profile)


def _records(instance: Instance) -> None:
    global_scope = {"name": "Global", "scope": "global"}
    instance.put({**seeded(instance, "sys_scope", "global", global_scope), "sys_id": "global"})
    _put(instance, "sys_update_set", "Default", {"name": "Default", "is_default": "true", "application": "global"})
    _put(instance, "sys_update_set", "Workflow", {"name": "Delivery workflow", "application": "global"})
    _put(instance, "sys_properties", "instance_name", {"name": "instance_name", "value": instance.name})
    rule = "com.snc.change_management.enforce_data_requirements"
    _put(instance, "sys_properties", rule, {"name": rule, "value": "true", "type": "boolean"})
    for name in ("Normal", "Standard", "Emergency", "Continuous delivery"):
        _put(instance, "chg_model", name, {"name": name, "sys_name": name})
    for name in ("checkout", "payments", "catalog", "storefront", "pricing"):
        _put(instance, "cmdb_ci_service", name, {"name": name, "sys_class_name": "cmdb_ci_service"})
    _put(instance, "cmn_schedule", "freeze", {"name": "Year-end freeze", "type": "blackout"})
    _template(instance, "Restart a service")
    _somebody_elses(instance)


def _template(instance: Instance, name: str) -> None:
    producer = _id(instance, "std_change_record_producer", name)
    version = _id(instance, "std_change_producer_version", name)
    own = {"name": name, "sys_name": name, "short_description": name, "current_version": version}
    _put(instance, "std_change_record_producer", name, own)
    numbered = {"name": f"{name} - 1", "version": "1", "std_change_producer": producer}
    _put(instance, "std_change_producer_version", name, numbered)


def _somebody_elses(instance: Instance) -> None:
    """What is there already, made by people who have never heard of portctl."""
    rule = {"name": "Notify the service desk", "collection": "incident", "when": "async", "active": "false"}
    _put(instance, "sys_script", rule["name"], rule)
    message = {"name": "Weather", "rest_endpoint": "https://weather.example.com/v1", "sys_name": "Weather"}
    weather = _put(instance, "sys_rest_message", "Weather", message)
    function = {"rest_message": weather, "function_name": "Default GET", "http_method": "get"}
    _put(instance, "sys_rest_message_fn", "Weather", function)
    for number, title in enumerate(("Replace a disk", "Upgrade the load balancer", "Renew certificates"), start=1):
        values = {
            "number": f"CHG{number:07d}",
            "short_description": title,
            "state": "3",
            "active": "false",
            "approval": "approved",
            "close_code": "successful",
            "close_notes": "Done.",
            "assignment_group": _id(instance, "sys_user_group", "Platform Engineering"),
            "requested_by": _id(instance, "sys_user", "admin"),
            "chg_model": _id(instance, "chg_model", "Normal"),
        }
        _put(instance, "change_request", title, values)


def _put(instance: Instance, table: str, key: str, values: Row) -> str:
    """The sys_id of the seeded row."""
    row = seeded(instance, table, key, values)
    instance.put(row)
    return str(row["sys_id"])


def _id(instance: Instance, table: str, key: str) -> str:
    return instance.stable_id(f"{table}:{key}")
