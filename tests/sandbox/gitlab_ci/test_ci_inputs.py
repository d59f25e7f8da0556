"""The header of a pipeline file, the values of its inputs, and where they are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portctl.sandbox.gitlab.ci.document import BadDocument, parse
from portctl.sandbox.gitlab.ci.inputs import Given
from portctl.sandbox.gitlab.ci.lint import lint
from portctl.sandbox.gitlab.ci.patterns import BadPattern, UnreadPattern, parse_re2
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.ci.variables import Variable
from tests.sandbox.gitlab_ci.compiling import compiled, only_job

VARIABLES = {
    "NAME": Variable(key="NAME", value="port"),
    "NEST": Variable(key="NEST", value="$NAME"),
    "SECRET": Variable(key="SECRET", value="abc", masked=True),
}
BODY = 'a: {script: "$[[ inputs.x ]]"}'


def filled(spec: str, body: str = BODY, variables: Mapping[str, Variable] = VARIABLES, **values: Any) -> Any:
    """The document with the inputs of a header `spec: {inputs: {...}}`."""
    return parse(f"spec: {{inputs: {spec}}}\n---\n{body}", Given(values, variables))


def refused(spec: str, body: str = BODY, **values: Any) -> str:
    with pytest.raises(BadDocument) as error:
        filled(spec, body, **values)
    return str(error.value)


@pytest.mark.fact("ci-131")
@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("spec: {arguments: {x: }}", "header:spec config contains unknown keys: arguments"),
        ("{spec: {inputs: {}}, jobs: {}}", "header config contains unknown keys: jobs"),
        ("spec: [x]", "header:spec config should be a hash"),
        ("spec: {inputs: [x]}", "header:spec:inputs config should be a hash"),
        ("spec: {inputs: {x: text}}", "header:spec:inputs:x config should be a hash"),
        ("spec: {inputs: {x: {default: a, required: true}}}",
         "header:spec:inputs:x config contains unknown keys: required"),
        ("spec: {inputs: {x: {type: datetime}}}", "header:spec:inputs:x input type unknown value: datetime"),
        ("spec: {inputs: {x: {regex: [a]}}}", "header:spec:inputs:x input regex should be a string"),
        ("spec: {inputs: {x: {options: a}}}", "header:spec:inputs:x input options should be a array"),
        (f"spec: {{inputs: {{x: {{options: {list(range(51))}}}}}}}",
         "header:spec:inputs:x config cannot define more than 50 options"),
        ("spec: {inputs: {x: {description: [a]}}}",
         "header:spec:inputs:x input description must be an alphanumeric string"),
        ("spec: {inputs: {x: {type: }}}",
         "unknown input specification for `x` (valid types: array, boolean, number, string)"),
    ],
)  # fmt: skip
def test_a_header_that_does_not_fit_is_refused(header: str, error: str) -> None:
    assert lint(f"{header}\n---\na: {{script: b}}").errors == (error,)


@pytest.mark.fact("ci-131", "ci-27")
@pytest.mark.parametrize(
    "text",
    [
        "spec: {component: [name]}\n---\na: {script: b}",
        "spec: {include: [{local: a}]}\n---\na: {script: b}",
        "spec: {inputs: {x: {rules: [{options: [a]}]}}}\n---\na: {script: b}",
        "spec: {inputs: {x: {default: a}}}\n---\na: {script: '$[[ inputs.x | split(a) ]]'}",
        "spec: {inputs: {x: {default: a, regex: '[[:alpha:]]'}}}\n---\na: {script: b}",
    ],
)
def test_what_newer_servers_know_of_a_header_is_refused_by_name(text: str) -> None:
    with pytest.raises(NotEmulated, match=r"^the (CI keyword spec:|interpolation function split|regular expression)"):
        lint(text)


@pytest.mark.fact("ci-132")
@pytest.mark.parametrize(
    ("spec", "values", "error"),
    [
        ("{x: }", {}, "`x` input: required value has not been provided"),
        ("{x: {default: a}}", {"y": 1, "z": 2}, "unknown input arguments: y, z"),
        ("{x: {options: [a, b]}}", {"x": "c"},
         "`x` input: `c` cannot be used because it is not in the list of allowed options"),
        ("{x: {type: number, options: [1, 2]}}", {"x": 3},
         "`x` input: `3` cannot be used because it is not in the list of the allowed options"),
        ("{x: {type: boolean, options: [true]}}", {"x": True},
         "`x` input: Options can only be used with string and number inputs"),
        ("{x: {type: number, regex: a}}", {"x": 1}, "`x` input: RegEx validation can only be used with string inputs"),
        ("{x: {regex: '^a$'}}", {"x": "b"}, "`x` input: provided value does not match required RegEx pattern"),
        ("{x: {regex: '^a$', default: b}}", {"x": "a"},
         "`x` input: default value does not match required RegEx pattern"),
        ("{x: {regex: '(?=a)'}}", {"x": "a"}, "`x` input: invalid regular expression"),
        ("{x: {type: number}}", {"x": "many"}, "`x` input: provided value is not a number"),
        ("{x: {type: number}}", {"x": "NaN"}, "`x` input: provided value is not a number"),
        ("{x: {type: number}}", {"x": True}, "`x` input: provided value is not a number"),
        ("{x: {type: boolean, default: 1}}", {}, "`x` input: default value is not a boolean"),
        ("{x: {type: array}}", {"x": "a"}, "`x` input: provided value is not an array"),
        ("{a: , b: , c: , d: }", {},
         ", ".join(f"`{name}` input: required value has not been provided" for name in "abc")),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused_in_gitlabs_words(spec: str, values: dict[str, Any], error: str) -> None:
    assert refused(spec, **values) == error


@pytest.mark.fact("ci-132")
def test_a_text_takes_any_value_and_other_types_take_json() -> None:
    assert filled("{x: }", x=True)["a"]["script"] == "true"
    assert filled("{x: }", x=12)["a"]["script"] == "12"
    assert filled("{x: }", x="1e5")["a"]["script"] == "1e5"
    assert filled("{x: }", x=["a", True, None])["a"]["script"] == '["a", true, nil]'
    assert filled("{x: {type: number}}", x="12")["a"]["script"] == 12
    assert filled("{x: {type: array}}", x='["a"]')["a"]["script"] == ["a"]
    assert filled("{x: {type: boolean}}", x="false")["a"]["script"] is False
    assert filled("{x: {default: }}")["a"]["script"] == ""


@pytest.mark.fact("ci-133")
@pytest.mark.parametrize(
    "value", ["run_1\n", "\nrun_1", "run_1\nb: c", "run 1", "", "x" * 65, "run_1\r", "run_1\u2028"]
)
def test_an_anchored_pattern_binds_the_whole_value(value: str) -> None:
    spec = "{x: {regex: '^[A-Za-z0-9_-]{1,64}$'}}"
    assert filled(spec, x="run_1")["a"]["script"] == "run_1"
    assert refused(spec, x=value) == "`x` input: provided value does not match required RegEx pattern"


@pytest.mark.fact("ci-133")
def test_a_pattern_without_anchors_binds_a_part_and_the_flag_m_binds_a_line() -> None:
    assert filled("{x: {regex: '[a-z]+'}}", x="$(a)\n")["a"]["script"] == "$(a)\n"
    assert filled("{x: {regex: '^a|b$'}}", x="a; rm")["a"]["script"] == "a; rm"
    assert filled("{x: {regex: '(?m)^a$'}}", x="a\nb")["a"]["script"] == "a\nb"


@pytest.mark.fact("ci-3")
def test_patterns_without_slashes_speak_the_language_of_re2() -> None:
    assert parse_re2(r"^\S+$").search("a\vb")
    assert not parse_re2(r"\s").search("\v")
    for text in ("a{1001}", "a{2,1001}", "(?x)a", "(?<=a)", r"(a)\1", "a**", "("):
        with pytest.raises(BadPattern):
            parse_re2(text)
    for text in (r"\x{41}", "(?m:^a$)", "a(?i)b", "(?<name>a)", "a{,3}", r"\pL"):
        with pytest.raises(UnreadPattern):
            parse_re2(text)


@pytest.mark.fact("ci-134")
def test_a_scalar_that_is_one_block_keeps_the_type_and_every_other_one_is_text() -> None:
    body = """
"job-$[[ inputs.text ]]":
  needs: $[[ inputs.list ]]
  retry: $[[inputs.number]]
  allow_failure: $[[ inputs.flag ]]
  environment: {name: "live/$[[ inputs.text ]]"}
  variables: {A: "$[[ inputs.number ]]$[[ inputs.flag ]]", $[[ inputs.key ]]: b}
  script: ["$[[ inputs.list ]]", "say $[[ inputs.list ]]", "$[ inputs.text ]", "$[[ x"]
  rules: [{if: '"$[[ inputs.text ]]" == "eu"'}]
""".replace("$[[ inputs.key ]]: b", '"$[[ inputs.key ]]": b')
    spec = "{text: , key: , list: {type: array}, number: {type: number}, flag: {type: boolean}}"
    values: dict[str, Any] = {"text": "eu", "key": "K", "list": ["one", "two"], "number": 2, "flag": True}
    assert filled(spec, body, **values) == {
        "job-eu": {
            "needs": ["one", "two"],
            "retry": 2,
            "allow_failure": True,
            "environment": {"name": "live/eu"},
            "variables": {"A": "2true", "K": "b"},
            "script": [["one", "two"], 'say ["one", "two"]', "$[ inputs.text ]", "$[[ x"],
            "rules": [{"if": '"eu" == "eu"'}],
        }
    }


@pytest.mark.fact("ci-134")
@pytest.mark.parametrize(
    "value",
    ['"', "'", "a: b", "- a", "# a", "a\nb: {script: c}", "!reference [b, script]", "&a", "*a", "{a: b}", "[a]", "~",
     "%", "<<", "---\nb: c", "\t", "null", "yes", "$NAME", "${NAME}", "`id`", "a\u0085b", "\ufeff"],
)  # fmt: skip
def test_a_value_stays_one_text_whatever_it_holds(value: str) -> None:
    body = "a: {script: ['$[[ inputs.x ]]'], k: '<$[[ inputs.x ]]>'}\nb: {script: [c]}"
    assert filled("{x: }", body, x=value) == {
        "a": {"script": [value], "k": f"<{value}>"},
        "b": {"script": ["c"]},
    }


@pytest.mark.fact("ci-135")
def test_the_functions_of_a_block() -> None:
    def script(functions: str, value: str) -> Any:
        return filled("{x: }", f"a: {{script: '$[[ inputs.x | {functions} ]]'}}", x=value)["a"]["script"]

    assert script("truncate(3,5)", "0123456789") == "34567"
    assert script("truncate( 8 , 5 )", "0123456789") == "89"
    assert script("truncate(20,5)", "0123456789") == ""
    assert script("expand_vars", "$NAME ${NAME} $NOTHING $$NAME $NEST") == "port port $NOTHING $$NAME $NAME"
    assert script("expand_vars | truncate(0,2) | posix_escape", "$NAME") == "po"
    assert script("posix_escape", "it's\n$5 ä") == "it\\'s'\n'\\$5\\ \\ä"
    assert script("posix_escape", "") == "''"


@pytest.mark.fact("ci-135")
def test_backslashes_of_a_value_that_is_part_of_a_text_mean_something() -> None:
    body = "a: {script: ['$[[ inputs.x ]]', '<$[[ inputs.x ]]>']}"
    assert filled("{x: }", body, x=r"a\\b \0 \1.")["a"]["script"] == [r"a\\b \0 \1.", r"<a\b $[[ inputs.x ]] .>"]
    assert filled("{x: }", "a: {script: '<$[[ inputs.x ]]>'}", x=r"\`\'\n")["a"]["script"] == r"<<>\n>"
    often = "$[[ inputs.x ]]," * 5_000
    assert filled("{x: }", f"a: {{script: '{often}'}}", x="y")["a"]["script"] == "y," * 5_000


@pytest.mark.fact("ci-135")
def test_a_block_in_a_value_is_filled_in_only_where_it_also_stands_later_in_the_text() -> None:
    body = "a: {script: ['$[[ inputs.x ]] $[[ inputs.y ]]', '$[[ inputs.x ]]']}"
    assert filled("{x: , y: }", body, x="$[[ inputs.y ]]", y="b")["a"]["script"] == ["b b", "$[[ inputs.y ]]"]


@pytest.mark.fact("ci-136")
@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("inputs.y", "unknown interpolation key: `y`"),
        ("vars.x", "unknown interpolation key: `vars`"),
        ("component.name", "unknown interpolation key: `name`"),
        ("inputs", "invalid interpolation access pattern"),
        (f"inputs.{'x' * 1024}", "maximum interpolation expression size exceeded"),
        ("inputs.x | truncate(0,1) | truncate(0,1) | truncate(0,1) | truncate(0,1)",
         "too many functions in interpolation block"),
        ("inputs.x | upcase",
         "no function matching `upcase`: check that the function name, arguments, and types are correct"),
        ("inputs.x | truncate(1)",
         "no function matching `truncate(1)`: check that the function name, arguments, and types are correct"),
        ("inputs.n | truncate(0,1)",
         "error in `truncate` function: invalid input type: truncate can only be used with string inputs"),
        ("inputs.n | expand_vars",
         "error in `expand_vars` function: invalid input type: expand_vars can only be used with string inputs"),
        ("inputs.s | expand_vars",
         "error in `expand_vars` function: variable expansion error: masked variables cannot be expanded"),
    ],
)  # fmt: skip
def test_a_block_that_does_not_fit_is_refused_in_gitlabs_words(block: str, error: str) -> None:
    spec = "{x: {default: a}, n: {type: number, default: 1}, s: {default: '$SECRET'}}"
    assert refused(spec, f"a: {{script: 'say $[[ {block} ]]'}}") == error


@pytest.mark.fact("ci-136")
def test_a_text_has_a_size_and_a_file_a_number_of_blocks() -> None:
    assert refused("{x: {default: a}}", f"a: {{script: '{'y' * 1024 * 1024}z'}}") == "config node too large"
    blocks = " ".join(f"$[[ inputs.x | truncate(0,{number}) ]]" for number in range(10_001))
    assert refused("{x: {default: a}}", f"a: {{script: '{blocks}'}}") == "too many interpolation blocks"


@pytest.mark.fact("ci-137")
def test_a_file_without_header_takes_no_inputs_and_its_blocks_stay() -> None:
    assert parse("a: {script: '$[[ inputs.x ]]'}") == {"a": {"script": "$[[ inputs.x ]]"}}
    assert parse("x: 1\n---\na: {script: '$[[ inputs.x ]]'}") == {"x": 1}
    with pytest.raises(BadDocument, match="Given inputs not defined in the `spec` section of the included config"):
        parse("a: {script: b}", Given({"x": 1}))
    with pytest.raises(BadDocument, match="too many documents"):
        parse("spec: {}\n---\na: {script: b}\n---\nc: {script: d}")
    assert lint("spec: {inputs: {}}\na: {script: b}").errors == (
        "spec config belongs to a header: the document before a line with `---`",
    )


@pytest.mark.fact("ci-138")
def test_a_pipeline_is_compiled_with_its_inputs() -> None:
    text = """
spec: {inputs: {call: {options: [build, ship]}, where: {default: none, options: [none, live]}}}
---
variables: {WHERE: {value: "$[[ inputs.where ]]", expand: false}}
build: {script: [b], rules: [{if: '"$[[ inputs.call ]]" == "build"'}]}
ship:
  script: [s]
  rules: [{if: '"$[[ inputs.call ]]" == "ship"'}]
  environment: {name: $[[ inputs.where ]]}
  resource_group: $[[ inputs.where ]]
""".replace("$[[ inputs.where ]]}", '"$[[ inputs.where ]]"}')
    job = only_job(text, inputs={"call": "ship", "where": "live"})
    assert (job.name, job.environment and job.environment.name, job.resource_group) == ("ship", "live", "live")
    assert [(each.key, each.value, each.expand) for each in job.variables] == [("WHERE", "live", False)]
    assert [each.name for each in compiled(text, inputs={"call": "build"}).jobs] == ["build"]


HOSTILE = st.text(st.sampled_from("\"'`:#-!&*?|>%@{}[],~ \n\r\t\\$abc0.=\u2028\u0085"), max_size=12)
TEMPLATE = """
"job-$[[ inputs.x ]]": {script: ["$[[ inputs.x ]]", "say $[[ inputs.x ]] twice"]}
plain:
  environment: $[[ inputs.x ]]
  rules: [{if: '"$[[ inputs.x ]]" == "a"'}]
  variables: {V: {value: "$[[ inputs.x ]]", expand: false}}
"""


def shape(value: Any) -> Any:
    """A document without its texts."""
    if isinstance(value, dict):
        return [shape(inner) for inner in value.values()]
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


@pytest.mark.fact("ci-134")
@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=HOSTILE)
def test_no_value_changes_the_structure_of_the_document(value: str) -> None:
    document = filled("{x: }", TEMPLATE, x=value)
    assert shape(document) == shape(yaml.safe_load(TEMPLATE.replace("environment: $[[ inputs.x ]]", "environment: x")))
    assert document["plain"]["environment"] == value
    assert document["plain"]["variables"]["V"] == {"value": value, "expand": False}


@pytest.mark.fact("ci-133", "ci-134")
@settings(max_examples=500, deadline=None, derandomize=True)
@given(value=st.one_of(HOSTILE, st.from_regex(r"[A-Za-z0-9_-]{1,64}[^A-Za-z0-9_-]?\n?", fullmatch=True)))
def test_a_value_that_passed_an_anchored_pattern_means_nothing_to_yaml_conditions_or_shells(value: str) -> None:
    try:
        document = filled("{x: {regex: '^[A-Za-z0-9_-]{1,64}$'}}", TEMPLATE, x=value)
    except BadDocument:
        assert not (value.isascii() and 1 <= len(value) <= 64 and value.replace("_", "a").replace("-", "a").isalnum())
        return
    assert document == yaml.safe_load(
        TEMPLATE.replace("environment: $[[ inputs.x ]]", 'environment: "$[[ inputs.x ]]"').replace(
            "$[[ inputs.x ]]", value
        )
    )
