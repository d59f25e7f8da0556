"""Plans as comments on a merge request."""

from __future__ import annotations

import pytest

from portctl.model.change import Action
from portctl.views.json import plan_document
from portctl.views.markdown import fenced, plan_markdown
from tests.unit.views.builders import address, change, edit, plan, refusal


def test_a_comment_starts_with_the_summary_and_folds_every_change() -> None:
    shown = plan(
        change("a<b>", Action.UPDATE, edit(("title",), "x", "y"), edit(("old",), before=1), edit(("new",), after=2)),
        change("gone", Action.DELETE, why="its manifest is gone & @all know", identity=("a", "gone")),
        change("moved", Action.MOVE, was=address("before")),
        change("same", Action.NOOP),
        refusals=(refusal(),),
        notes=("see ```this```",),
    )
    assert (
        plan_markdown(plan_document(shown))
        == """\
<h3>Plan for <code>delivery</code>, environment <code>staging</code></h3>

**Plan: 0 to create, 1 to update, 1 to delete, 1 to move. Nothing can be applied: 1 refusal.**

```text
port: org_1 at https://api.port.example as client_1
```

````text
note: see ```this```

refused: Too many deletes
  7 deletes; this project allows 5
  hint: Add --allow-deletes 7 if that is meant.
````

<details>
<summary><code>~ port/Action:a&lt;b&gt;</code> <code>will be updated</code></summary>

```diff
! title: "x" -> "y"  (manifest changed)
- old: 1  (manifest changed)
+ new: 2  (manifest changed)
```

</details>

<details>
<summary><code>- port/Action:gone</code> <code>will be deleted: its manifest is gone &amp; @all know</code></summary>

```diff
  identity: a / gone
```

</details>

<p><code>&gt; port/Action:moved</code> <code>will be moved from port/Action:before</code></p>"""
    )


def test_a_comment_on_a_plan_to_destroy_says_so() -> None:
    assert (
        plan_markdown(plan_document(plan(destroy=True, instances=())))
        == """\
<h3>Plan to destroy <code>delivery</code>, environment <code>staging</code></h3>

**No changes. There is nothing left to destroy.**"""
    )


@pytest.mark.parametrize("text", ["", "`", "```", "a ```` b", "`````\n```"])
def test_a_fence_is_longer_than_any_backticks_inside(text: str) -> None:
    fence = fenced([text], "diff").splitlines()[-1]
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert fence not in text


def test_a_comment_never_grows_beyond_its_limit_and_says_what_it_left_out() -> None:
    large = change("large", Action.CREATE, after={"text": "x" * 2000})
    small = [change(f"s{number}", Action.CREATE, after={"title": "t"}) for number in range(3)]
    comment = plan_markdown(plan_document(plan(large, *small, instances=())), limit=1500)
    assert len(comment) <= 1500
    assert comment.split("\n\n", 2)[2] == (
        """\
<p><code>+ port/Action:large</code> <code>will be created</code></p>

"""
        + "\n\n".join(
            f"""\
<details>
<summary><code>+ port/Action:s{number}</code> <code>will be created</code></summary>

```diff
+ title: "t"
```

</details>"""
            for number in range(3)
        )
        + "\n\n**1 of 4 changes are not shown in full: a comment may hold 1500 characters.** "
        "Run `portctl plan`, or `portctl show` on the saved plan, to read all of it."
    )


@pytest.mark.parametrize("limit", [900, 2000, 5000, 20_000])
def test_a_comment_on_a_huge_plan_keeps_within_any_limit(limit: int) -> None:
    shown = plan(
        *(change(f"action{number}", Action.CREATE, after={"text": "x" * number}) for number in range(300)),
        notes=tuple(f"note {number}" for number in range(500)),
        instances=(),
    )
    comment = plan_markdown(plan_document(shown), limit)
    assert limit * 0.4 < len(comment) <= limit
    assert f"of 300 changes are not shown in full: a comment may hold {limit} characters" in comment
    assert "... (cut short)" in comment or limit == 20_000
