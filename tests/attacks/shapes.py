"""What a random attacker sends: JSON of any shape, made of what might mean something to somebody."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

WORDS = (
    *("", " ", "\n", "main", "request", "decision", "look", "deploy", "none", "Production", "approved", "-2", "true"),
    *("$(id)", "`id`", "${TRIGGER_TOKEN}", "$TRIGGER_PAYLOAD", "$[[ inputs.call ]]", "$[[ inputs.run | expand_vars ]]"),
    *(
        "!reference [.gate, script]",
        "&a [*a]",
        "<<: *x",
        "a: b\n- c",
        "\"'",
        "'; id; '",
        "{{ .secrets.GITLAB_TRIGGER_TOKEN }}",
    ),
    *(
        "../../..",
        "refs/heads/main",
        "refs/tags/main",
        "HEAD",
        "main~0",
        "r_0000000000000000",
        "\x1b[31m",
        "\u2028",
        "%0a",
    ),
)
KEYS = (
    *(
        "inputs",
        "variables",
        "ref",
        "token",
        "id",
        "call",
        "deploy_run",
        "run",
        "environment",
        "BASH_ENV",
        "ENV",
        "PATH",
    ),
    *(
        "PATH",
        "LD_PRELOAD",
        "IFS",
        "PS4",
        "GIT_SSH",
        "CI_DEBUG_TRACE",
        "FF_X",
        "PYTHONPATH",
        "PIP_TARGET",
        "TRIGGER_PAYLOAD",
    ),
    *("GATE_CALL", "port_context", "runId", "sys_id", "approval", "state", "external_tags", "correlation_id"),
    *("u_external_tags", "number", "on_hold", "short_description", "description", "requested_by", "entity"),
)
COLUMNS = (
    *("approval", "state", "u_external_tags", "correlation_id", "on_hold", "short_description", "description", "risk"),
    *("priority", "category", "sys_created_by", "sys_id", "assignment_group", "type", "number", "active", "work_notes"),
)


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(WORDS) | st.text(max_size=20)


def anything() -> st.SearchStrategy[Any]:
    keys = st.sampled_from(KEYS) | st.text(max_size=8)
    shape: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | texts()
    shape |= st.floats(allow_nan=False, allow_infinity=False)
    for _ in range(3):
        shape = shape | st.lists(shape, max_size=3) | st.dictionaries(keys, shape, max_size=3)
    return shape


def objects() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), anything(), max_size=6)


def inputs() -> st.SearchStrategy[Any]:
    """Of a pipeline: now and then such as it takes."""
    runs = st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z")
    good = st.fixed_dictionaries(
        {"call": st.sampled_from(("request", "decision", "look", "deploy")), "deploy_run": runs, "run": runs},
        optional={"environment": st.sampled_from(("none", "Staging", "Production"))},
    )
    spoiled = st.tuples(good, objects()).map(lambda both: {**both[0], **both[1]})
    return good | spoiled | anything()


def columns() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(COLUMNS), texts() | st.booleans() | st.integers(), min_size=1, max_size=4)
