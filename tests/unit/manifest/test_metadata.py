"""The `metadata` of a manifest: a closed list of keys, each checked."""

from __future__ import annotations

import pathlib

import pytest

from portctl.config.project import load_project
from portctl.manifest.load import load_manifests
from tests.unit.examples.files import lines, write
from tests.unit.examples.manifest_kinds import CATALOGUE


def refusal(root: pathlib.Path, metadata: str, *, kind: str = "port/Blueprint", spec: str = "{identifier: a}") -> str:
    text = f"apiVersion: portctl/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"
    _, found = load_manifests(load_project(write(root, {"pipelines/a.yaml": text})), CATALOGUE)
    return lines(found).replace("pipelines/a.yaml:3:", "")


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            "{nmae: a}",
            (
                '12 [manifest] Unknown key: metadata has no "nmae". Did you mean "name"? (Known keys: adopt, '
                "dependsOn, "
                "forEach, in, instance, labels, management, moved, name, onDelete, options, protect and renamed.)"
            ),
        ),
        ("{forEach: [1]}", "12 [manifest] Reserved key: forEach is reserved for a later version."),
        ("{name: a b}", "18 [manifest] Malformed name: A name has letters, digits, `_`, `.`, `%` and `-`."),
        ("{name: 7}", "18 [manifest] Wrong type: Text that is not empty is expected here, not a number."),
        (
            "{name: <% values.a %>}",
            (
                "18 [manifest] Malformed name: A name has letters, digits, `_`, `.`, `%` and `-`.\n"
                "18 [manifest] Placeholder not accepted: metadata is literal: it says which manifest this is, in every "
                "environment."
            ),
        ),
        ("{instance: a b}", "22 [manifest] Malformed name: Instance names have letters, digits, `_` and `-`."),
        ('{in: "port/Action:a"}', "12 [manifest] No parent: A port/Blueprint has no parent."),
        ("{labels: {a: 1}}", "24 [manifest] Wrong type: Text (quote it) is expected here, not a number."),
        ("{labels: [a]}", "20 [manifest] Wrong type: A mapping is expected here, not a list."),
        (
            "{dependsOn: [a, 7]}",
            (
                '24 [manifest] Malformed address: "a" is not an address such as port/Action:deploy.\n'
                "27 [manifest] Wrong type: Text that is not empty is expected here, not a number."
            ),
        ),
        ("{dependsOn: a}", "23 [manifest] Wrong type: A list of texts is expected here, not text."),
        (
            "{management: fulll}",
            '24 [manifest] Value not accepted: management is one of full, merge and observe. Did you mean "full"?',
        ),
        ("{adopt: true}", "19 [manifest] Value not accepted: adopt is one of always, equal and never."),
        ("{protect: [update]}", "22 [manifest] Value not accepted: protect lists delete and replace."),
        (
            "{onDelete: keeep}",
            '22 [manifest] Value not accepted: onDelete is one of delete and keep. Did you mean "keep"?',
        ),
        ('{moved: ["port/Action:a"]}', "20 [manifest] Wrong kind: port/Action:a was never a port/Blueprint."),
        (
            '{moved: ["port/Blueprint:a"]}',
            "20 [manifest] Moved to itself: port/Blueprint:a is the address of this manifest.",
        ),
        (
            "{renamed: [{path: x, form: y}, 7]}",
            (
                "22 [manifest] Missing key: An entry has `path`, where it stands now, and `from`, its former name.\n"
                '32 [manifest] Unknown key: An entry of renamed has no "form". Did you mean "from"? '
                "(Known keys: from and path.)\n"
                "42 [manifest] Wrong type: A mapping is expected here, not a number."
            ),
        ),
        ("{renamed: x}", "21 [manifest] Wrong type: A list of mappings is expected here, not text."),
        (
            "{options: {catalogpage: true}}",
            (
                '22 [manifest] Unknown key: options of a port/Blueprint has no "catalogpage". Did you mean '
                '"catalogPage"? '
                "(Known keys: catalogPage.)"
            ),
        ),
        (
            "{options: {catalogPage: 1}}",
            "35 [manifest] Wrong type: true, false or text is expected here, not a number.",
        ),
    ],
)
def test_metadata_is_a_closed_list_with_checked_values(tmp_path: pathlib.Path, metadata: str, expected: str) -> None:
    assert refusal(tmp_path, metadata) == expected


@pytest.mark.parametrize(
    ("kind", "metadata", "expected"),
    [
        (
            "port/Step",
            "{name: a}",
            (
                "11 [manifest] Parent is missing: A port/Step stands in a port/Action: metadata.in is missing. "
                "(Write `in: port/Action:NAME`.)"
            ),
        ),
        (
            "port/Step",
            '{name: a, in: "port/Blueprint:a"}',
            "25 [manifest] Wrong parent: A port/Step stands in a port/Action, not in a port/Blueprint.",
        ),
        (
            "port/Step",
            '{name: a, in: "port@eu/Action:a"}',
            (
                "25 [manifest] Wrong parent: port@eu/Action:a is in another instance than this manifest, which is in "
                "port@default."
            ),
        ),
        (
            "port/Step",
            "{name: a, in: a}",
            '25 [manifest] Malformed address: "a" is not an address such as port/Action:deploy.',
        ),
        (
            "port/Step",
            '{in: "port/Action:a"}',
            (
                "11 [manifest] Name is missing: The manifest has no metadata.name, and position.index gives "
                "none: it is "
                "missing or holds a placeholder. (Write metadata.name.)"
            ),
        ),
        (
            "port/ActionPermissions",
            '{in: "port/Action:a", management: full, onDelete: delete, options: {x: true}}',
            (
                "45 [manifest] Value not accepted: Of a port/ActionPermissions only what the manifest names is "
                "managed. "
                "(Use merge or observe.)\n"
                "61 [manifest] Value not accepted: A port/ActionPermissions goes with its parent; it cannot be "
                "deleted by "
                "itself.\n"
                "79 [manifest] Unknown key: A port/ActionPermissions has no options."
            ),
        ),
        (
            "port/Action",
            "{management: merge}",
            "24 [manifest] Value not accepted: A port/Action can only be written as a whole. (Use full or observe.)",
        ),
    ],
)
def test_metadata_must_fit_the_kind(tmp_path: pathlib.Path, kind: str, metadata: str, expected: str) -> None:
    assert refusal(tmp_path, metadata, kind=kind) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("5", 'identifier names the object, and a number, 5, stands there; text is needed. (Quote it: "5".)'),
        ("true", 'identifier names the object, and a boolean, true, stands there; text is needed. (Quote it: "true".)'),
        ("[a]", "identifier names the object, and a list stands there; text is needed. (Write identifier as text.)"),
    ],
)
def test_an_identity_that_is_not_text_is_said_to_be_so(tmp_path: pathlib.Path, identifier: str, expected: str) -> None:
    assert refusal(tmp_path, "{}", spec=f"{{identifier: {identifier}}}") == f"11 [manifest] Wrong type: {expected}"


def test_a_name_is_needed_where_the_identity_is_a_placeholder(tmp_path: pathlib.Path) -> None:
    assert refusal(tmp_path, "{}", spec="{identifier: <% values.a %>}").startswith("11 [manifest] Name is missing: ")
