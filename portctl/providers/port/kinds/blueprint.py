"""Port blueprint: the schema of a part of the catalog. Source: Port API reference, "Blueprints"."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.kind import Count, Hazard, Kind, Privilege, Purge, Ref, Rename, Retype, Verb
from portctl.model.value import Attributes
from portctl.providers.port.fields import MADE_AT, MADE_BY, SERVER_OWNED, SHOWN, SYSTEM_BLUEPRINT
from portctl.providers.port.schemas.blueprint import blueprint

CATALOG_PAGE = "catalogPage"


def _create_query(options: Mapping[str, bool | str]) -> Mapping[str, str]:
    """Port creates a page in the sidebar with every new blueprint unless told not to."""
    return {"create_catalog_page": "true" if options.get(CATALOG_PAGE) is True else "false"}


def _canonical(attributes: Attributes) -> Attributes:
    """Drop the relations that scorecards make Port add to `_rule_result`: nobody can declare them."""
    relations = attributes.get("relations")
    if not isinstance(relations, Mapping):
        return attributes
    kept = {
        name: relation
        for name, relation in relations.items()
        if not (isinstance(relation, Mapping) and relation.get("type") == "rule_result_target")
    }
    return {**attributes, "relations": kept}


KIND = Kind(
    provider="port",
    name="Blueprint",
    source="Port API reference, Blueprints",
    summary="The schema of one sort of entity: its properties, relations and derived properties.",
    folder="blueprints",
    identity=("identifier",),
    collection="/v1/blueprints",
    shared=SYSTEM_BLUEPRINT,
    envelope=("blueprint",),
    list_envelope=("blueprints",),
    update=Verb.PUT,
    create_query=_create_query,
    options={CATALOG_PAGE: "true: Port also creates a catalog page when it creates the blueprint (default: false)"},
    server_owned=SERVER_OWNED,
    server_id=MADE_AT,
    maker=MADE_BY,
    defaults={
        "relations.*.required": False,
        "relations.*.many": False,
        "aggregationProperties.*.type": "number",
        "aggregationProperties.*.pathFilter": None,
        "ownership.title": "Owning teams",
        "schema.properties.*.specAuthentication.authorizationScope": ("openid",),
    },
    empty=(
        "icon",
        "description",
        "schema.required",
        "schema.properties.*.icon",
        "schema.properties.*.description",
        "relations",
        "relations.*.description",
        "mirrorProperties",
        "calculationProperties",
        "aggregationProperties",
        "changelogDestination",
        "ownership",
        "teamInheritance",
    ),
    sets=("schema.required",),
    text=("description", "calculationProperties.*.calculation"),
    canonical=_canonical,
    references=(
        Ref("relations.*.target", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("aggregationProperties.*.target", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("aggregationProperties.*.pathFilter.*.fromBlueprint", "port/Blueprint", SYSTEM_BLUEPRINT),
    ),
    deferrable=("relations", "mirrorProperties", "aggregationProperties", "ownership", "teamInheritance"),
    connecting=("relations",),
    essential=(
        "schema.properties.*.type",
        "relations.*.target",
        "mirrorProperties.*.path",
        "calculationProperties.*.calculation",
        "aggregationProperties.*.target",
    ),
    retyped=(Retype("schema.properties.*.type", named_in=("schema.required",)),),
    hazards=(
        Hazard("schema.properties.*", "the values of this property are lost", changed=False),
        Hazard("schema.properties.*.type", "values of the old type are lost", held_in="properties"),
        Hazard("schema.properties.*.items.type", "lists of the old type are lost"),
        Hazard("relations.*", "the links of this relation are lost", changed=False),
        Hazard("relations.*.target", "links to the former target are lost", removed=False, held_in="relations"),
        Hazard("relations.*.many", "links are lost when a relation turns from one to many or back"),
    ),
    deletion_hazard="its entities are lost with it",
    renames=(
        Rename(
            "schema.properties.*",
            "{item}/properties/{before}/rename",
            "newPropertyName",
            named_in=("schema.required",),
        ),
        Rename("mirrorProperties.*", "{item}/mirror/{before}/rename", "newMirrorName"),
        Rename("relations.*", "{item}/relations/{before}/rename", "newRelationIdentifier"),
    ),
    count=Count("{item}/entities-count", of="port/Entity"),
    purge=Purge(
        path="{item}/all-entities",
        query={"delete_blueprint": "true"},
        job="migrationId",
        job_path="/v1/migrations/{job}",
        state="migration.status",
        done=frozenset({"COMPLETED"}),
        failed=frozenset({"FAILURE", "CANCELLED"}),
    ),
    remarks=(
        "Relations of type `rule_result_target` are ignored: Port adds and removes them with scorecards.",
        "A missing `ownership` is not compared to `Direct`: they are different settings.",
        "Deleting waits for entities whose deletion is still under way.",
    ),
    readable=SHOWN,
    schema=blueprint,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
