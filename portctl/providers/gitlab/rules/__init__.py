"""The rules about GitLab, in the order of docs/rules.md."""

from __future__ import annotations

from portctl.manifest.lint import Rule
from portctl.model.diagnostic import Severity
from portctl.providers.gitlab.rules.images import unpinned_images
from portctl.providers.gitlab.rules.inputs import in_script, unbound, undeclared, unused
from portctl.providers.gitlab.rules.pipelines import broken_pipelines, overwritten_keys
from portctl.providers.gitlab.rules.shapes import per_instance
from portctl.providers.gitlab.rules.variables import (
    masked_in_clear,
    refused_triggers,
    secret_expanded,
    secret_unmasked,
    unmaskable,
)
from portctl.providers.readable import secret_in_clear

RULES: tuple[Rule, ...] = (
    Rule(
        id="gitlab/pipeline-invalid",
        severity=Severity.ERROR,
        summary="A CI/CD file that GitLab would refuse",
        check=per_instance(broken_pipelines),
    ),
    Rule(
        id="gitlab/key-overwritten",
        severity=Severity.ERROR,
        summary="A key that stands twice in a CI/CD file: only the last one counts",
        check=per_instance(overwritten_keys),
    ),
    Rule(
        id="gitlab/input-undeclared",
        severity=Severity.ERROR,
        summary="An input that is used in a CI/CD file and not declared in its header",
        check=per_instance(undeclared),
    ),
    Rule(
        id="gitlab/input-unused",
        severity=Severity.WARNING,
        summary="An input that is declared in the header of a CI/CD file and used nowhere",
        check=per_instance(unused),
    ),
    Rule(
        id="gitlab/input-unbound",
        severity=Severity.WARNING,
        summary="An input that takes any value, in a pipeline that is started by trigger",
        check=per_instance(unbound),
    ),
    Rule(
        id="gitlab/input-in-script",
        severity=Severity.ERROR,
        summary="An input inside of a script: its value is run",
        check=per_instance(in_script),
    ),
    Rule(
        id="gitlab/not-maskable",
        severity=Severity.ERROR,
        summary="The value of a masked variable breaks GitLab's rules for masked values",
        check=per_instance(unmaskable),
    ),
    Rule(
        id="gitlab/masked-in-clear",
        severity=Severity.ERROR,
        summary="The value of a masked variable is no secret here",
        check=per_instance(masked_in_clear),
    ),
    Rule(
        id="gitlab/secret-unmasked",
        severity=Severity.WARNING,
        summary="A secret in a variable that is not masked",
        check=per_instance(secret_unmasked),
    ),
    Rule(
        id="gitlab/secret-expanded",
        severity=Severity.WARNING,
        summary="A secret in a variable without `raw`",
        check=per_instance(secret_expanded),
    ),
    secret_in_clear("gitlab"),
    Rule(
        id="gitlab/triggers-refused",
        severity=Severity.WARNING,
        summary="A trigger in a project that does not let triggers pass variables",
        check=per_instance(refused_triggers),
    ),
    Rule(
        id="gitlab/image-unpinned",
        severity=Severity.WARNING,
        summary="An image without a digest, for jobs that get secrets or deploy",
        check=per_instance(unpinned_images),
    ),
)
