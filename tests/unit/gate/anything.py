"""Strategies: anything that could be known about a deployment, whether it makes sense or not."""

from __future__ import annotations

from hypothesis import strategies as st

from portctl.gate.evidence import (
    REQUEST_ACTION,
    Approver,
    Call,
    Change,
    Ended,
    Evidence,
    JobState,
    Marks,
    Policy,
    Run,
    Started,
    Tested,
)

_IDS = st.sampled_from(["", "R1", "R2"])
_PLACES = st.sampled_from(["", "Staging", "Production"])
_TIMES = st.sampled_from([0.0, 60.0, 7200.0, 500 * 86_400.0])
_RUNS = st.builds(
    Run,
    id=_IDS,
    action=st.sampled_from([REQUEST_ACTION, "pre_deployment_check", "approveSnowPipeline", "lookAtDeployment", ""]),
    is_open=st.booleans(),
    created_at=_TIMES,
    about=_IDS,
    service=st.sampled_from(["", "shop"]),
    environment=_PLACES,
)
_TESTED = st.builds(
    Tested,
    service=st.just("shop"),
    project=st.just("apps/shop"),
    sha=st.just("c0ffee"),
    environment=_PLACES,
    deploy=st.just("sh deploy.sh"),
    coverage=st.floats(0, 100),
    needs_change=st.booleans(),
)
_MARKS = st.builds(
    Marks,
    tested=st.none() | _TESTED,
    started=st.none() | st.builds(Started, pipeline_url=st.sampled_from(["P6", "P7"]), by=_IDS, job=st.integers(0, 2)),
    ended=st.none() | st.builds(Ended, success=st.booleans(), text=st.text(max_size=3)),
)
_CHANGES = st.builds(
    Change,
    sys_id=_IDS,
    number=st.just("CHG1"),
    state=st.sampled_from(["-5", "-4", "-3", "-2", "-1", "0", "3", "4", "7", ""]),
    approval=st.sampled_from(["approved", "rejected", "requested", "not requested", ""]),
    on_hold=st.booleans(),
    is_ours=st.booleans(),
)
EVIDENCE = st.builds(
    Evidence,
    call=st.builds(Call, deploy_run=_IDS, run=_IDS, environment=_PLACES, pipeline_url=st.sampled_from(["P6", "P7"])),
    now=_TIMES,
    own=st.none() | _RUNS,
    request=st.none() | _RUNS,
    code_problem=st.sampled_from(["", "No code"]),
    measured=st.none() | _TESTED,
    change=st.none() | _CHANGES,
    marks=_MARKS,
    approvers=st.lists(st.sampled_from(Approver), max_size=2).map(tuple),
    job=st.none() | st.sampled_from(JobState),
    was_put_back=st.booleans(),
    abandoned=st.sampled_from([(), ("R7",)]),
)
POLICIES = st.builds(Policy, requester_may_approve=st.booleans())
