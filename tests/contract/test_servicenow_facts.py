"""The facts at the head of our notes on ServiceNow, and where each is tested for the provider.

The facts of approvals, states and windows (5 to 9) are the pipeline's and the sandbox's; what concerns the provider of
them is here. docs/sandbox-servicenow.md lists the tests of the sandbox.
"""

from __future__ import annotations

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).parents[1]
FACTS = {
    1: ("a column that does not exist is dropped with 200", "a_column_that_is_dropped_silently_is_seen"),
    2: ("an invalid term of a query matches more", "a_query_whose_term_is_dropped_is_not_believed"),
    3: ("everything is text", "everything_is_text"),
    4: ("a reference is written as a sys_id", "a_member_is_written_by_names_and_stored_by_sys_ids"),
    9: ("data policies bind the API", "a_data_policy_names_its_fields"),
    10: ("a journal reads back empty", "a_journal_cannot_be_managed"),
    11: ("a password never reads back", "a_secret_of_a_record_is_sent_and_never_read"),
    12: (
        "an error may come with 200",
        "a_cancelled_transaction_is_no_answer_although_its_status_is_200",
    ),
    13: ("new instances refuse Basic", "basic_of_a_person_is_refused_on_a_new_instance_and_the_hint_says_why"),
    14: ("429 says how long to wait", "a_rate_limit_is_waited_for_as_long_as_it_says"),
    15: ("rows that may not be read are missing", "rows_that_may_not_be_read_are_not_absent"),
    16: ("what is created appears later", "a_column_is_waited_for_until_records_show_it"),
}


@pytest.mark.parametrize("number", FACTS)
def test_a_fact_has_a_test(number: int) -> None:
    name = FACTS[number][1]
    files = [*TESTS.glob("contract/test_servicenow_*.py"), *TESTS.glob("unit/providers/servicenow/test_*.py")]
    assert sum(bool(re.search(rf"^def test_{name}", path.read_text("utf-8"), re.MULTILINE)) for path in files) == 1
