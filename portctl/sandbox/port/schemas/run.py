"""Bodies of the run routes."""

from __future__ import annotations

from portctl.sandbox.port.schemas.check import compile_schema, list_of, object_of, one_of, text

_END = one_of("SUCCESS", "FAILURE")

NEW = compile_schema(object_of({"properties": {"type": "object"}, "entity": text()}, required=("properties",)))
CHANGE = compile_schema(
    object_of(
        {
            "status": _END,
            "statusLabel": text(),
            "link": {"oneOf": [text(), list_of(text())]},
            "summary": text(),
            "externalRunId": text(),
            "message": {"type": "object"},
        }
    )
)
DECISION = compile_schema(
    object_of({"status": one_of("APPROVE", "DECLINE"), "description": text()}, required=("status",))
)
LOG = compile_schema(
    object_of({"message": text(), "terminationStatus": _END, "statusLabel": text()}, required=("message",))
)
