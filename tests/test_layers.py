"""Who may import whom: the layers of the design, held against the imports in the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

VENDORS = {"elevenlabs", "openai"}
BROWSER = {"anywidget", "IPython", "ipywebrtc", "ipywidgets", "jupyterlab"}
LAYERS = [  # a module imports its own layer and those before it
    {"arguments", "errors", "timeline"},
    {"audio", "text", "turns"},
    set(),  # everything that is not named here: clients, servers, what they are made of
    {"conversation", "widgets"},
]
PURE = LAYERS[0] | {"__main__", "__init__"}
REST = LAYERS.index(set())


class Import(NamedTuple):
    importer: str  # "audio", "standin.app"
    imported: str  # "numpy", "voicekit.errors"
    lazy: bool  # inside a function, or for the type checker only

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]

    @property
    def own(self) -> str:
        """`errors` of `voicekit.errors`; empty for another package's module."""
        return ([*self.imported.split("."), ""])[1] if self.package == "voicekit" else ""


def imports_of(source: str, importer: str) -> Iterator[Import]:
    def visit(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inner = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            inner = inner or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test))
            if isinstance(child, ast.Import):
                yield from (Import(importer, alias.name, lazy) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert not child.level, f"{importer}: relative imports hide the layer"
                if child.module == "voicekit":
                    names = (f"voicekit.{alias.name}" for alias in child.names)
                    yield from (Import(importer, name, lazy) for name in names)
                else:
                    yield Import(importer, str(child.module), lazy)
            yield from visit(child, inner)

    yield from visit(ast.parse(source), lazy=False)


@pytest.fixture(scope="module")
def imports(root: Path) -> list[Import]:
    package = root / "voicekit"
    return [
        found
        for path in sorted(package.rglob("*.py"))
        for found in imports_of(path.read_text("utf-8"), name_of(path.relative_to(package)))
    ]


def name_of(path: Path) -> str:
    """`world` of `world/__init__.py`, and `speech.voice` of `speech/voice.py`."""
    name = ".".join(path.with_suffix("").parts)
    return name.removesuffix(".__init__")


def layer_of(module: str) -> int | None:
    """The number of a module's layer; None where layers say nothing."""
    if top(module) in {"", "__init__", "__main__", "standin", "tools"}:
        return None
    return next((n for n, layer in enumerate(LAYERS) if top(module) in layer), REST)


def top(module: str) -> str:
    return module.partition(".")[0]


def test_the_reader_of_imports_sees_each_kind() -> None:
    source = "import a.b\nfrom voicekit import audio\ndef f():\n    from voicekit.errors import X\n"
    assert list(imports_of(source, "here")) == [
        Import("here", "a.b", lazy=False),
        Import("here", "voicekit.audio", lazy=False),
        Import("here", "voicekit.errors", lazy=True),
    ]


def test_modules_import_their_own_layer_and_those_before(imports: list[Import]) -> None:
    wrong = [
        found
        for found in imports
        if (low := layer_of(found.importer)) is not None
        and (high := layer_of(found.own)) is not None
        and high > low
    ]
    assert wrong == []


def test_what_runs_before_the_set_up_needs_the_standard_library_alone(
    imports: list[Import],
) -> None:
    known = {*sys.stdlib_module_names, "voicekit"}
    assert [
        found
        for found in imports
        if (top(found.importer) in PURE or found.importer.startswith("tools.setup"))
        and not found.lazy
        and found.package not in known
    ] == []


def test_audio_needs_numpy_at_most_and_text_the_names_of_numbers(imports: list[Import]) -> None:
    known = {*sys.stdlib_module_names, "voicekit", "num2words", "numpy"}
    assert [
        found
        for found in imports
        if top(found.importer) in {"audio", "text", "turns"}
        and not found.lazy
        and found.package not in known
    ] == []


def test_the_stand_in_shares_no_code_with_the_client_side(imports: list[Import]) -> None:
    shared = {"audio", "errors", "serving", "standin", "turns"}
    assert [
        found
        for found in imports
        if top(found.importer) == "standin"
        and (found.package in VENDORS | BROWSER or (found.own and found.own not in shared))
    ] == []


def test_only_world_and_tools_import_the_stand_in(imports: list[Import]) -> None:
    importers = {top(found.importer) for found in imports if found.own == "standin"}
    assert importers <= {"standin", "tools", "world"}
    assert all(
        found.lazy for found in imports if found.importer == "world" and found.own == "standin"
    )


def test_a_lesson_needs_no_tool_but_the_probe(imports: list[Import]) -> None:
    users = {found.importer for found in imports if found.own == "tools"}
    assert {user for user in users if not user.startswith("tools")} <= {"__init__", "__main__"}


def test_few_modules_touch_a_vendors_sdk_and_then_late(imports: list[Import]) -> None:
    vendors = [found for found in imports if found.package in VENDORS]
    late = {"world", "conversation.browser"}
    assert all(found.importer in late or top(found.importer) == "tools" for found in vendors)
    assert all(found.lazy for found in vendors if found.importer in late)


def test_importing_voicekit_needs_the_standard_library_alone(root: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import voicekit; print(voicekit.__all__)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
