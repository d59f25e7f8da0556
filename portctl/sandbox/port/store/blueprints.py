"""Blueprints: create, replace, merge, rename, delete, and what other objects lose or keep by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import dependents, invalid, not_found, protected, taken
from portctl.sandbox.port.store import blueprint_rules, references
from portctl.sandbox.port.store.actions import delete as delete_action
from portctl.sandbox.port.store.blueprint_defaults import MAPS, completed, said, shown
from portctl.sandbox.port.store.organisation import STAMPS, Organisation
from portctl.sandbox.port.store.system_blueprints import SYSTEM_BLUEPRINTS, system_structure

_SERVER_OWNED = (*STAMPS, "id")


def find(organisation: Organisation, identifier: str) -> Row:
    """The blueprint. Errors: 404."""
    row = organisation.state.get("blueprints", identifier)
    if row is None:
        raise not_found("Blueprint", identifier)
    return row


def create(organisation: Organisation, body: Row, by: str, *, page: bool) -> Row:
    identifier = body["identifier"]
    if identifier in SYSTEM_BLUEPRINTS:
        raise protected(f'Cannot create blueprint "{identifier}" as it is marked protected')
    if organisation.state.get("blueprints", identifier) is not None:
        raise taken("Blueprint", identifier)
    row = insert(organisation, body, by)
    _add_pages(organisation, row, by, catalogue=page)
    return row


def insert(organisation: Organisation, body: Row, by: str) -> Row:
    """Store a new blueprint, system ones included, with the role that comes with it."""
    row = blueprint_rules.settled(organisation, completed(_clean(body)), None)
    row = organisation.stamped({"id": organisation.world.ids.prefixed("bp"), **row}, by)
    organisation.state.put("blueprints", row["identifier"], row)
    role = f"{row['identifier']}-moderator"
    organisation.state.put("roles", role, {"name": role, "protected": True})
    _audit(organisation, by, None, row)
    return row


def replace(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    """PUT: what the body leaves out is removed, with the values that entities hold for it."""
    before = find(organisation, identifier)
    return _write(organisation, before, completed({"identifier": identifier, **_clean(body)}), by)


def merge(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    """PATCH: keys left out are kept, maps are merged by key."""
    before = find(organisation, identifier)
    written = said(before)
    after = {**written, **_clean(body)}
    for name in MAPS:
        if name in body:
            after[name] = {**written.get(name, {}), **body[name]}
    if "schema" in body and not organisation.strict("patch-schema"):
        properties = {**written["schema"]["properties"], **body["schema"]["properties"]}
        after["schema"] = {**written["schema"], **body["schema"], "properties": properties}
    return _write(organisation, before, completed(after), by)


def delete(organisation: Organisation, identifier: str, by: str, *, actions: bool, emptied: bool = False) -> None:
    """Errors: 403 for system blueprints, 422 has_dependents.

    `actions`: those that name it are deleted, too. `emptied`: its entities have just gone, whatever late reads say.
    """
    before = find(organisation, identifier)
    refuse_system(identifier)
    found = references.to_blueprint(organisation, identifier)
    ignored = [kind for kind, held in (("actions", actions), ("entities", emptied)) if held]
    found = {kind: what for kind, what in found.items() if kind not in ignored}
    if found:
        kinds = ", ".join(sorted(found))
        raise dependents(f'Blueprint "{identifier}" has dependents: {kinds}', found)
    for action in references.actions_of(organisation, identifier):
        delete_action(organisation, action, by)
    organisation.state.drop("blueprints", identifier)
    organisation.state.drop("blueprint_permissions", identifier)
    organisation.state.drop("roles", f"{identifier}-moderator")
    for name in references.pages_of(organisation, identifier):
        organisation.state.drop("pages", name)
    _audit(organisation, by, before, None)


def refuse_system(identifier: str) -> None:
    """Errors: 403 where the blueprint is one of Port's own, which cannot be deleted."""
    if identifier in SYSTEM_BLUEPRINTS:
        raise protected(f'Cannot delete blueprint "{identifier}" as it is marked protected')


def rename_key(organisation: Organisation, identifier: str, group: str, old: str, new: str, by: str) -> Row:
    """Rename a property, mirror property or relation (`group`: "properties", "mirrorProperties", "relations").

    Values of entities, and paths and required lists that name it, follow.
    """
    before = find(organisation, identifier)
    written = said(before)
    holder = written["schema"] if group == "properties" else written
    if old not in holder.get(group, {}):
        raise not_found({"properties": "Property", "relations": "Relation"}.get(group, "Mirror property"), old)
    if any(new in names for names in (before["schema"]["properties"], *(before[name] for name in MAPS))):
        raise taken("Property", new)
    renamed = {(new if name == old else name): each for name, each in holder[group].items()}
    if group == "properties":
        schema = {**written["schema"], "properties": renamed}
        if "required" in schema:
            schema["required"] = [new if name == old else name for name in schema["required"]]
        after = {**written, "schema": schema}
    else:
        after = {**written, group: renamed}
    organisation.state.put("blueprints", identifier, organisation.stamped(completed(after), by, before))
    references.key_renamed(organisation, identifier, group, old, new)
    row = find(organisation, identifier)
    _audit(organisation, by, before, row)
    return row


def _write(organisation: Organisation, before: Row, after: Row, by: str) -> Row:
    identifier, new = before["identifier"], after["identifier"]
    if identifier in SYSTEM_BLUEPRINTS:
        _keep_system_parts(before, after)
    if new != identifier and organisation.state.get("blueprints", new) is not None:
        raise taken("Blueprint", new)
    row = blueprint_rules.settled(organisation, after, before)
    row = organisation.stamped(
        {"id": before["id"], **{k: v for k, v in row.items() if k not in _SERVER_OWNED}}, by, before
    )
    if new != identifier:
        organisation.state.drop("blueprints", identifier)
    organisation.state.put("blueprints", new, row)
    if new != identifier:
        references.blueprint_renamed(organisation, identifier, new)
        row = find(organisation, new)
    _forget_values(organisation, before, row)
    _audit(organisation, by, before, row)
    return row


def _audit(organisation: Organisation, by: str, before: Row | None, after: Row | None) -> None:
    identifier = str((after or before or {})["identifier"])
    was, now = (None if row is None else shown(organisation, row) for row in (before, after))
    organisation.audit("blueprint", identifier, by, before=was, after=now)


def _keep_system_parts(before: Row, after: Row) -> None:
    structure = system_structure(before["identifier"])
    missing = [name for name in structure["schema"]["properties"] if name not in after["schema"]["properties"]]
    missing += [name for name in structure["relations"] if name not in after["relations"]]
    if missing or after["identifier"] != before["identifier"]:
        what = f'lose "{missing[0]}"' if missing else "be renamed"
        raise protected(f'The system blueprint "{before["identifier"]}" cannot {what}, which Port defines')


def _forget_values(organisation: Organisation, before: Row, after: Row) -> None:
    """Entities lose the values of what the blueprint no longer has."""
    table = f"entities:{after['identifier']}"
    gone: list[tuple[str, Callable[[Row], Any]]] = [
        ("properties", lambda row: row["schema"]["properties"]),
        ("relations", lambda row: row["relations"]),
    ]
    for group, of in gone:
        names = set(of(before)) - set(of(after))
        if not names:
            continue
        for identifier, entity in list(organisation.state.rows(table).items()):
            kept = {name: value for name, value in entity[group].items() if name not in names}
            organisation.state.put(table, identifier, {**entity, group: kept})


def _add_pages(organisation: Organisation, row: Row, by: str, *, catalogue: bool) -> None:
    """The pages that come with a blueprint: one for its entities, if wanted, and one that shows a single entity."""
    name = row["identifier"]
    if catalogue:
        sidebar = {"sidebar": "catalog", "section": "software_catalog", "parent": None, "after": None}
        identifier = name if name.endswith("s") else f"{name}s"
        _add_page(organisation, row, by, identifier, "blueprint-entities", title=plural(row["title"]), **sidebar)
    _add_page(organisation, row, by, f"{name}Entity", "entity", title=row["title"])


def _add_page(organisation: Organisation, row: Row, by: str, identifier: str, kind: str, **more: Any) -> None:
    page = {
        "identifier": identifier,
        "type": kind,
        "icon": row.get("icon"),
        "blueprint": row["identifier"],
        "widgets": [],
        "pageFilters": [],
        "locked": False,
        "protected": False,
        **more,
    }
    organisation.state.put("pages", identifier, organisation.stamped(page, by))


def plural(title: str) -> str:
    if title.endswith("y") and title[-2:-1] not in "aeiou":
        return f"{title[:-1]}ies"
    return f"{title}es" if title.endswith(("s", "x", "ch", "sh")) else f"{title}s"


def _clean(body: Row) -> Row:
    """The body without what the server owns: it is tolerated and ignored."""
    if body.get("identifier", "") is None:
        raise invalid("body/identifier must be string")
    return {name: value for name, value in body.items() if name not in _SERVER_OWNED}
