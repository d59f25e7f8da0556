"""Flags of a variable are sent whole: GitLab may keep what an update leaves out."""

from __future__ import annotations

from portctl.providers.gitlab.variable_fields import encode


def test_flags_that_a_manifest_leaves_out_are_sent_with_their_defaults() -> None:
    assert encode({"key": "K", "value": "v", "raw": True}) == {
        "variable_type": "env_var",
        "protected": False,
        "masked": False,
        "raw": True,
        "key": "K",
        "value": "v",
    }


def test_what_is_hidden_is_sent_as_masked() -> None:
    assert encode({"key": "K", "value": "v", "hidden": True})["masked"] is True
