"""Values that are given on the command line: they travel with a saved plan, and one without effect is refused."""

from __future__ import annotations

import shlex

import pytest

from tests.e2e.processes import portctl
from tests.e2e.refused_settings import REAL
from tests.unit.cli.conftest import BLUEPRINT, ENVIRONMENT, PROJECT, Place

UNDECLARED = BLUEPRINT.replace("<% values.title %>", "<% values.name | default('Change') %>")


def saved(place: Place, file: str, *arguments: str) -> list[str]:
    """Save a plan; the words of the command that it names, as a shell reads them."""
    planned = portctl(place, "plan", "-o", file, *arguments)
    assert planned.code == 0, planned.err
    said = planned.err.splitlines()[-1].partition("To do exactly this: ")[2]
    program, *words = shlex.split(said)
    assert program == "portctl"
    return words


def test_the_command_that_is_named_applies_what_was_planned_with_all_that_was_given(
    project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("more.yaml", "title: From a file\n")
    monkeypatch.setenv("PORTCTL_VAR_title", "From a variable")
    words = saved(project, "my plan.json", "-e", "sandbox", "--values", "more.yaml", "--set", "title=It's $HOME & more")
    assert words == ["apply", "my plan.json"]
    monkeypatch.delenv("PORTCTL_VAR_title")
    (project.root / "more.yaml").unlink()
    applied = portctl(project, *words)
    assert applied.code == 0, applied.err
    again = portctl(project, "plan", "--set", "title=It's $HOME & more", "--detailed-exitcode")
    assert again.code == 0, again.out


def test_the_command_names_the_project_where_that_was_named(project: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    file = project.root / "-o.json"
    words = saved(project, str(file), "-C", str(project.root))
    assert words == ["-C", str(project.root), "apply", str(file)]
    monkeypatch.chdir(project.root)
    words = saved(project, "-odd.json", "-t", "port/Blueprint:change")
    assert words == ["apply", "./-odd.json"]
    assert portctl(project, *words).code == 0


@pytest.mark.parametrize("given", [("--set", "title=x"), ("--set-json", 'title="x"'), ("--values", "more.yaml")])
def test_values_are_not_given_to_a_saved_plan_again(given: tuple[str, str], project: Place) -> None:
    project.write("more.yaml", "title: x\n")
    refused = portctl(project, *saved(project, "plan.json", *given), *given)
    assert (refused.code, refused.err.splitlines()[-1]) == (
        64,
        "Error: Targets, labels, allowances and values are part of a saved plan: give them to plan -o.",
    )


def test_a_secret_among_the_values_is_not_saved(project: Place) -> None:
    project.write("portctl.yaml", f"{PROJECT}rules: {{manifest/secret-shaped: 'off'}}\n")
    used = project.sandbox.credentials["port"]["default"]["clientSecret"]
    for secret in (used, "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"):
        refused = portctl(project, "plan", "-o", "plan.json", "--set", f"title=x {secret}")
        assert (refused.code, refused.err.splitlines()[:2]) == (
            3,
            [
                "error: Secret among the values",
                "  values.title, which was given on the command line, would stand in the saved plan",
            ],
        )
        assert secret not in refused.out + refused.err
        assert not (project.root / "plan.json").exists()


def test_the_settings_of_an_instance_take_what_is_given(project: Place) -> None:
    project.write("environments/real.yaml", REAL.replace("url: SANDBOX", "url: <% values.port.url %>"))
    missing = portctl(project, "plan", "-e", "real")
    assert (missing.code, "or with --set" in missing.err) == (3, True)
    url = project.sandbox.urls["port"]
    words = saved(project, "plan.json", "-e", "real", "--set", f"port.url={url}")
    assert portctl(project, *words).code == 0


WITHOUT_EFFECT = (
    (
        "nosuch=1",
        "--set nosuch: no file declares values.nosuch, and nothing reads it.",
        "values has title.",
    ),
    (
        "titel=1",
        '--set titel: no file declares values.titel, and nothing reads it. Did you mean "title"?',
        "values has title.",
    ),
    (
        "port.url=https://example.com",
        "--set port.url: no file declares values.port.url, and nothing reads it.",
        "values has title. How a service is reached stands under `instances` in environments/sandbox.yaml.",
    ),
)


@pytest.mark.parametrize("command", ["validate", "render", "plan", "apply"])
@pytest.mark.parametrize(("given", "detail", "hint"), WITHOUT_EFFECT)
def test_what_nothing_reads_is_refused_and_what_can_be_set_is_named(
    command: str, given: str, detail: str, hint: str, project: Place
) -> None:
    refused = project.run(command, "--set", given)
    assert (refused.code, refused.out) == (3, "")
    assert refused.err == f"error: Value without effect\n  {detail}\n  hint: {hint}\n"


def test_what_a_manifest_reads_may_be_set_though_no_file_declares_it(project: Place) -> None:
    project.write("blueprints/change.yaml", UNDECLARED)
    for given in ("name=Other", "name=Change"):
        assert project.run("validate", "--set", given).code == 0
    assert project.run("validate", "--set", "nmae=Other").code == 3
    assert project.run("validate", "--set", "title=declared, and read by nothing").code == 0


def test_mistakes_in_manifests_come_before_values_that_they_may_read(project: Place) -> None:
    project.write("blueprints/change.yaml", "apiVersion: portctl/v1\nkind: [\n")
    assert project.run("validate", "--set", "nosuch=1").out.startswith("error[yaml]")


def test_what_nothing_reads_of_files_and_variables_is_worth_a_warning(
    project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("shared.yaml", "titel: Other\nteam: {of: another project}\ntitle: Known\n")
    monkeypatch.setenv("PORTCTL_VAR_port__url", "x")
    said = """\
warning[values]: Value without effect
  PORTCTL_VAR_port__url:1:1  port
  values.port is declared in no file of the project, and nothing reads it.
  hint: values has title. How a service is reached stands under `instances` in environments/sandbox.yaml.

warning[values]: Value without effect
  shared.yaml:1:1  titel
  values.titel is declared in no file of the project, and nothing reads it. Did you mean "title"?
  hint: values has title.

warning[values]: Value without effect
  shared.yaml:2:1  team
  values.team is declared in no file of the project, and nothing reads it.
  hint: values has title.
"""
    checked = project.run("validate", "--values", "shared.yaml")
    assert (checked.code, checked.out, checked.err) == (0, f"{said}\nValid: 2 resources, 3 warnings.\n", "")
    planned = project.run("plan", "--values", "shared.yaml")
    assert (planned.code, said in planned.out) == (0, True)


def test_what_a_manifest_reads_of_a_file_is_worth_no_warning(project: Place) -> None:
    project.write("blueprints/change.yaml", UNDECLARED)
    project.write("more.yaml", "name: Other\nnmae: Other\n")
    checked = project.run("validate", "--values", "more.yaml")
    assert checked.code == 0
    assert [line for line in checked.out.splitlines() if line.startswith("  more.yaml")] == ["  more.yaml:2:1  nmae"]


def test_a_file_of_the_project_is_no_file_of_values(project: Place) -> None:
    refused = project.run("validate", "--values", "portctl.yaml")
    assert (
        refused.out
        == """\
error[values]: Not a file of values
  portctl.yaml:1:1  apiVersion
  A file of values is a mapping of names to values; this is a file of the project.
  hint: Its `values:` alone would be one.

Invalid: 1 error, 0 warnings.
"""
    )
    assert refused.code == 3


def test_an_environment_without_a_name_is_refused(project: Place) -> None:
    refused = project.run("plan", "-e", "")
    assert (refused.code, refused.err) == (
        3,
        """\
error: Which environment?
  -e is given, and names none.
  hint: Is a variable empty? Leave -e out for the project's own choice.
""",
    )


@pytest.mark.parametrize(
    ("values", "given", "hint"),
    [
        (
            "",
            "titel",
            "This project declares no values: they stand under `values:` in environments/sandbox.yaml or portctl.yaml.",
        ),
        (
            "values: {team: {}}\n",
            "team.name",
            (
                "values.team is empty: nothing is declared below it. "
                "Declare values.team.name in environments/sandbox.yaml first."
            ),
        ),
    ],
    ids=["none", "none-below"],
)
def test_where_no_value_is_declared_the_hint_says_where_they_stand(
    values: str, given: str, hint: str, project: Place
) -> None:
    project.write("environments/sandbox.yaml", ENVIRONMENT.partition("values:")[0] + values)
    project.write("blueprints/change.yaml", BLUEPRINT.replace("<% values.title %>", "Change"))
    refused = portctl(project, "plan", "--set", f"{given}=x")
    assert refused.code == 3
    assert refused.err == (
        "error: Value without effect\n"
        f"  --set {given}: no file declares values.{given}, and nothing reads it.\n"
        f"  hint: {hint}\n"
    )
