"""What is not established about Port, as switches. The strict reading is the one the reference recommends."""

from __future__ import annotations

from portctl.sandbox.core.switches import Reading, Switch

SWITCHES = (
    Switch(
        "defaulted-keys",
        strict="a required key that has a default must be sent (relation required and many, webhook enabled)",
        lenient="such a key may be left out, and means its default",
    ),
    Switch(
        "filled-defaults",
        strict="answers carry every default the server knows",
        lenient="answers carry what was sent, and no default",
        default=Reading.LENIENT,
    ),
    Switch(
        "unset-values",
        strict="unset properties and relations are read back as null or []",
        lenient="unset properties and single relations are absent",
    ),
    Switch(
        "null-titles",
        strict="a title of an entity is refused as null by POST and PUT",
        lenient="what a read gives, a write takes",
        default=Reading.LENIENT,
    ),
    Switch("upsert-status", strict="an upsert that updates answers 200", lenient="it answers 201"),
    Switch(
        "idle-writes",
        strict="an entity write that changes nothing still counts as an update (updatedAt, audit)",
        lenient="it leaves no trace",
    ),
    Switch("date-time", strict="a date-time needs a zone", lenient="`2026-01-01 10:00:00` is taken as UTC"),
    Switch(
        "missing-related",
        strict="create_missing_related_entities is refused where the target has required properties",
        lenient="the minimal target is created all the same",
    ),
    Switch(
        "automation-references",
        strict="the blueprint and action that an automation names must exist",
        lenient="they may come later",
        default=Reading.LENIENT,
    ),
    Switch(
        "patch-schema",
        strict="PATCH of a blueprint replaces `schema` as one key",
        lenient="PATCH merges `schema.properties` by key",
    ),
    Switch("webhook-secret", strict="security.secret is masked when read", lenient="it is read back as written"),
    Switch(
        "reset-header",
        strict="x-ratelimit-reset is an epoch second",
        lenient="it is seconds until the reset",
        default=Reading.LENIENT,
    ),
    Switch(
        "burst",
        strict="the burst caps hold within one second",
        lenient="only the limits per five minutes hold",
        default=Reading.LENIENT,
    ),
    Switch(
        "failed-delivery",
        strict="a run whose backend cannot be reached or refuses ends with FAILURE and a line in its log",
        lenient="it stays IN_PROGRESS, unless the backend is synchronised",
    ),
    Switch("log-after-end", strict="a plain log of an ended run is refused", lenient="it is accepted"),
    Switch("input-defaults", strict="missing inputs stay missing", lenient="they get the defaults of the form"),
    Switch(
        "entity-inputs",
        strict="templates see entity inputs as they were sent",
        lenient="they see identifier and title, as from Port's user interface",
    ),
    Switch(
        "action-condition",
        strict="an entity that does not meet the condition of an action is refused",
        lenient="the condition decides only what Port's user interface offers",
        default=Reading.LENIENT,
    ),
    Switch(
        "service-account-runs",
        strict="who has the role Member, service account or person, changes and logs the runs that they started only",
        lenient="they change and log every run",
    ),
    Switch(
        "late-permissions",
        strict="permissions of a new action or blueprint are missing for a moment",
        lenient="they are there at once",
    ),
)
