"""Placeholders and values that cannot be used."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

from tests.e2e.refusal import Refusal
from tests.unit.cli.conftest import BLUEPRINT, PROJECT, SECRET

FILE = "blueprints/change.yaml"
TOKEN = "glpat-" + "aB3dE6gH9jK2mN5pQ8rS"


def titled(expression: str) -> dict[str, str | bytes | None]:
    """The blueprint with another title."""
    return {FILE: BLUEPRINT.replace("<% values.title %>", expression)}


REFUSED = (
    Refusal(
        what="a value that nothing reads",
        arguments=("plan", "--set", "titel=x"),
        in_file=False,
        said="""\
error: Value without effect
  --set titel: no file declares values.titel, and nothing reads it. Did you mean "title"?
  hint: values has title.
""",
    ),
    Refusal(
        what="a secret among the values of a plan to be saved",
        arguments=("plan", "-o", "plan.json", "--set", f"title={TOKEN}"),
        files={"portctl.yaml": f"{PROJECT}rules: {{manifest/secret-shaped: 'off'}}\n"},
        in_file=False,
        said="""\
error: Secret among the values
  values.title, which was given on the command line, would stand in the saved plan
  hint: Declare it under `secrets:` in portctl.yaml, and write <% secret('NAME') %> in manifests.
""",
    ),
    Refusal(
        what="a file that is no file of values",
        arguments=("plan", "--values", "portctl.yaml"),
        said="""\
error[values]: Not a file of values
  portctl.yaml:1:1  apiVersion
  A file of values is a mapping of names to values; this is a file of the project.
  hint: Its `values:` alone would be one.
""",
    ),
    Refusal(
        what="a value that is not UTF-8",
        arguments=("plan", "--set", "title=\udcff"),
        in_file=False,
        said="""\
error: Malformed value
  --set title: it is not UTF-8, or holds half a surrogate pair.
  hint: Give it in UTF-8, and a character beyond U+FFFF as itself.
""",
    ),
    Refusal(
        what="a value that is not UTF-8",
        name="in a file",
        files={"more.yaml": b"title: \xff\n"},
        arguments=("plan", "--values", "more.yaml"),
        said="""\
error[yaml]: Not UTF-8
  more.yaml:1:8
  Byte 0xff is not UTF-8.
  hint: Save the file in UTF-8.
""",
    ),
    Refusal(
        what="undefined value",
        files=titled("<% values.titel %>"),
        said="""\
error[placeholder]: Undefined value
  blueprints/change.yaml:6:10  spec.title
  values has no "titel". Did you mean "title"? In <% values.titel %>.
  hint: Set titel under `values:` of the project or environment file, or with --set.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="undefined value",
        name="of an environment that says nothing",
        files={"environments/sandbox.yaml": "apiVersion: portctl/v1\nsandbox: true\n"},
        said="""\
error[placeholder]: Undefined value
  blueprints/change.yaml:6:10  spec.title
  values has no "title". In <% values.title %>.
  hint: Set title under `values:` of the project or environment file, or with --set.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template syntax",
        files=titled("<% values.title | %>"),
        said="""\
error[placeholder]: Broken placeholder
  blueprints/change.yaml:6:10  spec.title
  Unexpected end of expression, expected 'name'. In <% values.title | %>.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template syntax",
        name="without an end",
        files=titled("<% values.title"),
        said="""\
error[placeholder]: Placeholder without end
  blueprints/change.yaml:6:10  spec.title
  `<%` has no `%>`. It starts `<% values.title`.
  hint: Quote the scalar if YAML cut it short; write <% '<%' %> for the two characters themselves.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template syntax",
        name="an unknown filter",
        files=titled("<% values.title | uper %>"),
        said="""\
error[placeholder]: Broken placeholder
  blueprints/change.yaml:6:10  spec.title
  There is no filter "uper". Did you mean "upper"? In <% values.title | uper %>.
  hint: Filters: b64encode, basic_auth, default, first, float, int, items, join, last, length, lower, replace, string, tojson, trim, upper and urlencode.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template syntax",
        name="a block where none may stand",
        files=titled("<%% if values.title %%>x<%% endif %%>"),
        said="""\
error[placeholder]: Block in a manifest
  blueprints/change.yaml:6:10  spec.title
  `<%%` starts a block or a comment of a text template; a manifest has only `<% expression %>`.
  hint: A choice is written in one expression: `<% a if b else c %>`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template escape: an expression that reaches for anything but values",
        files=titled("<% values.title.__class__.__mro__ %>"),
        said="""\
error[placeholder]: Undefined value
  blueprints/change.yaml:6:10  spec.title
  values.title is text; it has no "__class__". In <% values.title.__class__.__mro__ %>.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template escape: an expression that reaches for anything but values",
        name="a method",
        files=titled("<% values.title.format(secret) %>"),
        said="""\
error[placeholder]: Undefined value
  blueprints/change.yaml:6:10  spec.title
  values.title is text; it has no "format". In <% values.title.format(secret) %>.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template escape: an expression that reaches for anything but values",
        name="a filter that gets attributes",
        files=titled("<% values | attr('tree') %>"),
        said="""\
error[placeholder]: Broken placeholder
  blueprints/change.yaml:6:10  spec.title
  There is no filter "attr". In <% values | attr('tree') %>.
  hint: Filters: b64encode, basic_auth, default, first, float, int, items, join, last, length, lower, replace, string, tojson, trim, upper and urlencode.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="template escape: an expression that reaches for anything but values",
        name="a result without bounds",
        files=titled("<% values.title * 10000000 %>"),
        said="""\
error[placeholder]: Placeholder failed
  blueprints/change.yaml:6:10  spec.title
  `*` does not work on text and a number. In <% values.title * 10000000 %>.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="a value that replaces a mapping",
        files={"portctl.yaml": PROJECT + "values: {title: {text: Change}}\n"},
        said="""\
error[environment]: Value replaces a mapping
  environments/sandbox.yaml:7:10  values.title
  portctl.yaml and this file disagree: one has a mapping here and the other has not.
  hint: Give one of them another name, or the same shape.
""",
    ),
    Refusal(
        what="a value that replaces a mapping",
        name="on the command line",
        arguments=("plan", "--set", "title.text=Change"),
        in_file=False,
        said="""\
error: Value replaces a mapping
  --set title.text and environments/sandbox.yaml disagree on title: one has a mapping there and the other has not.
  hint: Give one of them another name, or the same shape.
""",
    ),
    Refusal(
        what="undeclared secret",
        name="that Port is to fill in",
        files={
            "actions/restart.yaml": (
                "apiVersion: portctl/v1\nkind: port/Action\nspec:\n  identifier: restart\n"
                "  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {}, required: []}}\n"
                "  invocationMethod: {type: WEBHOOK, url: 'https://ci.example.com?token={{ .secrets.TOKNE }}'}\n"
            ),
            "integrations/secret.yaml": SECRET,
        },
        said="""\
error[port/undeclared-secret]: Secret never declared
  actions/restart.yaml:6:42  spec.invocationMethod.url
  no port/Secret has the name TOKNE; Port would put null in its place
  hint: Declare a port/Secret, or one with `management: observe` if somebody else owns it.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
)
