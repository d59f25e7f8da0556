"""The workflow that the story plays, as a project declares it."""

from __future__ import annotations

from collections.abc import Sequence

from portctl.errors import InvalidInput
from portctl.model.resource import Resource

_NEEDED = (
    ("port/Action", "deploy_service_to_cluster"),
    ("port/Action", "approve_and_deploy_service"),
    ("port/Blueprint", "servicenowChangeRequest"),
)
_TRIGGER = "gitlab/PipelineTrigger"
_HINT = (
    "Run it in a copy of portctl's own repository, which declares them. To see this project at work: "
    "portctl sandbox up --detach, portctl apply -e sandbox, portctl sandbox run-action."
)


def deploying_project(resources: Sequence[Resource]) -> str:
    """The path of the project whose pipelines deploy. Raises InvalidInput where the story has nothing to play."""
    declared = {(resource.kind.full_name, resource.identity[-1]) for resource in resources if resource.identity}
    missing = [f"{kind} {name}" for kind, name in _NEEDED if (kind, name) not in declared]
    triggers = [resource for resource in resources if resource.kind.full_name == _TRIGGER]
    if not triggers:
        missing.append(f"a {_TRIGGER}")
    if missing:
        raise InvalidInput(
            "Nothing to play",
            f"the story deploys by the approval workflow, and this project does not declare {', '.join(missing)}",
            hint=_HINT,
        )
    return triggers[0].identity[0]
