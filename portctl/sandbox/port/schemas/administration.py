"""Bodies of the routes of secrets, teams, users and the organisation."""

from __future__ import annotations

from portctl.sandbox.port.schemas.check import Schema, compile_schema, list_of, object_of, one_of, text

_STRINGS = list_of(text())
_NAME = text(pattern=r"^[^;#/\?\s][^;#/\?]*[^;#/\?\s]\Z")

SECRET = compile_schema(
    object_of(
        {
            "secretName": text(minLength=1, maxLength=100, pattern=r"^[A-Za-z0-9-_]*\Z"),
            "secretValue": text(),
            "description": text(maxLength=200),
        },
        required=("secretName", "secretValue"),
    )
)
SECRET_CHANGE = compile_schema(object_of({"secretValue": text(), "description": text(maxLength=200)}))

TEAM = compile_schema(
    object_of({"name": _NAME, "users": _STRINGS, "description": text()}, required=("name",), additional=True)
)
TEAM_REPLACEMENT = compile_schema(
    object_of({"name": text(), "users": _STRINGS, "description": text()}, required=("name",), additional=True)
)
TEAM_CHANGE = compile_schema(
    object_of(
        {"name": text(), "users": _STRINGS, "description": {"type": ["string", "null"]}},
        additional=True,
    )
)

INVITATION = compile_schema(
    object_of(
        {
            "invitee": object_of(
                {"email": _NAME, "roles": _STRINGS, "teams": _STRINGS}, required=("email",), additional=True
            )
        },
        required=("invitee",),
    )
)
USER_CHANGE = compile_schema(object_of({"roles": list_of(text(), minItems=1), "teams": _STRINGS}))

_SETTINGS: Schema = object_of(
    {
        "hiddenBlueprints": _STRINGS,
        "federatedLogout": {"type": "boolean"},
        "portalIcon": text(),
        "portalTitle": text(maxLength=30),
    },
    additional=True,
)
_ANNOUNCEMENT: dict[str, Schema] = {
    "enabled": {"type": "boolean"},
    "content": text(minLength=1, maxLength=300),
    "link": {"type": ["string", "null"], "maxLength": 300},
    "color": one_of("blue", "red"),
}
ORGANISATION = compile_schema(
    object_of(
        {
            "name": text(),
            "settings": _SETTINGS,
            "announcement": object_of(_ANNOUNCEMENT, required=("content",), additional=True),
        },
        required=("name",),
    )
)
