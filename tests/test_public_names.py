import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import HANG

import voicekit
import voicekit.errors


def test_the_names_are_in_alphabetical_order_and_each_has_one_home():
    assert voicekit.__all__ == sorted(set(voicekit.__all__))
    assert sum(map(len, voicekit._EXPORTS.values())) == len(voicekit.__all__) <= 28


@pytest.mark.parametrize("name", voicekit.__all__)
def test_each_name_is_there_and_documented(name):
    value = getattr(voicekit, name)
    assert len(inspect.getdoc(value) or "") > 20
    assert f"{value.__module__}.".startswith(f"voicekit.{voicekit._HOMES[name]}.")
    # A class without a docstring of its own inherits one; that does not document it.
    assert value.__doc__ is not None


@pytest.mark.parametrize("name", voicekit.__all__)
def test_public_methods_are_documented(name):
    value = getattr(voicekit, name)
    own = vars(value) if inspect.isclass(value) else {}
    undocumented = [
        key
        for key, item in own.items()
        if not key.startswith("_") and callable(item) and not inspect.getdoc(item)
    ]
    assert undocumented == []


def test_a_type_checker_sees_the_names_that_are_loaded_at_run_time():
    tree = ast.parse(Path(voicekit.__file__).read_text("utf-8"))
    seen = {
        alias.name: node.module.removeprefix("voicekit.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("voicekit.")
        for alias in node.names
    }
    assert seen == voicekit._HOMES


def test_dir_lists_the_names():
    assert {*voicekit.__all__, "__version__"} <= set(dir(voicekit))


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Klip'"):
        _ = voicekit.Klip


@pytest.mark.parametrize("name", voicekit._MOVED)
def test_a_name_that_went_says_where(name):
    with pytest.raises(AttributeError, match=f"voicekit.{name} has gone. Use ") as caught:
        getattr(voicekit, name)
    with pytest.raises(ImportError, match=f"^{caught.value}$"):
        exec(f"from voicekit import {name}")
    assert name not in dir(voicekit)
    assert not hasattr(voicekit, name)


def test_the_version_is_the_installed_ones():
    assert voicekit.__version__.split(".")[0].isdigit()


def test_importing_the_package_loads_the_standard_library_only():
    program = (
        "import sys; before = set(sys.modules); import voicekit; new = set(sys.modules) - before;"
        "roots = {name.partition('.')[0] for name in new} - {'voicekit'};"
        "print(sorted(roots - sys.stdlib_module_names), 'importlib.metadata' in new)"
    )
    # -S: what a site's own .pth files import is not this package's doing.
    paths = [str(Path(voicekit.__file__).parents[1]), *sys.path[1:]]
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG,
    )
    assert done.stdout.strip() == "[] False"
    assert done.stderr == ""
