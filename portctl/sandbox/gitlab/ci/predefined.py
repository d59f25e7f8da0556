"""The variables that GitLab itself gives to pipelines and jobs. Source: GitLab docs, "Predefined CI/CD variables"."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.environments import slug_of, tier_of
from portctl.sandbox.gitlab.ci.model import Environment, JobSpec
from portctl.sandbox.gitlab.ci.variables import Variable
from portctl.sandbox.gitlab.store import protection, runners, users
from portctl.sandbox.gitlab.store.instance import Instance, git_instant
from portctl.sandbox.gitlab.version import version_of

_SHORT = 8
_LONGEST_SLUG = 63


def given(values: Mapping[str, object]) -> tuple[Variable, ...]:
    """Text that is not expanded any further; what is None is left out."""
    return tuple(Variable(key=key, value=str(value), raw=True) for key, value in values.items() if value is not None)


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "-", text.lower())[:_LONGEST_SLUG].strip("-")


def for_server(instance: Instance) -> dict[str, object]:
    url = instance.address.url
    parts = urlsplit(url)
    version = version_of(instance)
    major, minor, patch = version.removesuffix("-ee").split(".")
    return {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_API_GRAPHQL_URL": f"{url}/api/graphql",
        "CI_SERVER": "yes",
        "CI_SERVER_URL": url,
        "CI_SERVER_HOST": parts.hostname or "",
        "CI_SERVER_FQDN": parts.netloc,
        "CI_SERVER_PORT": parts.port or "",
        "CI_SERVER_PROTOCOL": parts.scheme,
        "CI_SERVER_NAME": "GitLab",
        "CI_SERVER_VERSION": version,
        "CI_SERVER_VERSION_MAJOR": major,
        "CI_SERVER_VERSION_MINOR": minor,
        "CI_SERVER_VERSION_PATCH": patch,
    }


def for_project(instance: Instance, project: Row) -> dict[str, object]:
    path = project["full_path"]
    return {
        "CI_PROJECT_ID": project["id"],
        "CI_PROJECT_NAME": project["path"],
        "CI_PROJECT_TITLE": project["name"],
        "CI_PROJECT_PATH": path,
        "CI_PROJECT_PATH_SLUG": slug(path),
        "CI_PROJECT_NAMESPACE": path.rpartition("/")[0],
        "CI_PROJECT_NAMESPACE_ID": project["namespace_id"],
        "CI_PROJECT_ROOT_NAMESPACE": path.partition("/")[0],
        "CI_PROJECT_URL": instance.web_url(path),
        "CI_PROJECT_VISIBILITY": project["visibility"],
        "CI_PROJECT_DESCRIPTION": project["description"] or "",
        "CI_DEFAULT_BRANCH": project["default_branch"],
        "CI_CONFIG_PATH": project["ci_config_path"] or ".gitlab-ci.yml",
    }


def for_commit(instance: Instance, project: Row, pipeline: Row) -> dict[str, object]:
    commit = instance.repository(project).commit(pipeline["sha"])
    ref, is_tag = pipeline["ref"], pipeline["tag"]
    title, _, rest = commit.message.partition("\n")
    covered = not is_tag and bool(protection.covering(instance, project, ref))
    return {
        "CI_COMMIT_SHA": commit.sha,
        "CI_COMMIT_SHORT_SHA": commit.sha[:_SHORT],
        "CI_COMMIT_BEFORE_SHA": pipeline["before_sha"],
        "CI_COMMIT_REF_NAME": ref,
        "CI_COMMIT_REF_SLUG": slug(ref),
        "CI_COMMIT_BRANCH": None if is_tag else ref,
        "CI_COMMIT_TAG": ref if is_tag else None,
        "CI_COMMIT_REF_PROTECTED": str(covered).lower(),
        "CI_COMMIT_MESSAGE": commit.message,
        "CI_COMMIT_TITLE": title,
        "CI_COMMIT_DESCRIPTION": rest.strip(),
        "CI_COMMIT_AUTHOR": f"{commit.author_name} <{commit.author_email}>",
        "CI_COMMIT_TIMESTAMP": git_instant(commit.committed),
    }


def for_pipeline(instance: Instance, pipeline: Row) -> dict[str, object]:
    """What rules may ask for."""
    user = users.find(instance, pipeline["user_id"])
    return {
        "CI_PIPELINE_IID": pipeline["iid"],
        "CI_PIPELINE_SOURCE": pipeline["source"],
        "CI_PIPELINE_TRIGGERED": "true" if pipeline["source"] == "trigger" else None,
        "CI_TRIGGER_SHORT_TOKEN": pipeline["trigger_short_token"],
        "CI_PIPELINE_NAME": pipeline["name"],
        "GITLAB_USER_ID": user["id"],
        "GITLAB_USER_LOGIN": user["username"],
        "GITLAB_USER_NAME": user["name"],
        "GITLAB_USER_EMAIL": user["email"],
    }


def for_job(instance: Instance, project: Row, pipeline: Row, job: Row, timeout_seconds: float) -> dict[str, object]:
    """What is known only once there is a job. The runner adds what it alone knows, such as `CI_JOB_STATUS`."""
    page = instance.web_url(f"{project['full_path']}/-")
    spec: Row = job["spec"]
    runner = runners.of_job(instance, job)
    return {
        "CI_PIPELINE_ID": pipeline["id"],
        "CI_PIPELINE_URL": f"{page}/pipelines/{pipeline['id']}",
        "CI_PIPELINE_CREATED_AT": pipeline["created_at"],
        "CI_JOB_ID": job["id"],
        "CI_JOB_NAME": job["name"],
        "CI_JOB_NAME_SLUG": slug(job["name"]),
        "CI_JOB_STAGE": job["stage"],
        "CI_JOB_URL": f"{page}/jobs/{job['id']}",
        "CI_JOB_STARTED_AT": job["started_at"],
        "CI_JOB_IMAGE": spec["image"],
        "CI_JOB_MANUAL": "true" if spec["when"] == "manual" else None,
        "CI_JOB_TIMEOUT": int(timeout_seconds),
        "CI_NODE_TOTAL": 1,
        "CI_RUNNER_ID": runner["id"],
        "CI_RUNNER_DESCRIPTION": runner["description"],
        "CI_RUNNER_TAGS": json.dumps(runner["tags"]),
    }


def credentials_of_job(instance: Instance, project: Row, job: Row) -> tuple[Variable, ...]:
    """The token of the job, and the address that it stands in. GitLab's own tests have that one unmasked (a switch)."""
    parts = urlsplit(instance.address.url)
    url = f"{parts.scheme}://gitlab-ci-token:{job['token']}@{parts.netloc}/{project['full_path']}.git"
    is_masked = instance.strict("repository-address")
    return (
        Variable(key="CI_JOB_TOKEN", value=job["token"], raw=True, masked=True, public=False),
        Variable(key="CI_REPOSITORY_URL", value=url, raw=True, masked=is_masked, public=False),
    )


def for_environment(environment: Environment | None) -> dict[str, object]:
    if environment is None:
        return {}
    return {
        "CI_ENVIRONMENT_NAME": environment.name,
        "CI_ENVIRONMENT_SLUG": slug_of(environment.name),
        "CI_ENVIRONMENT_ACTION": environment.action,
        "CI_ENVIRONMENT_TIER": environment.tier or tier_of(environment.name),
    }


def in_rules(spec_name: str, stage: str) -> dict[str, object]:
    return {"CI_JOB_NAME": spec_name, "CI_JOB_NAME_SLUG": slug(spec_name), "CI_JOB_STAGE": stage}


def environment_address(spec: JobSpec) -> tuple[Variable, ...]:
    """The address of the environment may refer to anything, variables of earlier jobs included."""
    url = None if spec.environment is None else spec.environment.url
    return () if url is None else (Variable(key="CI_ENVIRONMENT_URL", value=url),)
