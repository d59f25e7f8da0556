"""The layers of the package, tested from the imports: lower never imports upper, neighbours never import each other."""

from __future__ import annotations

import ast
import pathlib

PACKAGE = pathlib.Path(__file__).parents[2] / "portctl"

LAYERS = (
    {"errors", "source", "credentials", "disk", "json_text"},
    {"model", "scrubbing"},
    {"vault", "unexpected"},
    {"manifest", "engine", "wire", "views"},
    {"providers"},
    {"app", "gate"},
    {"story"},  # plays people, over HTTP; brings up the sandbox in which it does
    {"cli"},
)
ALONE = {"sandbox"}
MAY_USE_SANDBOX = {"cli/sandbox.py", "cli/play.py", "cli/demo.py", "cli/steering.py", "story/stage.py"}


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


def test_every_room_of_the_package_has_its_layer() -> None:
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
    assert users <= {"engine/pool.py"}


def test_deepdiff_stays_inside_the_differ() -> None:
    users = {str(path.relative_to(PACKAGE)) for path in _modules() if "deepdiff" in path.read_text(encoding="utf-8")}
    assert users == {"engine/diff.py"}
