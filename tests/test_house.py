"""The shape of the package: few names on each shelf, no circles, and none of it reads the tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import voicekit

PACKAGE = str(voicekit.__doc__)
HIDDEN = {"__init__.py", "__main__.py", "__pycache__", "py.typed"}
SHELF = 15
"""Names that `voicekit/` may show, beside the three that every typed package has."""
READING = 1_800
"""Lines of the eight files that a newcomer reads first."""
ROOM = 16
"""Modules that a folder may hold."""


@pytest.fixture(scope="module")
def sources(root: Path) -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text("utf-8")
        )
        for path in sorted((root / "voicekit").rglob("*.py"))
    }


def test_the_first_shelf_is_short(root: Path) -> None:
    names = {path.name for path in (root / "voicekit").iterdir()} - HIDDEN
    assert len(names) <= SHELF, sorted(names)


def test_eight_files_are_short_enough_to_be_read(root: Path) -> None:
    path = [root / "voicekit" / name for name in re.findall(r"^    (\S+\.py) ", PACKAGE, re.M)]
    assert len(path) == 8
    assert sum(len(file.read_text("utf-8").splitlines()) for file in path) <= READING


def test_the_readme_names_the_same_eight(root: Path) -> None:
    readme = (root / "README.md").read_text("utf-8")
    assert re.findall(r"^\| `voicekit/(\S+\.py)` \|", readme, re.M) == re.findall(
        r"^    (\S+\.py) ", PACKAGE, re.M
    )


def test_no_folder_holds_too_many_modules(root: Path) -> None:
    folders = {path.parent for path in (root / "voicekit").rglob("*.py")}
    counts = {str(folder.relative_to(root)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > ROOM} == {}


def test_no_circle_between_modules(sources: dict[str, ast.Module]) -> None:
    graph = {
        name: {module for module in at_import(tree, sources) if module != name}
        for name, tree in sources.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_package_reads_nothing_of_the_tests(root: Path) -> None:
    commands = root / "voicekit/tools/commands"
    readers = {
        path.relative_to(root).as_posix()
        for path in (root / "voicekit").rglob("*.py")
        if '"tests"' in path.read_text("utf-8") or "tests/" in code_of(path)
    }
    assert readers <= {(commands / "bench.py").relative_to(root).as_posix()}


def code_of(path: Path) -> str:
    """The module's strings that are no docstrings: what it could open."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }  # a string that stands alone
    return "\n".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    )


def at_import(tree: ast.Module, modules: dict[str, ast.Module]) -> Iterator[str]:
    """The package's modules that are imported when this one is: not late, not for types alone."""
    nodes: list[ast.AST] = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from {whole if whole in modules else node.module} & modules.keys()
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & modules.keys()
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            nodes += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes += ast.iter_child_nodes(node)
