"""The rules about Port, in the order of docs/rules.md."""

from __future__ import annotations

from portctl.manifest.lint import Rule
from portctl.model.diagnostic import Severity
from portctl.providers.port.rules.actions import keys_before_spread, unused_inputs
from portctl.providers.port.rules.automations import conditions_without_before, runs_before_approval
from portctl.providers.port.rules.blueprints import broken_paths, unknown_keys, unknown_required
from portctl.providers.port.rules.colors import idle_colors
from portctl.providers.port.rules.entities import incomplete_entities, unfitting_values, unlikely_targets
from portctl.providers.port.rules.enums import disagreeing_enums
from portctl.providers.port.rules.forms import unknown_inputs, unknown_names
from portctl.providers.port.rules.jq import stray_braces, unchecked_programs, unusable_programs
from portctl.providers.port.rules.literals import (
    credentials_in_urls,
    left_over_placeholders,
    undeclared_secrets,
)
from portctl.providers.port.rules.names import unknown_properties
from portctl.providers.port.rules.open_calls import open_calls, tokens_in_urls
from portctl.providers.port.rules.pipelines import double_starts
from portctl.providers.port.rules.shapes import per_organisation
from portctl.providers.readable import secret_in_clear

RULES: tuple[Rule, ...] = (
    Rule(
        id="port/left-over-placeholder",
        severity=Severity.ERROR,
        summary="A `{NAME}` or `${NAME}` of a guide still stands in a body",
        check=per_organisation(left_over_placeholders),
    ),
    Rule(
        id="port/credential-in-url",
        severity=Severity.ERROR,
        summary="A token or password stands in a URL in clear text",
        check=per_organisation(credentials_in_urls),
    ),
    secret_in_clear("port"),
    Rule(
        id="port/undeclared-secret",
        severity=Severity.ERROR,
        summary="`.secrets.NAME` without a port/Secret of that name",
        check=per_organisation(undeclared_secrets),
    ),
    Rule(
        id="port/open-call",
        severity=Severity.ERROR,
        summary="A call that starts a pipeline and lets its caller choose what is set there",
        check=per_organisation(open_calls),
    ),
    Rule(
        id="port/token-in-url",
        severity=Severity.WARNING,
        summary="The trigger token of a pipeline stands in the query instead of the body",
        check=per_organisation(tokens_in_urls),
    ),
    Rule(
        id="port/enum-disagrees",
        severity=Severity.ERROR,
        summary="A word that one step of the flow uses and another does not know",
        check=per_organisation(disagreeing_enums),
    ),
    Rule(
        id="port/color-idle",
        severity=Severity.WARNING,
        summary="A colour for a word that is not in the enum",
        check=per_organisation(idle_colors),
    ),
    Rule(
        id="port/stray-braces",
        severity=Severity.ERROR,
        summary="Braces of a template that do not match",
        check=per_organisation(stray_braces),
    ),
    Rule(
        id="port/jq-unusable",
        severity=Severity.WARNING,
        summary="jq that does not compile, or is newer than Port's jq 1.6",
        check=per_organisation(unusable_programs()),
    ),
    Rule(
        id="port/jq-unchecked",
        severity=Severity.WARNING,
        summary="jq that was not compiled, because the package `jq` is not installed",
        check=per_organisation(unchecked_programs()),
    ),
    Rule(
        id="port/two-pipelines",
        severity=Severity.ERROR,
        summary="One decision starts two pipelines",
        check=per_organisation(double_starts),
    ),
    Rule(
        id="port/condition-without-before",
        severity=Severity.WARNING,
        summary="An automation's condition looks only at `.diff.after`",
        check=per_organisation(conditions_without_before),
    ),
    Rule(
        id="port/run-before-approval",
        severity=Severity.WARNING,
        summary="RUN_CREATED of an action that requires an approval",
        check=per_organisation(runs_before_approval),
    ),
    Rule(
        id="port/key-before-spread",
        severity=Severity.WARNING,
        summary="A computed key stands before `spreadValue()`",
        check=per_organisation(keys_before_spread),
    ),
    Rule(
        id="port/unused-input",
        severity=Severity.WARNING,
        summary="An input of an action that nobody reads",
        check=per_organisation(unused_inputs),
    ),
    Rule(
        id="port/unknown-blueprint-key",
        severity=Severity.WARNING,
        summary="A key of a blueprint that Port accepts and forgets",
        check=per_organisation(unknown_keys),
    ),
    Rule(
        id="port/required-unknown",
        severity=Severity.ERROR,
        summary="A schema that requires a property which it does not have",
        check=per_organisation(unknown_required),
    ),
    Rule(
        id="port/path-broken",
        severity=Severity.ERROR,
        summary="A mirror, an aggregation or inherited ownership that leads nowhere",
        check=per_organisation(broken_paths),
    ),
    Rule(
        id="port/property-unknown",
        severity=Severity.WARNING,
        summary="jq or a search that reads a property or relation which the blueprint does not have",
        check=per_organisation(unknown_properties),
    ),
    Rule(
        id="port/input-unknown",
        severity=Severity.WARNING,
        summary="jq that reads an input which the action does not have",
        check=per_organisation(unknown_inputs),
    ),
    Rule(
        id="port/form-unknown",
        severity=Severity.WARNING,
        summary="A name in `required`, `order`, `steps` or `dependsOn` of a form that is no input",
        check=per_organisation(unknown_names),
    ),
    Rule(
        id="port/entity-misfit",
        severity=Severity.ERROR,
        summary="A property, value or relation that the blueprint of an entity does not allow",
        check=per_organisation(unfitting_values),
    ),
    Rule(
        id="port/entity-incomplete",
        severity=Severity.WARNING,
        summary="An entity without a property or relation that its blueprint requires",
        check=per_organisation(incomplete_entities),
    ),
    Rule(
        id="port/entity-target",
        severity=Severity.WARNING,
        summary="A relation to an entity that is not declared, while one of nearly that name is",
        check=per_organisation(unlikely_targets),
    ),
)
