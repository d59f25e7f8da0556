"""Runs scripts of business rules, one after the other, each in a JavaScript heap of its own. A program by itself.

Reads a line of JSON per script, writes lines of JSON: `{"call": name, "arguments": [...]}` asks the parent and waits
for a line with `value` or `error`; `{"done": {...}}` ends a script. The engine is Duktape, which is ES5 as
ServiceNow's default mode: what came later is a syntax error here as there.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import dukpy  # type: ignore[import-untyped]

MEMORY_BYTES = 1024 * 1024 * 1024
_CALLS = ("log", "property", "walk", "message", "send", "set", "abort", "update")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    standins = Path(__file__).with_name("stubs.js").read_text(encoding="utf-8")
    for line in sys.stdin:
        _write({"done": _run(standins, json.loads(line))})


def _run(standins: str, job: dict[str, Any]) -> Any:
    """The outcome of one script. The alarm ends the whole process should the parent not be there to do it."""
    signal.alarm(int(job["limit_seconds"]) + 2)
    interpreter = dukpy.JSInterpreter()
    for name in _CALLS:
        interpreter.export_function(name, _asking(name))
    try:
        return interpreter.evaljs(standins, **job["input"])
    except dukpy.JSRuntimeError as error:
        return {"ok": False, "error": str(error).splitlines()[0], "line": None}
    finally:
        signal.alarm(0)


def _asking(name: str) -> Any:
    def ask(*arguments: Any) -> Any:
        remaining = signal.alarm(0)
        _write({"call": name, "arguments": list(arguments)})
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        signal.alarm(remaining)
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["value"]

    return ask


def _write(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
