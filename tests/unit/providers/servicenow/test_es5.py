"""Scripts are read as ECMAScript 5: what came later is found, and so is every name that nothing defines."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portctl.providers.servicenow.es5.names import free_names, later_functions
from portctl.providers.servicenow.es5.tree import parse
from portctl.providers.servicenow.es5.words import NotEs5
from portctl.providers.servicenow.scripts import messages, read_columns, sent_keys

ROOT = pathlib.Path(__file__).parents[4]

VALID = [
    "var a = b / c / d; var r = /a[/]b/g.test(x)",
    "if (a) b\nelse c",
    "a = {get b() { return 1; }, if: 2, 'c-d': 3, 4: 5,}",
    "do x++; while (x < 5) y()",
    "a\n++b",
    "x = a ? b : c, d",
    "switch (a) { case 1: b(); break; default: c() }",
    "for (;;) {} for (var i = 0, n = 3; i < n; i++) {} for (var k in o) {} for (k in o) {}",
    "outer: for (;;) { continue outer }",
    "try { a() } catch (e) {} finally { b() }",
    "return\nnew A.B(1)(2)[3].class",
    "with (a) { b }",
    "var let_ = 'it\\'s', text = \"a\\\nb\";",
    "a = typeof b === 'undefined' ? void 0 : !c",
    "x = [1, , 2]; throw new Error('no')",
    "/* a\n b */ debugger; // end",
]
LATER = {
    "let a = 1": "`let` came after ES5: use `var`",
    "a();\nconst b = 1": "`const` came after ES5: use `var`",
    "a = `x`": "template texts came after ES5: join texts with `+`",
    "f(x => 1)": "arrow functions came after ES5: write `function`",
    "for (var a of b) {}": "`for ... of` came after ES5: count, or use forEach",
    "var {a} = b": "taking objects apart came after ES5: declare the variables one by one",
    "x = {a}": "keys without a value came after ES5: write `key: value`",
    "x = {[a]: 1}": "computed keys came after ES5: assign them afterwards",
    "f(...x)": "`...` came after ES5",
    "class A {}": "`class` came after ES5: use a function and its prototype",
    "a ?? b": "`??` came after ES5",
    "a?.b": "`?.` came after ES5",
    "a ** b": "`**` came after ES5: use Math.pow",
    "async function f() {}": "`async` came after ES5",
    "function* f() {}": "generators came after ES5",
    "function f(a = 1) {}": "default values of parameters came after ES5: `a = a || value`",
    "function f({a}) {}": "taking parameters apart came after ES5",
}
BROKEN = {
    "var x = 1 var y": "`;` is missing before `var`",
    "f(": "the end cannot stand here",
    "{ a": "`}` is missing before the end",
    "a = 'b\n'": "a text does not end on its line",
    "/* a": "a comment does not end",
    "1 = a": "nothing can be assigned before `=`",
    "try {} b": "`catch` is missing before `b`",
    "a = #": "'#' cannot stand here",
}


@pytest.mark.parametrize("source", VALID)
def test_a_script_of_es5_is_read(source: str) -> None:
    assert parse(source).kind == "block"


@pytest.mark.parametrize("source", [*LATER, *BROKEN])
def test_what_is_no_es5_is_refused_with_its_line(source: str) -> None:
    with pytest.raises(NotEs5) as caught:
        parse(source)
    assert caught.value.text == {**LATER, **BROKEN}[source]
    assert caught.value.line == (2 if source.startswith("a();\n") else 1)


def test_the_sandbox_s_own_script_and_the_repository_s_are_read_and_lack_no_name() -> None:
    for path in ("portctl/sandbox/servicenow/rules/stubs.js", "servicenow/webhook.js"):
        tree = parse((ROOT / path).read_text("utf-8"))
        assert [name.text for name in free_names(tree)] == []
        assert list(later_functions(tree)) == []


def test_names_belong_to_the_function_that_declares_them() -> None:
    source = """\
(function (record) {
  if (typeof maybe === 'undefined') { later(); }
  function later() { return hoisted + record + arguments.length; }
  var hoisted = 1;
  try { outside = 1; } catch (error) { gs.error(error); }
  error;
})(current);
hoisted;
{ member: unknown.member; }
"""
    assert [(name.text, name.line) for name in free_names(parse(source))] == [
        ("outside", 5),
        ("error", 6),
        ("hoisted", 8),
        ("unknown", 9),
    ]


def test_functions_of_later_languages_are_found() -> None:
    tree = parse("a.startsWith('x');\nObject.assign({}, b); c.indexOf('d')")
    assert [(name, node.line) for node, name in later_functions(tree)] == [("startsWith", 1), ("Object.assign", 2)]


@settings(deadline=None)
@given(st.text(alphabet="ab1 \n(){}[].,;:=+-*/'\"?!<>&|", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    last = text.count("\n") + 1
    assert all(1 <= line <= last for line in _lines(text))


def _lines(text: str) -> list[int]:
    """The line of every part of a script, or of what is wrong with it."""
    try:
        return [node.line for node in parse(text).all()]
    except NotEs5 as problem:
        return [problem.line]


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    with pytest.raises(NotEs5, match="nested too deeply"):
        parse("(" * 100_000)


@pytest.mark.parametrize(
    "script",
    [
        "var a = 1" + " + 1" * 20_000 + ";",
        "a" + ".b" * 20_000 + ";",
        "if (a) {}" + " else if (a) {}" * 80,
        "a(b);" * 5000,
    ],
)
def test_a_long_script_is_read_to_its_end(script: str) -> None:
    tree = parse(script)
    assert sum(1 for _ in tree.all()) > 160
    assert [node.text for node in free_names(tree) if node.text == "a"] == (["a"] if script[:3] != "var" else [])


def test_a_pattern_that_does_not_end_is_said_at_once() -> None:
    with pytest.raises(NotEs5, match="a regular expression does not end on its line"):
        parse("= /[" * 15_000)
    assert parse("i++ / 2; j = a[1] / b / c; k = (1) / 2; l = /[/]+/.test(m);")


def test_variables_that_are_made_of_each_other_are_followed_once() -> None:
    chain = "".join(f"var a{n} = a{n + 1} + a{n + 1};" for n in range(40))
    tree = parse(f"{chain} var a40 = current.number + a0; send(JSON.stringify({{k: a0}}));")
    assert [(sent.key, sent.columns) for sent in sent_keys(tree)] == [("k", ("number",))]


def test_what_a_script_sends_is_known_by_key_and_column() -> None:
    source = """\
var tag = current.getValue('u_tag') || '';
var body;
body = {id: current.getUniqueValue(), tag: tag, active: current.active == true, at: f(current.getValue('start_date'))};
var m = new sn_ws.RESTMessageV2('Port', 'post');
m.setRequestBody(JSON.stringify(body));
m.setRequestHeader('x', JSON.stringify({direct: current.number.toString()}));
new sn_ws.RESTMessageV2();
"""
    tree = parse(source)
    assert [(sent.key, sent.columns, sent.line) for sent in sent_keys(tree)] == [
        ("id", ("sys_id",), 3),
        ("tag", ("u_tag",), 3),
        ("active", ("active",), 3),
        ("at", ("start_date",), 3),
        ("direct", ("number",), 6),
    ]
    assert [(used.name, used.function) for used in messages(tree)] == [("Port", "post")]
    assert sorted({column for column, _ in read_columns(tree)}) == ["active", "number", "start_date", "sys_id", "u_tag"]
