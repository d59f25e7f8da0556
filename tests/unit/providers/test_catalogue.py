"""The declarations of all kinds: found, complete and consistent with each other."""

from __future__ import annotations

import ast
import pathlib
from typing import Any

import jsonschema
import pytest

import portctl
from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Verb
from portctl.providers.catalogue import PROVIDERS, catalogue, folders
from portctl.providers.docs import kinds_page

KINDS = list(catalogue().values())
ROOT = pathlib.Path(portctl.__file__).parent
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.full_name)


def test_every_file_of_a_kinds_folder_is_a_kind_of_its_provider() -> None:
    files = {
        (provider, path.stem)
        for provider in PROVIDERS
        for path in (ROOT / "providers" / provider / "kinds").glob("*.py")
        if path.stem != "__init__"
    }
    assert len(files) == len(KINDS)
    assert {kind.provider for kind in KINDS} == set(PROVIDERS)
    assert list(catalogue()) == sorted(catalogue())


def test_two_kinds_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portctl.providers.catalogue.PROVIDERS", ("port", "port"))
    with pytest.raises(RuntimeError, match="two kinds share the name port/Action, port/ActionPermissions"):
        catalogue.__wrapped__()


def test_bare_bodies_have_one_kind_per_folder() -> None:
    assert {folder: kind.full_name for folder, kind in folders().items()} == {
        "actions": "port/Action",
        "automations": "port/Automation",
        "blueprints": "port/Blueprint",
    }


@every_kind
def test_a_kind_says_what_it_is_and_what_it_needs(kind: Kind) -> None:
    assert kind.summary.endswith(".")
    assert kind.source
    assert kind.privilege.read
    assert kind.privilege.write


@every_kind
def test_a_kind_refers_only_to_kinds_and_fields_that_exist(kind: Kind) -> None:
    named = [name for ref in kind.references for name in ref.kinds] + ([kind.parent] if kind.parent else [])
    named += [kind.hold.until] if kind.hold else []
    assert [name for name in named if name not in catalogue()] == []


@every_kind
def test_a_kind_can_be_written_the_way_it_says(kind: Kind) -> None:
    if kind.create is None:
        assert kind.parent
    if not kind.deletable:
        assert kind.on_delete is OnDelete.KEEP
    if kind.coverage is Coverage.DECLARED:
        assert kind.merge is not Merge.NONE
        assert kind.update is Verb.PATCH or kind.merge in (Merge.READ_MODIFY_WRITE, Merge.PARTIAL_PUT)
    assert set(kind.write_only) <= set(kind.sensitive)
    assert not kind.write_only or kind.modified_marker


@every_kind
def test_the_schema_of_a_kind_is_a_schema(kind: Kind) -> None:
    schema = kind.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    properties: Any = schema.get("properties", {})
    named = (*kind.identity, *kind.deferrable) if schema.get("additionalProperties", True) is False else kind.identity
    assert [name for name in named if name not in properties] == []


def test_the_documentation_is_what_the_declarations_say() -> None:
    page = ROOT.parent / "docs" / "kinds.md"
    assert page.read_text(encoding="utf-8") == kinds_page(), "run: python -m portctl.providers.docs > docs/kinds.md"


def test_secrets_become_text_in_three_places_only() -> None:
    callers = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reveal"
    }
    assert callers == {"providers/rest.py", "vault.py", "wire/auth.py"}
