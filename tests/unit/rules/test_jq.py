"""jq: templates are cut as Port cuts them, newer syntax is known without a compiler, and a missing one is said once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import pytest

from portctl.providers.port.rules.compiling import installed_compiler
from portctl.providers.port.rules.jq import unchecked_programs, unusable_programs
from portctl.providers.port.rules.programs import newer_than_port, programs
from portctl.providers.port.rules.shapes import Organisation
from portctl.providers.port.rules.templates import is_spread, parse
from tests.unit.rules.builders import details, findings, resources

AUTOMATION = """\
kind: port/Automation
spec:
  identifier: note
  trigger:
    type: automation
    event: {type: RUN_CREATED, actionIdentifier: check}
    condition: {type: JQ, expressions: ['.diff.after.status == "SUCCESS"', CONDITION]}
  invocationMethod:
    type: WEBHOOK
    url: https://example.com
    body: {note: NOTE}
"""


def automation(*, condition: str = "'true'", note: str = "'x'") -> str:
    return AUTOMATION.replace("CONDITION", condition).replace("NOTE", note)


@pytest.mark.parametrize(
    ("text", "found", "rest", "balanced"),
    [
        ("plain", (), "plain", True),
        ("{{ .a }}", (".a",), " ", True),
        ("a-{{ .a }}-{{.b}}", (".a", ".b"), "a- - ", True),
        ('{{ "}}" + .a }}', ('"}}" + .a',), " ", True),
        ("{{ .a // 'none' }}", ('.a // "none"',), " ", True),
        ("{{ {a: {b: 1} } }}", ("{a: {b: 1} }",), " ", True),
        ("{{ {a: {b: 1}} }}", ("{a: {b: 1",), "  }}", False),
        ("{{ .a", (), "{{ .a", False),
        ("a }} b", (), "a }} b", False),
    ],
)
def test_a_text_is_cut_as_port_cuts_it(text: str, found: tuple[str, ...], rest: str, balanced: bool) -> None:
    parsed = parse(text)
    assert (parsed.programs, parsed.rest, parsed.balanced) == (found, rest, balanced)


@pytest.mark.parametrize(
    ("key", "spreads"), [("{{ spreadValue() }}", True), ("{{spreadValue( )}}", True), ("{{ .a }}", False), ("a", False)]
)
def test_a_spread_is_known_by_its_key(key: str, spreads: bool) -> None:
    assert is_spread(key) is spreads


@pytest.mark.parametrize(
    ("program", "newer"),
    [
        (".a | abs", "`abs`"),
        ("pick(.a)", "`pick`"),
        (".a | @base32d", "`@base32d`"),
        ("if .a then 1 end", "`if` without `else`"),
        ("if .a then if .b then 1 end else 2 end", "`if` without `else`"),
        (".a.[0]", "`.[` after a field with a dot between"),
        ("if .a then 1 elif .b then 2 else 3 end", ""),
        (".trim", ""),
        ("{pick: 1}", ""),
        ('"abs" # trim', ""),
        ("def trim: 1; trim", ""),
        (".a as $skip | $skip", ""),
    ],
)
def test_what_is_newer_than_jq_1_6_is_known_without_a_compiler(program: str, newer: str) -> None:
    assert newer_than_port(program) == newer


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        (
            automation(condition="'.a =='"),
            "7:76 spec.trigger.condition.expressions[1]",
            "syntax error, unexpected $end",
        ),
        (automation(note='"{{ .a | nope }}"'), "11:18 spec.invocationMethod.body.note", "nope/0 is not defined"),
        (
            automation(note="\"{{ .a == ('b') }}\""),
            "11:18 spec.invocationMethod.body.note",
            "syntax error, unexpected INVALID_CHARACTER",
        ),
    ],
)
def test_a_program_that_does_not_compile_is_found_at_its_scalar(text: str, place: str, why: str) -> None:
    assert details("port/jq-unusable", text) == [f"{place}: {why}. Port gives null for it, without an error"]


def test_text_in_single_quotes_is_text_as_port_documents_it() -> None:
    text = """\
kind: port/Blueprint
spec:
  identifier: b
  calculationProperties:
    url: {type: string, calculation: "'https://example.com/' + .identifier"}
"""
    assert [program for _, program in programs(resources(text)[0])] == ['"https://example.com/" + .identifier']
    assert findings("port/jq-unusable", text) == ()


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
@pytest.mark.parametrize(
    ("program", "why"),
    [
        ('import "a" as a; .', "`import` loads a module, and there is none"),
        ('def f: 1; include "a"; .', "`include` loads a module, and there is none"),
        (
            "def f: " + ".a, " * 100_000 + "1; f",
            "compiling it takes more than 2 seconds or 512 MiB, or ends the compiler",
        ),
    ],
)
def test_a_program_that_would_take_the_compiler_down_is_a_finding_like_others(program: str, why: str) -> None:
    compiler = installed_compiler()
    assert compiler is not None
    assert compiler([".a | nope", program, ".a | .b"]) == {program: why, ".a | nope": "nope/0 is not defined"}


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
def test_programs_that_are_compiled_together_are_told_apart() -> None:
    compiler = installed_compiler()
    assert compiler is not None
    sound = [f"def f: {number}; f # a comment" for number in range(100)]
    broken = {
        "1; def x: 2": "syntax error, unexpected ';', expecting $end",
        ".a) | (.b": "syntax error, unexpected INVALID_CHARACTER, expecting $end",
        "f1": "f1/0 is not defined",
        "$x": "$x is not defined",
        ".a |": "syntax error, unexpected $end",
    }
    assert compiler([*sound, *broken]) == broken


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
def test_a_text_that_is_left_open_is_not_closed_by_the_next_program() -> None:
    compiler = installed_compiler()
    assert compiler is not None
    assert sorted(compiler(['"a', 'b"', ".c | ."])) == ['"a', 'b"']


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
def test_programs_that_are_wrong_are_found_without_compiling_each(monkeypatch: pytest.MonkeyPatch) -> None:
    from portctl.providers.port.rules import jq_child

    compiled: list[str] = []

    def compile_(program: str) -> object:
        compiled.append(program)
        return jq.compile(program)

    jq = import_module("jq")
    monkeypatch.setattr(jq_child, "jq", SimpleNamespace(compile=compile_))
    programs = [f".a | nope{number}" if number % 2 else f".a |\n. + {number}" for number in range(50)]
    said = [text.splitlines()[0] if text else "" for text in jq_child._checked(programs)]
    assert said == [f"nope{number}/0 is not defined" if number % 2 else "" for number in range(50)]
    assert len(compiled) == 2


@pytest.mark.parametrize(
    ("conditions", "wrong", "place", "why"),
    [
        (
            [f".a{number} | ." for number in range(10_120)],
            "",
            10_000,
            "the project has more than 10,000 different programs",
        ),
        (
            [f'"{number:06}" + "{"x" * 9_988}" | .' for number in range(110)],
            "",
            99,
            "the project's different programs have more than 1,000,000 characters",
        ),
        (
            [" + ".join([f".a{number}", *[".a"] * 665]) for number in range(60)],
            "",
            50,
            "the project's different programs have more than 100,000 words and signs",
        ),
        ([f".a | x{number}" for number in range(140)], "x/0", 100, "too many programs before it do not compile"),
        (
            [f'"{number:06}" + "{"x" * 30_000}" | .' for number in range(8)],
            "compiling it takes more than 2 seconds or 512 MiB, or ends the compiler",
            5,
            "too many programs before it do not compile",
        ),
    ],
    ids=["programs", "characters", "words", "wrong", "costly"],
)
def test_what_is_compiled_of_one_project_is_limited(conditions: list[str], wrong: str, place: int, why: str) -> None:
    asked: list[str] = []

    def compiler(programs: Sequence[str]) -> Mapping[str, str]:
        asked.extend(programs)
        return dict.fromkeys(programs, wrong) if wrong else {}

    (resource,) = resources(automation())
    trigger = {"condition": {"type": "JQ", "expressions": conditions}}
    organisation = Organisation((replace(resource, attributes={"trigger": trigger}),))
    found = list(unusable_programs(lambda: compiler)(organisation))
    about = (
        ("jq was not compiled", f"{wrong}: whether something is wrong with it is not known")
        if wrong.startswith("compiling")
        else ("jq does not compile", f"{wrong}. Port gives null for it, without an error")
    )
    assert [(each.path[-1], each.summary, each.detail) for each in found] == [
        *((index, *about) for index in range(place) if wrong),
        (place, "jq was not compiled", f"{why}: this and all that follow were only skimmed"),
    ]
    assert asked == conditions[:place]


@pytest.mark.skipif(installed_compiler() is None, reason="the package jq is not installed")
@pytest.mark.parametrize(
    ("program", "compiled"),
    [
        (" and ".join([".a"] * 1000), True),
        (" and ".join([".a"] * 1001), False),
        (" and ".join([".a"] * 9000), False),
        ("not | " * 1499 + "nope", True),
        ('"' + r"\(.)" * 599 + '" | nope', True),
        ('"' + r"\(.)" * 1000 + '"', False),
        (f'"{"a-word " * 5000}" | nope', True),
        ('# "\n| ' + "not | " * 1500 + '. # "', False),
    ],
)
def test_a_program_of_more_than_3000_words_and_signs_is_not_compiled_and_nothing_is_said_of_it(
    program: str, compiled: bool
) -> None:
    (resource,) = resources(automation())
    trigger = {"condition": {"type": "JQ", "expressions": [program]}}
    organisation = Organisation((replace(resource, attributes={"trigger": trigger}),))
    found = [(each.summary, each.detail, each.hint) for each in unusable_programs()(organisation)]
    nothing_known = (
        "jq was not compiled",
        "it has more than 3,000 words and signs: whether something is wrong with it is not known",
        "Divide it, or make it shorter.",
    )
    null = ("jq does not compile", "nope/0 is not defined. Port gives null for it, without an error", "")
    assert found == ([null] if "nope" in program else [] if compiled else [nothing_known])


def test_programs_are_compiled_together_up_to_3000_words_and_signs() -> None:
    asked: list[int] = []

    def compiler(programs: Sequence[str]) -> Mapping[str, str]:
        asked.append(len(programs))
        return {}

    programs = [f".a{number} | " + " + ".join(["."] * 498) for number in range(9)]
    (resource,) = resources(automation())
    trigger = {"condition": {"type": "JQ", "expressions": programs}}
    assert (
        list(unusable_programs(lambda: compiler)(Organisation((replace(resource, attributes={"trigger": trigger}),))))
        == []
    )
    assert asked == [3, 3, 3]


def test_a_long_program_is_skimmed_once() -> None:
    assert newer_than_port('x"' + '\\"' * 60_000) == ""
    assert newer_than_port("def abs: 1; " + "abs " * 30_000) == ""


def test_stray_braces_are_found() -> None:
    text = automation(note='"a }} b"')
    why = "Port refuses a text with a stray {{ or }} when it runs, also as literal text"
    assert details("port/stray-braces", text) == [f"11:18 spec.invocationMethod.body.note: {why}"]
    assert findings("port/jq-unusable", text) == ()


def test_programs_are_found_in_every_kind_that_has_them() -> None:
    text = """\
kind: port/Action
spec:
  identifier: a
  trigger:
    type: self-service
    userInputs: {properties: {i: {type: string, visible: {jqQuery: .form.j}}}}
  invocationMethod:
    type: WEBHOOK
    url: "x/{{ .a }}"
    body: {"{{ .key }}": "{{ .b }}", "{{ spreadValue() }}": "{{ .c }}"}
---
kind: port/Webhook
spec:
  identifier: w
  title: w
  enabled: true
  mappings:
    - blueprint: b
      filter: .f
      itemsToParse: .i
      entity:
        identifier: .e
        relations: {r: {combinator: '"and"', rules: [{property: p, operator: =, value: .v}]}}
  security: {requestIdentifierPath: .r}
---
kind: port/ActionPermissions
metadata: {in: "port/Action:a"}
spec: {execute: {policy: {queries: {}, conditions: [.p]}}}
---
kind: port/Blueprint
spec: {identifier: b, calculationProperties: {c: {calculation: .calc, type: string}}}
"""
    found = {program for resource in resources(text) for _, program in programs(resource)}
    assert found == {".a", ".key", ".b", ".c", ".form.j", ".f", ".i", ".e", ".v", ".r", ".p", ".calc"}


def test_a_program_with_a_hole_is_left_to_apply() -> None:
    assert findings("port/jq-unusable", automation(note="\"{{ <% secret('X') %> == }}\"")) == ()


def test_without_the_package_jq_one_finding_says_that_programs_were_only_skimmed() -> None:
    organisation = Organisation(resources(automation(condition="'.a =='", note='"{{ .b | }}"')))
    (found,) = unchecked_programs(lambda: None)(organisation)
    assert (found.path, found.summary) == (("invocationMethod", "body", "note"), "jq was not compiled")
    assert list(unusable_programs(lambda: None)(organisation)) == []
    assert list(unchecked_programs(lambda: lambda _: {})(organisation)) == []


def test_a_missing_package_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jq", None)
    assert installed_compiler() is None
