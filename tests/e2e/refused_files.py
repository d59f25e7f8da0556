"""Files that cannot be read as what they should be."""

# ruff: noqa: E501 - messages are longer than lines
from __future__ import annotations

import contextlib

from tests.e2e.refusal import Refusal
from tests.unit.cli.conftest import BLUEPRINT, PROJECT, Place

FILE = "blueprints/change.yaml"
HEAD = "apiVersion: portctl/v1\nkind: port/Blueprint\nspec:\n  identifier: change\n"
_BOMB = HEAD + "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
BOMB = _BOMB + "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))


def link_out(place: Place, _: contextlib.ExitStack) -> None:
    outside = place.root.parent / f"{place.root.name}-outside.yaml"
    outside.write_text(BLUEPRINT, encoding="utf-8")
    (place.root / "blueprints/link.yaml").symlink_to(outside)


def link_folder(place: Place, _: contextlib.ExitStack) -> None:
    (place.root / "blueprints/more").symlink_to(place.root.parent)


REFUSED = (
    Refusal(
        what="duplicate key",
        files={FILE: HEAD + "  title: One\n  title: Two\n"},
        said="""\
error[yaml]: Duplicate key
  blueprints/change.yaml:6:3  spec.title
  "title" is here and at blueprints/change.yaml:5:3.
  hint: Remove one of them: only one would be used.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="broken YAML or JSON",
        files={FILE: HEAD + "  title: [a, b\n"},
        said="""\
error[yaml]: Broken YAML
  blueprints/change.yaml:6:1
  Did not find expected ',' or ']' (while parsing a flow sequence). It begins at blueprints/change.yaml:5:10.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="broken YAML or JSON",
        name="braces without quotes",
        files={FILE: HEAD + "  title: {{ .inputs.title }} and more\n"},
        said="""\
error[yaml]: Key is not text
  blueprints/change.yaml:5:11
  A key must be text, not an alias, a list or a mapping.
  hint: Quote the scalar: without quotes YAML reads `{{` as the start of a mapping.

error[yaml]: Broken YAML
  blueprints/change.yaml:5:30
  Did not find expected key (while parsing a block mapping). It begins at blueprints/change.yaml:4:3.
  hint: Quote the scalar: without quotes YAML reads `{{` as the start of a mapping.

error: Invalid manifests
  2 errors; nothing was sent
""",
    ),
    Refusal(
        what="broken YAML or JSON",
        name="a project file",
        files={"portctl.yaml": "apiVersion: portctl/v1\nproject: 'delivery\n"},
        said="""\
error[yaml]: Broken YAML
  portctl.yaml:3:1
  Found unexpected end of stream (while scanning a quoted scalar). It begins at portctl.yaml:2:10.
""",
    ),
    Refusal(
        what="broken YAML or JSON",
        name="in JSON",
        files={"blueprints/other.json": '{"identifier": "other",\n "title": }\n'},
        said="""\
error[yaml]: Broken JSON
  blueprints/other.json:2:11
  A value is expected here, not `}`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="tabs as indentation",
        files={FILE: HEAD + "\ttitle: Change\n"},
        said="""\
error[yaml]: Tab in YAML
  blueprints/change.yaml:5:1
  YAML may not be indented with tabs.
  hint: Indent with spaces.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="Python tag",
        files={FILE: HEAD + "  title: !!python/object/apply:os.system [id]\n"},
        said="""\
error[yaml]: Unsupported tag
  blueprints/change.yaml:5:10
  !!python/object/apply:os.system is not accepted here; known are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq.
  hint: Leave the tag out; quote what is meant as text.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="list at top level",
        files={FILE: "- apiVersion: portctl/v1\n- kind: port/Blueprint\n"},
        said="""\
error[yaml]: Not a mapping
  blueprints/change.yaml:1:1
  The document is a list; it must be a mapping of keys to values.
  hint: Several documents in one file are separated by a line `---`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="non-UTF-8 file",
        files={FILE: HEAD.encode() + b"  title: Stra\xdfe\n"},
        said="""\
error[yaml]: Not UTF-8
  blueprints/change.yaml:5:14
  Byte 0xdf is not UTF-8.
  hint: Save the file in UTF-8.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="alias bomb",
        files={FILE: BOMB},
        said="""\
error[yaml]: Document too large
  blueprints/change.yaml:9:47
  More than 100,000 values once aliases are written out.
  hint: Split it into several documents.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="recursive alias",
        files={FILE: HEAD + "  schema: &all\n    properties: *all\n"},
        said="""\
error[yaml]: Recursive alias
  blueprints/change.yaml:6:17
  *all stands inside &all (blueprints/change.yaml:5:11): it has no end.
  hint: Write out what is meant there.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="nesting deeper than 100",
        files={FILE: HEAD + "  title: " + "[" * 25_000 + "]" * 25_000 + "\n"},
        said="""\
error[yaml]: Nesting too deep
  blueprints/change.yaml:5:108
  Mappings and lists may be nested 100 deep.
  hint: Make it flatter, or write the inner part as text.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="nesting deeper than 100",
        name="JSON",
        files={"blueprints/other.json": '{"identifier": ' + "[" * 25_000 + "]" * 25_000 + "}"},
        said="""\
error[yaml]: Nesting too deep
  blueprints/other.json:1:115
  Mappings and lists may be nested 100 deep.
  hint: Make it flatter, or write the inner part as text.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="document over 1 MiB",
        files={FILE: HEAD + f"  description: {'x' * 1024 * 1024}\n"},
        said="""\
error[yaml]: Document too large
  blueprints/change.yaml:1:1
  A document may have 1,048,576 bytes; this one has 1,048,663.
  hint: Split it into several documents.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="path escape: a link or a path out of the project",
        before=link_out,
        said="""\
error[manifest]: Link out of the project
  blueprints/link.yaml:1:1
  The file is a link that leads out of the project.
  hint: Copy the file into the project.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="path escape: a link or a path out of the project",
        name="a link to a folder",
        before=link_folder,
        said="""\
error[manifest]: Link to a folder
  blueprints/more:1:1
  Such links are not followed.
  hint: Put the files here, or name their folder under `manifests:`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="path escape: a link or a path out of the project",
        name="a manifest folder",
        files={"portctl.yaml": "apiVersion: portctl/v1\nproject: delivery\nmanifests: [blueprints, ../others]\n"},
        said="""\
error[project]: Path leaves the project
  portctl.yaml:3:25  manifests[1]
  "../others" is not a folder inside the project.
  hint: Name folders below portctl.yaml.
""",
    ),
    Refusal(
        what="a manifest folder that does not exist",
        files={"portctl.yaml": PROJECT + "manifests: [blueprints, integrations, actoins]\n"},
        said="""\
error[manifest]: No such folder
  portctl.yaml:6:39
  actoins does not exist, and what it declared would count as gone.
  hint: Correct the name, make the folder, or take it out of `manifests:`.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="path escape: a link or a path out of the project",
        name="an environment",
        arguments=("plan", "-e", "../sandbox"),
        in_file=False,
        said="""\
error: Unknown environment
  There is no environments/../sandbox.yaml. Did you mean "sandbox"?
  hint: Environments of this project: sandbox.
""",
    ),
    Refusal(
        what="unrecognised file in a manifest folder",
        files={"blueprints/notes.txt": "remember\n"},
        said="""\
error[manifest]: Unrecognised file
  blueprints/notes.txt:1:1
  It is no manifest, and no manifest names it as `template:` or `source:`.
  hint: Name it in a manifest, or move it out of the manifest folders.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unrecognised file in a manifest folder",
        name="a body that nothing tells the kind of",
        files={"integrations/other.yaml": "identifier: other\n"},
        said="""\
error[manifest]: Unrecognised document
  integrations/other.yaml:1:1
  It has no apiVersion, and its folder does not say what kind of body it is.
  hint: Write `apiVersion: portctl/v1`, kind and spec; bare bodies may stand in actions, automations and blueprints.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
    Refusal(
        what="unrecognised file in a manifest folder",
        name="an empty one",
        files={"blueprints/empty.yaml": "# nothing yet\n"},
        said="""\
error[manifest]: Empty file
  blueprints/empty.yaml:1:1
  It holds no manifest.
  hint: Delete the file if what it described is to go.

error: Invalid manifests
  1 error; nothing was sent
""",
    ),
)
