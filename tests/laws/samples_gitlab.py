"""One rich example of every kind of GitLab, and a secret of Port that a trigger token flows into."""

from __future__ import annotations

from typing import Any

PIPELINE = """\
stages: [build, deploy]

build:
  stage: build
  script:
    - make "$TARGET"

deploy:
  stage: deploy
  needs: [build]
  rules:
    - if: $CI_PIPELINE_SOURCE == "trigger"
  script: [make deploy]
"""
SCRIPT = '#!/bin/sh\nset -eu\necho "${1:?}"\n'


def _manifest(kind: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "portctl/v1", "kind": kind, "metadata": metadata, "spec": spec}


_PROJECT = {"in": "gitlab/Project:laws"}

MANIFESTS: dict[str, list[dict[str, Any]]] = {
    "gitlab.yaml": [
        _manifest(
            "gitlab/Project",
            {
                "path_with_namespace": "platform/laws",
                "name": "Laws",
                "description": "What the laws are tried on",
                "topics": ["pipelines", "laws"],
                "visibility": "private",
                "merge_method": "ff",
                "wiki_access_level": "disabled",
                "build_timeout": 1800,
                "lfs_enabled": False,
                "ci_default_git_depth": 10,
                "ci_forward_deployment_enabled": True,
                "ci_pipeline_variables_minimum_override_role": "maintainer",
                "ci_id_token_sub_claim_components": ["project_path", "ref_type"],
            },
            name="laws",
        ),
        _manifest(
            "gitlab/Variable",
            {
                "key": "TARGET",
                "environment_scope": "*",
                "value": "all",
                "variable_type": "env_var",
                "protected": False,
                "masked": False,
                "raw": True,
                "description": "What to make",
            },
            name="target",
            **_PROJECT,
        ),
        _manifest(
            "gitlab/Variable",
            {"key": "TARGET", "environment_scope": "review/*", "value": "", "raw": False},
            name="target-review",
            **_PROJECT,
        ),
        _manifest(
            "gitlab/Variable",
            {
                "key": "LAW_TOKEN",
                "environment_scope": "*",
                "value": "<% secret('LAW_TOKEN') %>",
                "masked": True,
                "raw": True,
            },
            name="token",
            **_PROJECT,
        ),
        _manifest(
            "gitlab/Variable",
            {
                "key": "LAW_HIDDEN",
                "environment_scope": "*",
                "value": "<% secret('LAW_TOKEN') %>",
                "hidden": True,
                "protected": True,
                "raw": True,
            },
            name="hidden",
            **_PROJECT,
        ),
        _manifest(
            "gitlab/GroupVariable",
            {
                "group": "platform",
                "key": "LAW_FILE",
                "environment_scope": "*",
                "value": "line one\nline two\n",
                "variable_type": "file",
                "protected": True,
            },
            name="file",
        ),
        _manifest(
            "gitlab/PipelineTrigger",
            {"description": "portctl: laws", "expires_at": "2999-12-31"},
            name="laws",
            **_PROJECT,
        ),
        _manifest(
            "gitlab/Files",
            {
                "branch": "main",
                "commit_message": "Bring the pipeline up to date",
                "files": {
                    ".gitlab-ci.yml": {"content": PIPELINE},
                    "ci/say.sh": {"content": SCRIPT, "execute_filemode": True},
                    "docs/empty.md": {"content": ""},
                },
            },
            name="pipeline",
            **_PROJECT,
        ),
        _manifest(
            "port/Secret",
            {"secretName": "LAW_TRIGGER", "secretValue": "<% output('gitlab/PipelineTrigger:laws', 'token') %>"},
        ),
    ]
}
