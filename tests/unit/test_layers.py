"""The floors of the house as docs/design.md has them, tested from the imports."""

from __future__ import annotations

import ast
import pathlib
import re

PACKAGE = pathlib.Path(__file__).parents[2] / "portctl"

DESIGN = (PACKAGE.parent / "docs" / "design.md").read_text(encoding="utf-8")
_ROWS = re.findall(r"^\| (\d+|alone) \| ((?:`[a-z_]+/?` ?)+)\|", DESIGN, re.MULTILINE)
LAYERS = tuple(set(re.findall(r"`([a-z_]+)/?`", names)) for floor, names in _ROWS if floor != "alone")
ALONE = {name for floor, names in _ROWS if floor == "alone" for name in re.findall(r"`([a-z_]+)/?`", names)}
MAY_USE_SANDBOX = {
    "cli/commands/sandbox.py",
    "cli/commands/play.py",
    "cli/commands/demo.py",
    "cli/sandbox_options.py",
    "story/stage.py",
}


def _modules() -> list[pathlib.Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or not path.name.startswith("__"))


def _room(name: str) -> str:
    """The part of the package that a dotted module name lies in."""
    return name.split(".")[1]


def _imports(path: pathlib.Path) -> set[str]:
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("portctl."):
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith("portctl."))
    return found


def test_no_module_imports_from_a_higher_layer_or_from_a_neighbour() -> None:
    height = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
    wrong = []
    for path in _modules():
        relative = path.relative_to(PACKAGE)
        room = relative.parts[0].removesuffix(".py")
        if room in ALONE:
            continue
        for imported in _imports(path):
            other = _room(imported)
            if other in ALONE:
                allowed = str(relative) in MAY_USE_SANDBOX
            else:
                allowed = other == room or height[other] < height[room]
            if not allowed:
                wrong.append(f"{relative} imports {imported}")
    assert wrong == []


def test_the_sandbox_imports_nothing_of_the_rest() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {imported}"
        for path in _modules()
        if path.relative_to(PACKAGE).parts[0] == "sandbox"
        for imported in _imports(path)
        if _room(imported) != "sandbox"
    ]
    assert wrong == []


def test_the_gate_knows_nothing_of_manifests_plans_and_applying() -> None:
    imported = {_room(name) for path in _modules() if "gate" in path.parts for name in _imports(path)}
    assert imported - {"gate"} <= {"disk", "errors", "json_text", "source", "model", "vault", "wire", "providers"}


def test_the_pure_wings_reach_no_service_and_no_disk() -> None:
    outside = ("portctl.apply", "portctl.wire", "portctl.ledger.backend", "portctl.disk")
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {imported}"
        for path in _modules()
        if path.relative_to(PACKAGE).parts[0] in {"compare", "plan"}
        for imported in _imports(path)
        if imported.startswith(outside)
    ]
    assert wrong == []


def test_every_wing_says_what_it_is() -> None:
    wings = list(PACKAGE.glob("*/__init__.py"))
    planned = {name for name in set.union(*LAYERS, ALONE) if (PACKAGE / name).is_dir()}
    assert {path.parent.name for path in wings} == planned
    assert [str(path) for path in wings if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


def test_every_room_of_the_package_has_its_layer() -> None:
    assert [int(floor) for floor, _ in _ROWS if floor != "alone"] == list(range(1, len(LAYERS) + 1))
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in _modules()}
    assert rooms == set.union(*LAYERS, ALONE)


def test_secrets_are_revealed_only_where_requests_are_built() -> None:
    users = {str(path.relative_to(PACKAGE)) for path in _modules() if ".reveal(" in path.read_text(encoding="utf-8")}
    assert users == {"vault.py", "providers/rest.py", "wire/auth.py"}


def test_threads_are_started_only_in_the_pool() -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in _modules()
        if path.relative_to(PACKAGE).parts[0] not in ALONE
        and ("ThreadPoolExecutor" in path.read_text(encoding="utf-8") or "Thread(" in path.read_text(encoding="utf-8"))
    }
    assert users <= {"pool.py"}


def _users(library: str) -> set[str]:
    """The wings and modules that import `library`."""
    line = re.compile(rf"^\s*(import|from) {library}\b", re.MULTILINE)
    return {str(path.relative_to(PACKAGE)) for path in _modules() if line.search(path.read_text(encoding="utf-8"))}


def test_libraries_stay_in_their_wings() -> None:
    assert _users("deepdiff") == {"compare/diff.py"}
    assert {name.partition("/")[0] for name in _users("jinja2")} == {"template"}
    assert {name.partition("/")[0] for name in _users("click")} == {"cli"}
