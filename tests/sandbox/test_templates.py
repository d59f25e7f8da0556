"""Templates as Port evaluates them. The first column names the rule of port.md, section 5.3 (or another section)."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.sandbox.port import jq_program
from portctl.sandbox.port.jq_child import lacks_else
from portctl.sandbox.port.templates import TemplateError, render

DATA: dict[str, Any] = {
    "inputs": {"environment": "Staging", "count": 3, "flag": False, "tags": ["a", "b"], "domain": {"identifier": "d1"}},
    "entity": {"identifier": "svc-a", "title": "Svc A", "properties": {"tier": None}},
    "event": {"diff": {"before": None, "after": {"properties": {"approval": "approved"}}}},
    "run": {"id": "r_1"},
    "secrets": {"TOKEN": "s3cret", "my-name": "hyphen"},
}
GONE = jq_program.UNDEFINED

CASES: list[tuple[str, Any, Any]] = [
    ("1 literal", "plain text", "plain text"),
    ("1 literal", "", ""),
    ("1 single braces", "{.run.id}", "{.run.id}"),
    ("1 numbers and null", [1, 1.5, True, None], [1, 1.5, True, None]),
    ("2 text", "{{ .run.id }}", "r_1"),
    ("2 no blanks", "{{.run.id}}", "r_1"),
    ("2 blanks around", "  {{ .run.id }}\n", "r_1"),
    ("2 number", "{{ .inputs.count }}", 3),
    ("2 boolean", "{{ .inputs.flag }}", False),
    ("2 null", "{{ .entity.properties.tier }}", None),
    ("2 list", "{{ .inputs.tags }}", ["a", "b"]),
    ("2 object", "{{ .inputs.domain }}", {"identifier": "d1"}),
    ("2 computed", "{{ .inputs.count + 1 }}", 4),
    ("2 fraction", "{{ .inputs.count / 2 }}", 1.5),
    ("2 whole number of a fraction", "{{ 6 / 2 }}", 3),
    ("2 first of many results", "{{ .inputs.tags[] }}", "a"),
    ("2 not a number", "{{ nan }}", None),
    ("3 text into text", "id-{{ .run.id }}", "id-r_1"),
    ("3 text after it", "{{ .run.id }}-id", "r_1-id"),
    ("3 two of them", "{{ .run.id }}/{{ .inputs.environment }}", "r_1/Staging"),
    ("3 two side by side", "{{ .run.id }}{{ .inputs.count }}", "r_13"),
    ("3 number", "n={{ .inputs.count }}", "n=3"),
    ("3 boolean", "f={{ .inputs.flag }}", "f=false"),
    ("3 list", "l={{ .inputs.tags }}", 'l=["a","b"]'),
    ("3 object", "o={{ .inputs.domain }}", 'o={"identifier":"d1"}'),
    ("3 null", "id-{{ .inputs.missing }}", "id-null"),
    ("3 nothing", "id-{{ empty }}", "id-undefined"),
    ("3 letters of any script", "ü-{{ ['é'] }}", "ü-null"),
    ("3 letters inside JSON", 'ü-{{ ["é"] }}', 'ü-["é"]'),
    ("3 quotes around it are text", '"{{ .run.id }}"', '"r_1"'),
    ("4 missing path", "{{ .inputs.missing.deep }}", None),
    ("4 runtime error", "{{ .run.id + 1 }}", None),
    ("4 iterating null", "{{ null | map(.) }}", None),
    ("4 division by zero", "{{ 1 / 0 }}", None),
    ("4 error of one's own", '{{ error("no") }}', None),
    ("4 compile error", "{{ foo( }}", None),
    ("4 unknown function", "{{ foo }}", None),
    ("4 empty program", "{{}}", None),
    ("4 if without else (jq 1.7)", "{{ if true then 1 end }}", None),
    ("4 if with else", "{{ if .inputs.flag then 1 else 2 end }}", 2),
    ("4 pick (jq 1.7)", "{{ pick(.run) }}", None),
    ("4 abs (jq 1.7)", "{{ -1 | abs }}", None),
    ("4 toarray (jq 1.7)", "{{ 1 | toarray }}", None),
    ("4 alternative", '{{ .inputs.missing // "none" }}', "none"),
    ("5 nothing as a whole", "{{ empty }}", GONE),
    ("5 nothing for a key", {"a": "{{ empty }}", "b": 1}, {"b": 1}),
    ("5 nothing in a list", ["{{ empty }}", 1], [None, 1]),
    ("5 nothing deep down", {"a": [{"b": "{{ empty }}"}]}, {"a": [{}]}),
    ("6 key", {"{{ .run.id }}": 1}, {"r_1": 1}),
    ("6 key with text", {"id-{{ .inputs.count }}": 1}, {"id-3": 1}),
    ("6 null key", {"{{ .inputs.missing }}": "x", "b": 1}, {"b": 1}),
    ("6 nothing as key", {"{{ empty }}": "x"}, {}),
    ("6 empty key", {'{{ "" }}': "x"}, {}),
    ("6 empty literal key", {"": "x", "b": 1}, {"b": 1}),
    ("6 value of a dropped key is not looked at", {"{{ null }}": "{{ unbalanced"}, {}),
    ("7 spread", {"{{ spreadValue() }}": "{{ .inputs.domain }}"}, {"identifier": "d1"}),
    ("7 spread with blanks", {" {{spreadValue( )}} ": "{{ .inputs.domain }}"}, {"identifier": "d1"}),
    ("7 spread of a literal", {"{{ spreadValue() }}": {"a": "{{ .run.id }}"}}, {"a": "r_1"}),
    ("7 spread deep down", {"a": {"b": {"{{ spreadValue() }}": "{{ .run }}"}}}, {"a": {"b": {"id": "r_1"}}}),
    ("7 spread in a list", [{"{{ spreadValue() }}": "{{ .run }}"}], [{"id": "r_1"}]),
    ("7 spread of a list", {"{{ spreadValue() }}": "{{ .inputs.tags }}"}, {"0": "a", "1": "b"}),
    ("7 later keys win", {"{{ spreadValue() }}": "{{ .run }}", "id": "mine"}, {"id": "mine"}),
    ("7 later spread wins", {"id": "mine", "{{ spreadValue() }}": "{{ .run }}"}, {"id": "r_1"}),
    ("8 single quotes", "{{ 'run-' + .run.id }}", "run-r_1"),
    ("8 single quotes at the ends", "{{'run-' + .run.id + '-run'}}", "run-r_1-run"),
    ("8 a blank before the closing quote", "{{ 'run ' + .run.id }}", None),
    ("8 empty single quotes", "{{''}}", ""),
    ("8 apostrophe within double quotes", '{{ "it\'s" }}', "it's"),
    ("8 env", "{{ env }}", {}),
    ("8 $ENV", "{{ $ENV }}", {}),
    ("8 $ENV.PATH", "{{ $ENV.PATH }}", None),
    ("8 braces within quotes", '{{ "}} {{" }}', "}} {{"),
    ("8 braces within single quotes", "{{ '}}' }}", "}}"),
    ("8 escaped quote", r'{{ "\"}}" }}', '"}}'),
    ("8 object literal with a blank", "{{ {a: {b: 1} } }}", {"a": {"b": 1}}),
    ("8 object literal that closes early", "x{{ {a: 1}}}", "xnull}"),
    ("8 three braces", "{{{ .run.id }}}", None),
    ("9 shell variable", "${NAME}", "${NAME}"),
    ("9 placeholder", "{GITLAB_PROJECT_ID}/<NAME>", "{GITLAB_PROJECT_ID}/<NAME>"),
    ("9 beside a template", "${URL}/{{ .run.id }}", "${URL}/r_1"),
    ("5.4 secret", "Bearer {{ .secrets.TOKEN }}", "Bearer s3cret"),
    ("5.4 secret with a hyphen", '{{ .secrets["my-name"] }}', "hyphen"),
    ("5.4 unknown secret", "{{ .secrets.OTHER }}", None),
    ("5.4 entity input as object", "{{ .inputs.domain.identifier }}", "d1"),
    (
        "5.4 entity input of either shape",
        '{{ .inputs.domain | if type == "object" then .identifier else . end }}',
        "d1",
    ),
    ("5.4 no base", "{{ .base }}", None),
    ("5.4 event", "{{ .event.diff.after.properties.approval }}", "approved"),
    ("5.4 before of a creation", "{{ .event.diff.before.properties.approval }}", None),
    (
        "3 (properties) ServiceNow's date",
        '{{ "2026-01-01 10:00:00" | strptime("%Y-%m-%d %H:%M:%S") | strftime("%Y-%m-%dT%H:%M:%SZ") }}',
        "2026-01-01T10:00:00Z",
    ),
]
SPREAD_REFUSAL = "Evaluated value should be an object if the key is {{ spreadValue() }}."
REFUSED = [
    ("8", "x{{ .run", "Found opening double braces in index 1 without closing double braces"),
    ("8", "a stray }} here", "Found closing double braces in index 8 without opening double braces"),
    ("8", "{{ .a {{ .b }} }}", "Found double braces in index 6 inside other one in index 0"),
    ("8", "{{ {a: {b: 1}}}}", "Found closing double braces in index 14 without opening double braces"),
    ("8", '{{ "open }}', "Found opening double braces in index 0 without closing double braces"),
    (
        "6",
        {"{{ 1 }}": "x"},
        "Evaluated object key should be undefined, null or string. Original key: {{ 1 }}, evaluated to: 1",
    ),
    (
        "6",
        {"{{ {} }}": "x"},
        "Evaluated object key should be undefined, null or string. Original key: {{ {} }}, evaluated to: {}",
    ),
    (
        "7",
        {"{{ spreadValue() }}": "{{ null }}"},
        f"{SPREAD_REFUSAL} Original value: {{{{ null }}}}, evaluated to: null",
    ),
    (
        "7",
        {"{{ spreadValue() }}": "text"},
        f'{SPREAD_REFUSAL} Original value: text, evaluated to: "text"',
    ),
]


@pytest.mark.fact(145)
@pytest.mark.parametrize(("source", "template", "expected"), CASES, ids=[f"{n} {c[0]}" for n, c in enumerate(CASES)])
def test_templates_are_evaluated_as_port_does(source: str, template: Any, expected: Any) -> None:
    result = render(template, DATA)
    assert (result, type(result)) == (expected, type(expected)), source


@pytest.mark.fact(155)
@pytest.mark.parametrize(("source", "template", "message"), REFUSED)
def test_templates_that_cannot_be_evaluated_at_all_are_refused(source: str, template: Any, message: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        render(template, DATA)
    assert str(refusal.value) == message, source


@pytest.mark.fact(156)
@pytest.mark.parametrize(
    "program",
    ["def f: f; f", "[range(1e9)]", "def f: [f]; f", "halt", "input", "repeat(.) | empty"],
)
def test_a_program_that_does_not_end_or_takes_its_process_down_gives_null_in_time(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jq_program.ENGINE, "limit_seconds", 0.3)
    results = [jq_program.evaluate(program, {}) for _ in range(20)]
    assert (results, jq_program.evaluate(".a", {"a": 1})) == ([None] * 20, 1)


@pytest.mark.parametrize(
    ("program", "lacks"),
    [
        ("if .a then 1 end", True),
        ("if .a then 1 else 2 end", False),
        ("if .a then 1 elif .b then 2 end", True),
        ('"if" | .if', False),
        ("if .a then if .b then 1 end else 2 end", True),
        (". # if", False),
    ],
)
def test_what_later_releases_of_jq_accept_is_recognised(program: str, lacks: bool) -> None:
    assert lacks_else(program) is lacks
