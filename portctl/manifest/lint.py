"""Rules: what is valid but will not do what its author means. Each has an id, a severity, a page in docs/rules.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from portctl.errors import InvalidInput
from portctl.findings import MAX_FINDINGS, and_more, did_you_mean
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.resource import Resource
from portctl.source import Path, path_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found at `path` of the attributes of `resource`, or of its manifest where that is `of_envelope`.

    `detail` says why, `hint` what to do.
    """

    resource: Resource
    path: Path
    summary: str
    detail: str
    hint: str = ""
    of_envelope: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule sees all resources at once, because what disagrees stands in different files.

    `check` may not rely on the shape of attributes: resources that fail their schema come here too.
    """

    id: str
    severity: Severity
    summary: str
    check: Callable[[Sequence[Resource]], Iterable[Finding]]


def run_rules(
    rules: Sequence[Rule], resources: Sequence[Resource], settings: Mapping[str, Severity]
) -> tuple[Diagnostic, ...]:
    """Every finding, sorted by place. `settings` overrides severities by rule id; unknown ids raise InvalidInput."""
    _refuse_unknown(rules, settings)
    found: list[Diagnostic] = []
    for rule in rules:
        severity = settings.get(rule.id, rule.severity)
        if severity is Severity.OFF:
            continue
        told = [_diagnostic(rule, severity, finding) for finding in islice(rule.check(resources), MAX_FINDINGS + 1)]
        found.extend(told[:MAX_FINDINGS])
        if len(told) > MAX_FINDINGS:
            found.append(and_more(told[MAX_FINDINGS]))
    return tuple(sorted(found, key=lambda diagnostic: diagnostic.sort_key))


def _diagnostic(rule: Rule, severity: Severity, finding: Finding) -> Diagnostic:
    resource = finding.resource
    path = finding.path if finding.of_envelope else (*resource.body_at, *finding.path)
    return Diagnostic(
        rule=rule.id,
        severity=severity,
        summary=finding.summary,
        source=resource.sources.at(path),
        detail=finding.detail,
        hint=finding.hint,
        path=path_text(path),
    )


def _refuse_unknown(rules: Sequence[Rule], settings: Mapping[str, Severity]) -> None:
    known = [rule.id for rule in rules]
    for name in settings:
        if name not in known:
            raise InvalidInput(
                "Unknown rule",
                f'the project file sets the severity of "{name}", which is no rule',
                hint=f"{did_you_mean(name, known)} docs/rules.md lists them.".strip(),
            )
