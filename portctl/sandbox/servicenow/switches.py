"""What differs between instances, or is not established about them, as switches."""

from __future__ import annotations

from portctl.sandbox.core.switches import Reading, Switch

SWITCHES = (
    Switch(
        "basic-restriction",
        strict="a new instance: Basic is refused unless the user may use it for integrations",
        lenient="an older instance: every active user may use Basic",
    ),
    Switch(
        "accept",
        strict="without `Accept: application/json` the Table API answers XML",
        lenient="JSON is what it answers when nothing else is asked for",
        default=Reading.LENIENT,
    ),
    Switch(
        "null-write",
        strict="a column sent as null is left as it was",
        lenient="a column sent as null is emptied",
    ),
    Switch(
        "raw-reference",
        strict="text that is no sys_id empties a reference column",
        lenient="such text is kept as it is",
    ),
    Switch(
        "model-name",
        strict="the Table API knows a change model by its name only if that is a type (normal, standard, emergency)",
        lenient="it knows every change model by its name",
    ),
    Switch(
        "off-list-choice",
        strict="a choice column stores any text",
        lenient="text that is no choice is dropped",
    ),
    Switch(
        "unreadable-table",
        strict="a list of a table that the user may not read is empty",
        lenient="a query on such a table is refused with 403",
    ),
    Switch(
        "aborted-transition",
        strict="a state that the change model does not allow is refused",
        lenient="it is ignored: success, and the state is as it was",
    ),
    Switch(
        "late-state",
        strict="a change created with a later state starts in New",
        lenient="it is really there, and no approver is ever asked",
    ),
    Switch(
        "typed-values",
        strict="numbers in the Change API have a fraction (-5.0)",
        lenient="they have none (-5)",
    ),
    Switch(
        "update-set",
        strict="configuration is refused while the caller's update set is Default",
        lenient="it is recorded in Default",
        default=Reading.LENIENT,
    ),
)
