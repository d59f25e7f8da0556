"""The commands that read manifests and ask no service."""

from __future__ import annotations

import pytest
import yaml

from tests.unit.cli.conftest import BLUEPRINT, ENVIRONMENT, PROJECT, Place


def test_valid_manifests(place: Place) -> None:
    text = place.run("validate")
    assert (text.code, text.out, text.err) == (0, "Valid: 2 resources, 0 warnings.\n", "")
    document = place.run("validate", "--json")
    assert document.code == 0
    assert (document.document["ok"], document.document["resources"]) == (True, 2)
    assert place.sandbox.counters == {}


def test_every_finding_is_printed_on_stdout(place: Place) -> None:
    broken = BLUEPRINT.replace("type: string", "type: strong").replace("  title: <% values.title %>\n", "")
    place.write("blueprints/change.yaml", broken)
    ended = place.run("validate")
    assert (ended.code, ended.err) == (3, "")
    assert ended.out.count("error[schema]: ") == 2
    assert ended.out.endswith("Invalid: 2 errors, 0 warnings.\n")
    findings = place.run("validate", "--format", "json").document["diagnostics"]
    assert [(found["file"], found["line"], found["path"]) for found in findings] == [
        ("blueprints/change.yaml", 5, "spec.title"),
        ("blueprints/change.yaml", 6, "spec.schema.properties.tier.type"),
    ]


def test_a_file_that_cannot_be_read_is_a_finding_too(place: Place) -> None:
    place.write("blueprints/change.yaml", "a: [1\n")
    ended = place.run("validate", "--json")
    assert ended.code == 3
    assert ended.document["ok"] is False
    assert [finding["file"] for finding in ended.document["diagnostics"]] == ["blueprints/change.yaml"]


def test_without_a_project_there_is_one_error(place: Place) -> None:
    (place.root / "portctl.yaml").unlink()
    ended = place.run("validate", "--json")
    assert ended.code == 3
    assert ended.document["error"]["exitCode"] == 3


def test_render_fills_placeholders_and_names_secrets(place: Place) -> None:
    ended = place.run("render", "--set", "title=Request")
    assert ended.code == 0
    blueprint, secret = yaml.safe_load_all(ended.out)
    assert blueprint == {**yaml.safe_load(BLUEPRINT), "spec": {**yaml.safe_load(BLUEPRINT)["spec"], "title": "Request"}}
    assert secret["spec"] == {"secretName": "TOKEN", "secretValue": "(secret TOKEN)"}


def test_render_explains_where_a_value_came_from(place: Place) -> None:
    ended = place.run("render", "port/Blueprint:change", "--explain")
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if line.startswith("  title:")]
    assert line.startswith('  title: "Change"  # ')
    assert "environments/sandbox.yaml" in line
    assert ended.out.startswith("# blueprints/change.yaml:1:1\n")


def test_render_refuses_an_address_that_nobody_declares(place: Place) -> None:
    ended = place.run("render", "port/Blueprint:chnage")
    assert ended.code == 3
    assert ended.err == (
        "error: No such resource\n"
        '  No manifest is called port/Blueprint:chnage. Did you mean "port/Blueprint:change"?\n'
        "  hint: portctl render without an address prints all of them.\n"
    )


FILES = """\
apiVersion: portctl/v1
kind: gitlab/Project
metadata: {name: shop}
spec: {path_with_namespace: platform/shop, ci_pipeline_variables_minimum_override_role: maintainer}
---
apiVersion: portctl/v1
kind: gitlab/PipelineTrigger
metadata: {name: deploy, in: gitlab/Project:shop}
spec: {description: deploy}
---
apiVersion: portctl/v1
kind: gitlab/Files
metadata: {name: shop, in: gitlab/Project:shop}
spec:
  branch: main
  commit_message: <% secret('TOKEN') %>
  merge_request:
    source_branch: portctl/shop
    title: Sign in with <% secret('TOKEN') %>
    description: See <% output('gitlab/Project:shop', 'web_url') %>
  files:
    a.txt: {content: "pw <% secret('TOKEN') %> zz"}
    b.txt: {content: "<% output('gitlab/PipelineTrigger:deploy', 'token') | b64encode %>"}
    c.txt: {content: "<% output('gitlab/Project:shop', 'id') %>"}
"""


def test_a_secret_in_what_is_committed_is_refused_and_an_output_that_all_read_is_not(place: Place) -> None:
    place.write("environments/sandbox.yaml", ENVIRONMENT.replace("  port:", "  gitlab:\n    default: {}\n  port:"))
    place.write("portctl.yaml", f'{PROJECT}rules: {{gitlab/secret-in-clear: "off"}}\n')
    place.write("integrations/files.yaml", FILES)
    ended = place.run("validate")
    told = (
        ("16:19  spec.commit_message", "TOKEN"),
        ("19:12  spec.merge_request.title", "TOKEN"),
        ('22:22  spec.files."a.txt".content', "TOKEN"),
        ('23:22  spec.files."b.txt".content', "gitlab/PipelineTrigger:deploy token"),
    )
    errors = [
        "error[secret]: Secret would be published\n"
        f"  integrations/files.yaml:{where}\n"
        f"  What a gitlab/Files says is committed to a repository, and so would be the secret {name}.\n"
        "  hint: Put it into a gitlab/Variable that is masked, and read that here.\n\n"
        for where, name in told
    ]
    assert (ended.code, ended.out) == (3, "".join([*errors, "Invalid: 4 errors, 0 warnings.\n"]))


def test_a_secret_that_comes_from_a_value_is_said_to_stand_there(place: Place) -> None:
    token = "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"
    project = yaml.safe_load((place.root / "portctl.yaml").read_text("utf-8"))
    values = {**project.get("values", {}), "note": token}
    place.write("portctl.yaml", yaml.safe_dump({**project, "values": values}))
    place.write(
        "blueprints/change.yaml", BLUEPRINT.replace("spec:", "spec:\n  description: Sent with <% values.note %>")
    )
    (found,) = place.run("validate", "--json").document["diagnostics"]
    hint = (
        "Take it out of there: it is read by more people than secrets may be. Leave it out: Port fills in secrets in "
        "the `invocationMethod` of actions and automations only. Replace a secret that has been in git."
    )
    assert (found["file"], found["path"], found["detail"], found["hint"]) == (
        "blueprints/change.yaml",
        "spec.description",
        "what stands here looks like a token of GitLab, in clear text; it comes from values.note (portctl.yaml)",
        hint,
    )


@pytest.mark.parametrize(
    ("old", "new", "summary"),
    [
        ("apiVersion: portctl/v1\n", "", "Missing key"),
        ("apiVersion: portctl/v1\n", "apiVersion: portctl/v2\n", "Unknown apiVersion"),
        ("{name: change}", "{name: change, naem: x}", "Unknown key"),
    ],
)
def test_an_error_in_the_envelope_hides_no_other_finding(place: Place, old: str, new: str, summary: str) -> None:
    broken = BLUEPRINT.replace("type: string", "type: strong")
    assert old in broken
    place.write("blueprints/change.yaml", broken.replace(old, new))
    findings = place.run("validate", "--json").document["diagnostics"]
    assert sorted(found["summary"] for found in findings) == sorted([summary, "Value not accepted"])


def test_a_project_without_any_manifest_is_worth_a_warning(place: Place) -> None:
    for name in ("blueprints/change.yaml", "integrations/secret.yaml"):
        (place.root / name).unlink()
    told = place.run("validate")
    assert (told.code, told.err) == (0, "")
    assert (
        told.out
        == """\
warning[manifest]: No manifests
  portctl.yaml:1:1
  There is none in actions, automations, blueprints, integrations, pipelines and servicenow.
  hint: Put them there, or name their folders under `manifests:`.

Valid: 0 resources, 1 warning.
"""
    )
    assert "warning[manifest]: No manifests\n" in place.run("plan").out
