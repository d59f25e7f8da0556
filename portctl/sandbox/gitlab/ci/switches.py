"""What is not established about GitLab's pipelines, as switches. Strict asks more of a pipeline."""

from __future__ import annotations

from portctl.sandbox.core.switches import Reading, Switch

SWITCHES = (
    Switch(
        "server-version",
        strict="18.6: triggers take inputs, and below the override role one that sends nothing but its payload",
        lenient="17.10: triggers know no inputs, and below the override role every one fails",
        in_all=False,
    ),
    Switch(
        "trigger-invalid-file",
        strict="a trigger whose file or inputs are wrong is answered with 422, and leaves a failed pipeline",
        lenient="with 400, and leaves none",
    ),
    Switch(
        "payload-expansion",
        strict="references to variables inside a trigger's payload are expanded",
        lenient="a payload arrives as it was sent",
    ),
    Switch(
        "undefined-references",
        strict="a reference to a variable that does not exist becomes empty",
        lenient="it stays as it is written",
    ),
    Switch(
        "dotenv-variables",
        strict="a dotenv report has at most 20 variables (self-managed default)",
        lenient="at most 50 (GitLab.com Free)",
    ),
    Switch(
        "job-timeout",
        strict="a job's own timeout cannot be longer than the project's",
        lenient="it replaces the project's",
    ),
    Switch(
        "pipeline-limit-status",
        strict="too many pipelines in a minute are answered with 429",
        lenient="with 400 and a text under base",
    ),
    Switch(
        "protected-environments",
        strict="environments can be protected (Premium)",
        lenient="they cannot: the routes answer 404, and nothing is held (Free)",
    ),
    Switch(
        "non-deployment-jobs",
        strict="approval rules hold every job of the environment, also one that accesses, prepares or verifies",
        lenient="they hold jobs that deploy",
    ),
    Switch(
        "administrator-approval",
        strict="not even administrators approve a deployment that they have started",
        lenient="administrators do",
    ),
    Switch(
        "bare-destroy",
        strict="what is removed from a protection must also be named by level, user or group (GitLab's source)",
        lenient="its `id` is enough (GitLab's documentation)",
    ),
    Switch(
        "repository-address",
        strict="the value of `CI_REPOSITORY_URL` is masked in logs as a whole",
        lenient="only the token in it is (GitLab's own tests)",
    ),
    Switch(
        "runner-registration",
        strict="no runner registers with the token of a project: 410 (where that is switched off; GitLab 20.0)",
        lenient="they do",
        default=Reading.LENIENT,
    ),
)
