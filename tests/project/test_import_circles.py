"""No module and no sub-package of a room imports itself by way of another."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "api", "connectors", "evaluation", "hmi", "playbooks", "sim_plant", "tools")

Module = tuple[str, ...]
Arrows = dict[str, set[str]]


def _module(path: Path, above: Path) -> Module:
    return path.relative_to(above).with_suffix("").parts


def _imported(tree: ast.AST, package: Module, known: set[Module]) -> Iterator[Module]:
    """Yields the modules that relative and absolute imports name, wherever they stand."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        named = tuple(node.module.split(".")) if node.module else ()
        if node.level:
            base = (*package[: len(package) - node.level + 1], *named)
        elif named[:1] == ("handwheel",):
            base = named[1:]
        else:
            continue
        for alias in node.names:
            inner = (*base, alias.name)
            if inner in known:
                yield inner
            elif (*inner, "__init__") in known:
                yield (*inner, "__init__")
            else:
                yield base if base in known else (*base, "__init__")


def _imports(room: Path) -> Iterator[tuple[Module, Module]]:
    """Yields each pair of importing and imported module of a room."""
    paths = {_module(path, room.parent): path for path in room.rglob("*.py")}
    for module, path in paths.items():
        for imported in _imported(ast.parse(path.read_text()), module[:-1], set(paths)):
            if imported in paths and imported != module:
                yield module, imported


def _arrows(imports: Iterator[tuple[Module, Module]]) -> dict[Module, Arrows]:
    """Returns for each package which of its parts imports which."""
    arrows: dict[Module, Arrows] = {}
    for importer, imported in imports:
        pairs = zip(importer, imported, strict=False)
        depth = next(at for at, (one, other) in enumerate(pairs) if one != other)
        graph = arrows.setdefault(importer[:depth], {})
        graph.setdefault(importer[depth], set()).add(imported[depth])
    return arrows


def circles(room: Path) -> list[str]:
    """Returns one circle of each package in a room that holds one, as a path."""
    found: list[str] = []
    for package, graph in sorted(_arrows(_imports(room)).items()):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            path: list[str] = error.args[1]
            found.append(f"{'.'.join(package)}: {' -> '.join(reversed(path))}")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_no_import_circle(room: str) -> None:
    assert circles(ROOT / room) == []


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"a.py": "from .b import x", "b.py": "from .c import x", "c.py": ""}, set[str]()),
        ({"a.py": "from .b import x", "b.py": "def f():\n    from . import a"}, {"a", "b"}),
        (
            {"a/one.py": "from ..b.two import x", "b/two.py": "", "b/c.py": "from ..a import one"},
            {"a", "b"},
        ),
        (
            {"a/__init__.py": "from .one import x", "a/one.py": "from handwheel.room.a import y"},
            {"__init__", "one"},
        ),
    ],
)
def test_circles_are_found_between_modules_and_packages(
    tmp_path: Path, files: dict[str, str], circle: set[str]
) -> None:
    for name, text in files.items():
        path = tmp_path / "room" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    found = circles(tmp_path / "room")
    paths = [set(each.partition(": ")[2].split(" -> ")) for each in found]
    assert paths == ([circle] if circle else [])
