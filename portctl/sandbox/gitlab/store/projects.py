"""Projects: creation, settings, delayed deletion, moved paths. Source: GitLab docs, "Projects API"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import GitLabError, forbidden, invalid, not_found, refused
from portctl.sandbox.gitlab.git.writing import Blob, NewCommit, Signature, write_commit
from portctl.sandbox.gitlab.store import access, namespaces, protection, settings
from portctl.sandbox.gitlab.store.access import VISIBILITIES, Level
from portctl.sandbox.gitlab.store.instance import Instance

_NAME = re.compile(r"[\w\U0001F300-\U0001FAFF][\w\U0001F300-\U0001FAFF .+-]*")
_RETENTION_DAYS = 30
_TABLES = (
    "variables", "triggers", "protected_branches", "merge_requests", "pipelines", "jobs", "environments",
    "deployments", "protected_environments",
)  # fmt: skip
_INTERNAL = ("namespace_id", "initial_branch", "seeded", "pending_delete")


def resolve(tables: Reader, reference: str) -> Row | None:
    """The project with this id or full path (in any case of letters)."""
    if reference.isdigit():
        return tables.get("projects", reference)
    wanted = reference.lower()
    return next((row for row in tables.rows("projects").values() if row["full_path"].lower() == wanted), None)


def find(instance: Instance, user: Row | None, reference: str, tables: Reader | None = None) -> Row:
    """Errors: 404, also for a project that the user may not see."""
    row = resolve(tables or instance.state, reference)
    if row is None or not access.sees_project(instance, user, row):
        raise not_found("Project")
    return row


def moved_to(instance: Instance, user: Row | None, reference: str) -> int | None:
    """The id of the project that used to have this path, for those who see it."""
    row = instance.state.get("redirects", reference.lower())
    if row is None or resolve(instance.state, reference) is not None:
        return None
    project = instance.state.get("projects", str(row["project_id"]))
    return project["id"] if project and access.sees_project(instance, user, project) else None


def create(instance: Instance, user: Row, values: Row, *, seeded: str | None = None) -> Row:
    """`seeded`: the name of the content that its repository starts with."""
    values = settings.untwinned({name: value for name, value in values.items() if value is not None})
    namespace = _namespace(instance, user, values.pop("namespace_id", None))
    with_readme = values.pop("initialize_with_readme", False)
    path = values.get("path") or _slug(values["name"])
    name = values.get("name") or path
    _check_free(instance, namespace, name, path)
    project_id = instance.next_id("project")
    branch = values.get("default_branch") or namespace.get("default_branch") or "main"
    row: Row = {
        "id": project_id,
        "visibility": namespace["visibility"] if namespace["kind"] == "group" else "private",
        "repository_object_format": "sha1",
        **settings.DEFAULTS,
        **values,
        "name": name,
        "path": path,
        "full_path": f"{namespace['full_path']}/{path}",
        "namespace_id": namespace["id"],
        "default_branch": branch,
        "initial_branch": branch,
        "seeded": seeded,
        "archived": False,
        "pending_delete": None,
        "creator_id": user["id"],
        "created_at": instance.now(),
        "updated_at": instance.now(),
        "last_activity_at": instance.now(),
        "runners_token": f"GR{instance.world.ids.token(24)}",
    }
    _check_visibility(namespace, row)
    instance.state.put("projects", str(project_id), row)
    instance.state.drop("redirects", row["full_path"].lower())
    if with_readme:
        _write_readme(instance, user, row)
    if with_readme or seeded is not None:
        branch_appeared(instance, row, branch)
    return row


def edit(instance: Instance, user: Row, project: Row, values: Row) -> Row:
    """Only the sent settings change."""
    values = settings.untwinned(values)
    namespace = _namespace_of(instance, project)
    row = {**project, **values, "updated_at": instance.now()}
    if row["path"] != project["path"] or row["name"] != project["name"]:
        _check_free(instance, namespace, row["name"], row["path"], but=project["id"])
    row["full_path"] = f"{namespace['full_path']}/{row['path']}"
    _check_visibility(namespace, row)
    _check_override_role(instance, user, project, row)
    branch = row["default_branch"]
    if branch != project["default_branch"]:
        repository = instance.repository(project)
        if repository.head_of(branch) is None:
            raise refused_base(f"Could not set the default branch. Branch '{branch}' does not exist.")
        repository.set_default_branch(branch)
    _store(instance, project, row)
    return row


def mark_for_deletion(instance: Instance, project: Row) -> None:
    """The first DELETE only schedules it; the project stays readable and gets another path."""
    if project["pending_delete"] is not None:
        raise refused("Project has already been marked for deletion")
    old = {"on": instance.today(), "path": project["path"], "name": project["name"]}
    row = {**project, "pending_delete": old}
    if instance.strict("deleted-path"):
        suffix = f"-deletion_scheduled-{project['id']}"
        row |= {"path": f"{project['path']}{suffix}", "name": f"{project['name']}{suffix}"}
        row["full_path"] = f"{project['full_path']}{suffix}"
        instance.state.put("projects", str(row["id"]), row)
    else:
        _store(instance, project, row)


def restore(instance: Instance, project: Row) -> Row:
    marked = project["pending_delete"]
    if marked is None:
        raise refused("Project has not been marked for deletion")
    namespace = _namespace_of(instance, project)
    _check_free(instance, namespace, marked["name"], marked["path"], but=project["id"])
    row = {**project, "pending_delete": None, "path": marked["path"], "name": marked["name"]}
    row["full_path"] = f"{namespace['full_path']}/{row['path']}"
    instance.state.put("projects", str(row["id"]), row)
    return row


def remove(instance: Instance, project: Row) -> None:
    """At once and for good."""
    instance.state.drop("projects", str(project["id"]))
    for table in _TABLES:
        for key, row in list(instance.state.rows(table).items()):
            if row.get("project_id") == project["id"] or row.get("source") == f"project:{project['id']}":
                instance.state.drop(table, key)
    instance.repositories.remove(project["id"])


def set_archived(instance: Instance, project: Row, archived: bool) -> Row:
    row = {**project, "archived": archived}
    instance.state.put("projects", str(project["id"]), row)
    return row


def refuse_read_only(project: Row) -> None:
    """Errors: 403 for a write to an archived project, or to one that is about to be deleted."""
    if project["archived"] or project["pending_delete"] is not None:
        raise forbidden()


def branch_appeared(instance: Instance, project: Row, branch: str) -> Row:
    """The first branch of an empty repository becomes its default branch, and that one is protected by itself."""
    if branch != project["default_branch"]:
        if instance.repository(project).head_of(project["default_branch"]) is not None:
            return project
        instance.repository(project).set_default_branch(branch)
        project = {**project, "default_branch": branch}
        instance.state.put("projects", str(project["id"]), project)
    if instance.state.get("protected_branches", f"{project['id']}:{branch}") is None:
        protection.protect(instance, project["id"], {"name": branch})
    return project


def shown(instance: Instance, project: Row, user: Row | None) -> Row:
    """The project as GET answers it."""
    level = access.project_level(instance, user, project)
    page = instance.web_url(project["full_path"])
    namespace = _namespace_of(instance, project)
    marked = project["pending_delete"]
    above = " / ".join(row["name"] for row in reversed(access.chain(instance.state, namespace["id"])))
    hidden = (*_INTERNAL, *(() if level >= Level.MAINTAINER else ("runners_token",)))
    due = None if marked is None else (date.fromisoformat(marked["on"]) + timedelta(days=_RETENTION_DAYS)).isoformat()
    empty = instance.repositories.is_empty(project)
    return {
        **{name: value for name, value in project.items() if name not in (*hidden, "full_path")},
        **settings.twins(project),
        "name_with_namespace": f"{above} / {project['name']}",
        "path_with_namespace": project["full_path"],
        "namespace": namespaces.brief(instance, namespace),
        "web_url": page,
        "http_url_to_repo": f"{page}.git",
        "ssh_url_to_repo": f"git@127.0.0.1:{project['full_path']}.git",
        "readme_url": None if empty else f"{page}/-/blob/{project['default_branch']}/README.md",
        "avatar_url": None,
        "forks_count": 0,
        "star_count": 0,
        "open_issues_count": 0,
        "empty_repo": empty,
        "import_status": "none",
        "import_error": None,
        "shared_with_groups": [],
        "marked_for_deletion_at": marked and marked["on"],
        "marked_for_deletion_on": due,
        "_links": {"self": f"{instance.address.url}/api/v4/projects/{project['id']}"},
        "permissions": _permissions(instance, user, project),
        "ci_job_token_scope_enabled": False,
    }


def simple(instance: Instance, project: Row) -> Row:
    """The short form of `simple=true` and of callers without an account."""
    whole = shown(instance, project, None)
    kept = "id description name name_with_namespace path path_with_namespace created_at default_branch tag_list topics"
    more = "ssh_url_to_repo http_url_to_repo web_url readme_url forks_count avatar_url star_count last_activity_at"
    names = [*kept.split(), *more.split(), "visibility", "namespace"]
    return {name: whole[name] for name in names}


def refused_base(text: str) -> GitLabError:
    return GitLabError(400, {"message": {"base": [text]}})


def _permissions(instance: Instance, user: Row | None, project: Row) -> Row:
    if user is None:
        return {"project_access": None, "group_access": None}
    own = instance.state.get("members", access.member_key("project", project["id"], user["id"]))
    above = 0 if user["is_admin"] else access.namespace_level(instance, user, project["namespace_id"])
    return {
        "project_access": own and {"access_level": own["access_level"], "notification_level": 3},
        "group_access": {"access_level": int(above), "notification_level": 3} if above else None,
    }


def _namespace(instance: Instance, user: Row, namespace_id: int | None) -> Row:
    if namespace_id is None:
        namespace_id = user["namespace_id"]
    row = instance.state.get("namespaces", str(namespace_id))
    if row is None or not access.sees_namespace(instance, user, row):
        raise not_found("Namespace")
    needed = namespaces.CREATION_LEVELS[row.get("project_creation_level", "owner")]
    if access.namespace_level(instance, user, row["id"]) < needed:
        raise forbidden()
    return row


def _namespace_of(instance: Instance, project: Row) -> Row:
    return instance.state.rows("namespaces")[str(project["namespace_id"])]


def _check_free(instance: Instance, namespace: Row, name: str, path: str, *, but: int | None = None) -> None:
    problems: dict[str, list[str]] = {}
    if not namespaces.valid_path(path):
        problems["path"] = ["can only include non-accented letters, digits, '_', '-' and '.'."]
    if not _NAME.fullmatch(name):
        problems["name"] = ["can contain only letters, digits, emoji, '_', '.', '+', dashes, or spaces."]
    beside = instance.select("projects", lambda row: row["namespace_id"] == namespace["id"] and row["id"] != but)
    if any(row["name"] == name for row in beside):
        problems.setdefault("name", []).append("has already been taken")
    full_path = f"{namespace['full_path']}/{path}".lower()
    groups = instance.state.rows("namespaces").values()
    if any(row["full_path"].lower() == full_path for row in (*beside, *groups)):
        problems.setdefault("path", []).append("has already been taken")
    if problems:
        raise invalid(**problems)


def _check_visibility(namespace: Row, row: Row) -> None:
    allowed = VISIBILITIES.index(namespace["visibility"])
    if namespace["kind"] == "group" and VISIBILITIES.index(row["visibility"]) > allowed:
        raise invalid(visibility_level=[f"{row['visibility']} is not allowed in a {namespace['visibility']} group."])


def _check_override_role(instance: Instance, user: Row, before: Row, after: Row) -> None:
    """Once the role is owner or no_one_allowed, only owners change it."""
    role = settings.OVERRIDE_ROLE
    locked = before[role] in ("owner", "no_one_allowed")
    if before[role] != after[role] and locked and access.project_level(instance, user, before) < Level.OWNER:
        raise refused_base(f"Changing the {role} is not allowed")


def _store(instance: Instance, before: Row, row: Row) -> None:
    if row["full_path"] != before["full_path"]:
        instance.state.put("redirects", before["full_path"].lower(), {"project_id": row["id"]})
    instance.state.put("projects", str(row["id"]), row)


def _write_readme(instance: Instance, user: Row, project: Row) -> None:
    signature = Signature(user["name"], user["email"], int(instance.world.clock.seconds()))
    new = NewCommit(
        branch=project["default_branch"],
        parents=(),
        author=signature,
        committer=signature,
        message="Initial commit",
        changes={"README.md": Blob(f"# {project['name']}\n".encode())},
    )
    write_commit(instance.repository(project), new)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_.]+", "-", name.lower()).strip("-.")
