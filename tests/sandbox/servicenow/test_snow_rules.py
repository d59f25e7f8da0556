"""Business rules: conditions, scripts that really run, and what they send."""

from __future__ import annotations

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.receiver import Receiver
from tests.sandbox.servicenow.snow import TABLE, Json, Snow

ON_CHANGES = "current.approval.changes() || current.state.changes()"


def rule(snow: Snow, script: str, **values: Json) -> str:
    """A rule on changes; asynchronous, on insert and update, unless said otherwise."""
    own = {
        "name": "r",
        "collection": "change_request",
        "when": "async",
        "action_insert": True,
        "action_update": True,
        "advanced": True,
        "script": script,
    }
    return str(snow.create("sys_script", by="default", **{**own, **values})["sys_id"])


def message(snow: Snow, url: str) -> None:
    """The REST message `webhook` with its function `post` and a header."""
    created = snow.create("sys_rest_message", by="default", name="webhook", rest_endpoint="http://unused.example.com")
    values = {"rest_message": created["sys_id"], "function_name": "post", "http_method": "post", "rest_endpoint": url}
    function = snow.create("sys_rest_message_fn", by="default", **values)
    header = {"rest_message_function": function["sys_id"], "name": "X-Secret", "value": "s"}
    snow.create("sys_rest_message_fn_headers", by="default", **header)


def log(snow: Snow) -> list[tuple[str, str]]:
    rows = snow.find("syslog", "source=business rule", sysparm_fields="level,message")
    return [(row["level"], row["message"]) for row in rows]


def said(snow: Snow) -> list[str]:
    return [text for _, text in log(snow)]


POST = """(function executeRule(current, previous) {
  var m = new sn_ws.RESTMessageV2('webhook', 'post');
  m.setRequestBody(JSON.stringify({ number: current.getValue('number'), state: current.getValue('state'),
    active: current.getValue('active'), approval: String(current.approval), none: current.getValue('description') }));
  var r = m.execute();
  gs.info('answered {0} {1}', r.getStatusCode(), r.haveError());
})(current, previous);"""


@pytest.mark.fact("servicenow-97", "servicenow-98")
def test_a_rule_posts_through_its_rest_message_when_its_condition_holds(snow: Snow, receiver: Receiver) -> None:
    message(snow, f"{receiver.url}/ingest/key")
    rule(snow, POST, condition=ON_CHANGES)
    change = snow.change()
    snow.patch("change_request", change, by="gate", description="nothing that matters")
    snow.settle()
    number = snow.read("change_request", change)["number"]
    body = {"number": number, "state": "-5", "active": "1", "approval": "not requested", "none": None}
    assert receiver.bodies == [body]
    assert receiver.headers[0]["x-secret"] == "s"
    assert log(snow) == [("information", "answered 202 false")]


@pytest.mark.fact("servicenow-99")
def test_without_a_rule_nothing_is_sent(snow: Snow, receiver: Receiver) -> None:
    message(snow, receiver.url)
    snow.approved()
    assert receiver.bodies == []


@pytest.mark.fact("servicenow-100")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("approvalCHANGES^EQ", ["not requested", "requested", "approved"]),
        ("approvalCHANGESTOapproved", ["approved"]),
        ("approvalCHANGESFROMrequested^state=-2", ["approved"]),
        ("approvalVALCHANGES^approval!=requested", ["not requested", "approved"]),
        ("stateIN-2^numbr=x", ["approved"]),
    ],
)
def test_a_filter_condition_speaks_of_changes(snow: Snow, condition: str, expected: list[str]) -> None:
    rule(snow, "gs.info(current.approval)", filter_condition=condition)
    change = snow.change()
    snow.settle()
    snow.move(change, -4)
    snow.settle()
    snow.decide(change)
    snow.settle()
    assert said(snow) == expected


@pytest.mark.fact("servicenow-101")
def test_an_asynchronous_script_sees_the_record_as_it_is_by_then_and_nothing_of_before(
    snow: Snow, sandbox: Sandbox
) -> None:
    sandbox.set_lag(3600)
    rule(snow, "gs.info([current.description, current.description.changes(), previous, current.operation()].join())")
    change = snow.change(description="first")
    snow.patch("change_request", change, description="second")
    snow.settle()
    sandbox.set_lag(0)
    assert said(snow) == ["second,false,,insert", "second,false,,update"]


@pytest.mark.fact("servicenow-102")
def test_before_and_after_rules_know_what_was_before(snow: Snow) -> None:
    seen = "previous ? previous.description : '-', current.description.changesFrom('a'), current.operation()"
    script = f"gs.info([{seen}].join())"
    rule(snow, script, when="after", order=200)
    change = snow.change(description="a")
    snow.patch("change_request", change, description="b")
    assert said(snow) == ["-,false,insert", "a,true,update"]


@pytest.mark.fact("servicenow-103")
def test_before_rules_alter_and_abort_in_their_order(snow: Snow) -> None:
    rule(snow, "current.description = current.description + '1'", when="before", order=50)
    rule(snow, "current.setValue('description', current.getValue('description') + '2')", when="before", order=1500)
    abort = rule(
        snow,
        "if (current.short_description == 'no') current.setAbortAction(true);",
        name="No",
        when="before",
        order=60,
    )
    change = snow.change(description="0")
    assert snow.read("change_request", change)["description"] == "012"
    path = f"{TABLE}/change_request/{change}"
    detail = (
        f"Operation against file 'change_request' was aborted by Business Rule 'No^{abort}'. Business Rule Stack:No"
    )
    body = {"short_description": "no"}
    assert snow.refused("PATCH", path, body, by="gate", status=403) == ("Operation Failed", detail)
    assert snow.read("change_request", change)["short_description"] == "Deploy"


@pytest.mark.fact("servicenow-103")
def test_a_rule_may_abort_without_a_script(snow: Snow) -> None:
    rule(snow, "", when="before", abort_action=True, filter_condition="short_description=no", advanced=False)
    snow.refused("POST", f"{TABLE}/change_request", {"short_description": "no"}, by="gate", status=403)
    assert snow.create("change_request", by="gate", short_description="yes")["state"] == "-5"


@pytest.mark.fact("servicenow-104")
@pytest.mark.parametrize(
    "script",
    [
        "let a = 1;",
        "var f = () => 1;",
        "gs.info(`x`);",
        "class A {}",
        "for (var a of []) {}",
        "var f = function (a = 1) {};",
    ],
)
def test_what_came_after_es5_is_refused(snow: Snow, script: str) -> None:
    rule(snow, script)
    snow.change()
    snow.settle()
    ((level, text),) = log(snow)
    assert (level, text.startswith("Business rule 'r', script: SyntaxError")) == ("error", True)


@pytest.mark.fact("servicenow-105")
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("\n\nfoo.bar();", "ReferenceError: identifier 'foo' undefined (line 3)"),
        ("current.u_nothing.changes();", "TypeError: cannot read property 'changes' of undefined (line 1)"),
        ("'a'.startsWith('a');", "TypeError: undefined not callable (property 'startsWith' of 'a') (line 1)"),
        ("new GlideDateTime();", "Error: not emulated by the sandbox: GlideDateTime"),
        ("current.setWorkflow(false);", "Error: not emulated by the sandbox: GlideRecord.setWorkflow"),
        ("gs.eventQueue('x');", "Error: not emulated by the sandbox: gs.eventQueue"),
        ("new sn_ws.RESTMessageV2('nothing', 'post');", "there is no REST message 'nothing'"),
        ("process.env;", "ReferenceError: identifier 'process' undefined (line 1)"),
        ("throw 'out';", "out"),
    ],
)
def test_a_mistake_in_a_script_is_in_the_log(snow: Snow, script: str, error: str) -> None:
    rule(snow, script)
    snow.change()
    snow.settle()
    ((level, text),) = log(snow)
    assert (level, error in text) == ("error", True), text


@pytest.mark.fact("servicenow-106")
def test_a_script_that_does_not_end_is_ended_and_the_next_one_runs(snow: Snow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snow.sandbox.servicenow.engine, "limit_seconds", 0.3)
    rule(snow, "while (true) {}")
    rule(snow, "gs.info('alive')", name="second", order=200)
    snow.change()
    snow.settle()
    assert said(snow) == [
        "Business rule 'r', script: the script ran for more than 0.3 seconds and was ended",
        "alive",
    ]


@pytest.mark.fact("servicenow-107")
def test_an_exception_breaks_the_save_in_a_before_rule_and_not_in_an_after_rule(snow: Snow) -> None:
    rule(snow, "foo()", when="after")
    assert snow.create("change_request", by="gate")["state"] == "-5"
    rule(snow, "foo()", when="before")
    snow.refused("POST", f"{TABLE}/change_request", {}, by="gate", status=403)


@pytest.mark.fact("servicenow-108")
def test_a_condition_that_fails_does_not_hold(snow: Snow) -> None:
    rule(snow, "gs.info('ran')", condition="current.nothing.changes()")
    snow.change()
    assert (snow.settle(), len(said(snow)), "condition: TypeError" in said(snow)[0]) == (0, 1, True)


@pytest.mark.fact("servicenow-109")
@pytest.mark.parametrize(
    "values",
    [{"active": False}, {"advanced": False}, {"action_insert": False}, {"collection": "incident"}, {"when": "display"}],
)
def test_rules_that_do_not_apply_do_not_run(snow: Snow, values: dict[str, Json]) -> None:
    rule(snow, "gs.info('ran')", **values)
    snow.change()
    assert (snow.settle(), said(snow)) == (0, [])


@pytest.mark.fact("servicenow-109")
def test_a_rule_on_a_parent_table_applies_to_the_children_and_on_deletion(snow: Snow) -> None:
    rule(
        snow,
        "gs.info(current.getTableName() + ' ' + current.operation())",
        collection="task",
        action_delete=True,
        action_insert=False,
    )
    change = snow.change()
    snow.ask("DELETE", f"{TABLE}/change_request/{change}")
    snow.settle()
    assert said(snow) == ["change_request delete"]


@pytest.mark.fact("servicenow-109")
def test_a_rule_may_be_for_some_roles(snow: Snow) -> None:
    rule(snow, "gs.info('ran')", role_conditions=snow.id_of("sys_user_role", name="itil"))
    snow.change(by="developer")
    snow.change(by="approver")
    snow.settle()
    assert said(snow) == ["ran"]


@pytest.mark.fact("servicenow-110")
def test_the_stand_ins_say_what_the_record_says(snow: Snow) -> None:
    service = snow.id_of("cmdb_ci_service", name="checkout")
    script = """gs.info([current.state.getDisplayValue(), current.getDisplayValue('approval'),
      current.business_service.name, current.priority < 5, current.description.nil(), current.isValidField('u_x'),
      current.getValue('u_x'), gs.getProperty('instance_name') !== null, gs.getProperty('nothing', 'else'),
      gs.getUserName(), gs.hasRole('itil'), gs.nil(current.description), current.getUniqueValue() == current.sys_id,
      current.isNewRecord()].join(' '))"""
    rule(snow, script)
    snow.change(by="developer", business_service=service)
    snow.settle()
    assert said(snow) == ["New Not Yet Requested checkout true true false  true else dev.dora false true true true"]


@pytest.mark.fact("servicenow-111")
def test_an_asynchronous_script_may_update_its_record(snow: Snow) -> None:
    rule(snow, "current.work_notes = 'seen'; current.description = 'seen'; current.update();", action_update=False)
    change = snow.change()
    snow.settle()
    row = snow.read("change_request", change)
    assert (row["description"], row["sys_updated_by"]) == ("seen", "system")
    assert [entry["value"] for entry in snow.find("sys_journal_field", f"element_id={change}")] == ["seen"]


@pytest.mark.fact("servicenow-112")
def test_a_message_without_a_record_is_sent_as_the_script_says(snow: Snow, receiver: Receiver) -> None:
    script = f"""var m = new sn_ws.RESTMessageV2(); m.setHttpMethod('POST'); m.setEndpoint('{receiver.url}/${{id}}');
      m.setStringParameterNoEscape('id', 'x1'); m.setQueryParameter('q', 'a b'); m.setBasicAuth('u', 'p');
      m.setRequestHeader('Content-Type', 'application/json'); m.setRequestBody('{{"a":1}}'); m.setHttpTimeout(1000);
      var r = m.executeAsync(); r.waitForResponse(1); gs.info(r.getStatusCode() + r.getHeader('content-length'));"""
    rule(snow, script)
    snow.change()
    snow.settle()
    assert (receiver.bodies, said(snow)) == ([{"a": 1}], ["2020"])
    assert receiver.headers[0]["authorization"] == "Basic dTpw"
    (sent,) = [each for each in snow.sandbox.journal.exchanges() if each.service == "servicenow-outbound"]
    assert (sent.method, sent.path, sent.query) == ("POST", f"{receiver.url}/x1", "q=a+b")


@pytest.mark.fact("servicenow-113")
def test_nothing_is_sent_to_another_machine(snow: Snow, sandbox: Sandbox) -> None:
    message(snow, "https://ingest.example.com/key")
    rule(snow, POST)
    snow.change()
    snow.settle()
    assert said(snow) == ["answered 0 true"]
    (refused,) = [each for each in sandbox.journal.exchanges() if each.service == "servicenow-outbound"]
    assert (refused.path, refused.status) == ("https://ingest.example.com/key", 0)
    assert refused.note == "refused: ingest.example.com is not on this machine"


@pytest.mark.fact("servicenow-114")
def test_a_request_within_the_transaction_is_not_emulated(snow: Snow, receiver: Receiver) -> None:
    message(snow, receiver.url)
    rule(snow, POST, when="after")
    snow.change()
    assert "not emulated by the sandbox: a request from within the transaction" in said(snow)[0]
    assert receiver.bodies == []


@pytest.mark.fact("servicenow-115")
def test_a_receiver_that_is_down_is_an_error_that_the_script_can_see(snow: Snow) -> None:
    message(snow, "http://127.0.0.1:1/")
    rule(snow, POST)
    snow.change()
    snow.settle()
    assert said(snow) == ["answered 0 true"]
