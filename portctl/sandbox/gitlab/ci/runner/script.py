"""The script that a shell gets, put together as GitLab's runner does. Source: gitlab-runner, shells/bash.go."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

_HEAD = """if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
set +o noclobber
"""


def script_of(commands: Iterable[str]) -> str:
    """All commands as one text for one shell.

    In a subshell (the runner's FF_USE_NEW_BASH_EVAL_STRATEGY): otherwise bash ends with 1, whatever a command said.
    """
    lines: list[str] = []
    for command in commands:
        lines += [f"echo {shlex.quote(_shown(command))}", command]
    body = "\n".join(lines) + "\n"
    return f"{_HEAD}: | (eval {shlex.quote(body)})\nexit 0\n"


def _shown(command: str) -> str:
    first, newline, _ = command.strip().partition("\n")
    return f"$ {first} # collapsed multi-line command" if newline else f"$ {first}"
