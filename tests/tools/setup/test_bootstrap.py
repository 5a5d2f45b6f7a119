"""The set-up's decisions, with an installer that writes down what it was asked for."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from waiting import HANG

from voicekit.errors import SetupError
from voicekit.tools.setup import bootstrap

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the installer here is a script")

# A script's first line takes no path with a space: a shell reads the second one, Python a string.
INSTALLER = f"""#!/bin/sh
'''exec' "{sys.executable}" -IS "$0" "$@"
' '''
import pathlib, subprocess, sys
clone = pathlib.Path(__file__).parent.parent
with (clone / "asked.txt").open("a") as asked:
    print(*sys.argv[1:], file=asked)
if sys.argv[1] == "venv":
    clear = [word for word in sys.argv if word == "--clear"]
    subprocess.run([{sys.executable!r}, "-m", "venv", "--without-pip", *clear, sys.argv[-1]])
elif (clone / "hang").exists():
    (clone / "hang").rename(clone / "hanging")
    __import__("signal").pause()
elif (clone / "fail").exists():
    sys.exit("No space left on device")
"""
COMMAND = '''"""Say where it runs, and with what."""
import sys
def main(argv):
    print(sys.prefix, *argv)
    return 7
'''


class Clone:
    """A folder with what the set-up reads, and an installer that stands in for uv."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.python = root / ".venv/bin/python"
        self.stamp = root / ".venv/voicekit-stamp"

    def asked(self) -> list[str]:
        """What the installer was asked for since the last time: its first words."""
        log = self.root / "asked.txt"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line.replace(str(self.root), "") for line in lines]

    def ready(self, *extras: str) -> Path:
        return bootstrap.ready_python(self.root, extras)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "voicekit", *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell runs in the background does not listen to Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )


@pytest.fixture
def clone(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    package = tmp_path / "voicekit"
    commands = package / "tools/commands"
    commands.mkdir(parents=True)
    for path in (root / "voicekit").glob("*.py"):
        shutil.copy(path, package)
    shutil.copytree(root / "voicekit/tools/setup", package / "tools/setup")
    shutil.copy(root / "voicekit/tools/__init__.py", package / "tools")
    (commands / "__init__.py").touch()
    (commands / "echo.py").write_text(COMMAND)
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "requirements", tmp_path / "requirements")
    installer = tmp_path / "bin/uv"
    installer.parent.mkdir()
    installer.write_text(INSTALLER)
    installer.chmod(0o755)
    monkeypatch.setenv("PATH", str(installer.parent), prepend=os.pathsep)
    return Clone(tmp_path)


VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MAKE = f"venv --clear --seed --python {sys.executable} /.venv"
MEND = MAKE.replace("--clear", "--allow-existing")
PIP = "pip install --python /.venv/bin/python --no-build-isolation"
BUILD = f"{PIP} --require-hashes -r requirements/build.txt"
LOCKED = f"{PIP} --require-hashes -r requirements/offline.txt"
CLONE = f"{PIP} --no-deps -e ."
INSTALL = [BUILD, LOCKED, CLONE]
INSTALL_ALL = [BUILD, f"{LOCKED} -r requirements/test.txt", CLONE]


def test_a_fresh_clone_gets_an_environment_and_the_next_run_nothing(clone: Clone) -> None:
    assert clone.ready("offline") == clone.python
    assert clone.asked() == [MAKE, *INSTALL]
    assert clone.ready("offline") == clone.python
    assert clone.asked() == []


def test_how_much_it_takes_is_said_before_anything_is_made(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    clone.ready("offline")
    first, *rest = capsys.readouterr().err.splitlines()
    assert re.search(r"1\d\d packages, about \d+ MB to fetch and \d+ MB of disk", first)
    assert any("Making .venv" in line for line in rest)
    with (clone.root / "pyproject.toml").open("a") as file:
        file.write("\n# changed\n")
    clone.ready("offline")
    assert "up to date" in capsys.readouterr().err.splitlines()[0]


def test_a_disk_that_is_too_small_is_told_before_anything_is_made(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = SimpleNamespace(free=10e6)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: little)  # type: ignore[attr-defined]
    with pytest.raises(SetupError, match="10 MB are free"):
        clone.ready("offline")
    assert clone.asked() == []


def test_a_python_without_a_recogniser_is_told_so_before_anything_is_made(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.pythons, "can_hear", lambda *_, **__: False)
    clone.ready("offline")
    assert "has no recogniser: offline, agents will not hear" in capsys.readouterr().err
    assert clone.asked() == [MAKE, *INSTALL]
    clone.ready("offline")
    assert clone.asked() == []


def test_another_python_that_hears_makes_the_environment_and_keeps_it(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # To a Python of another version, which is deaf, the one that runs is that other on PATH.
    here = bootstrap.pythons.RUNNING
    deaf = bootstrap.pythons.Python(Path("/deaf/python"), "3.99")
    monkeypatch.setattr(bootstrap.pythons, "RUNNING", deaf)
    monkeypatch.setattr(bootstrap.pythons, "best", lambda _: here)
    monkeypatch.setattr(
        bootstrap.pythons, "can_hear", lambda _, version="3.99": version == here.version
    )
    assert clone.ready("offline") == clone.python
    assert f"so .venv gets Python {here.version}" in capsys.readouterr().err
    assert clone.asked() == [MAKE, *INSTALL]
    assert clone.ready("offline") == clone.python
    assert clone.asked() == []


def test_more_extras_are_added_and_fewer_are_enough(clone: Clone) -> None:
    clone.ready("offline")
    clone.asked()
    clone.ready("offline", "test")
    assert clone.asked() == INSTALL_ALL
    clone.ready("offline")
    assert clone.asked() == []


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/offline.txt"])
def test_changed_needs_are_installed_into_the_same_environment(clone: Clone, changed: str) -> None:
    clone.ready("offline")
    clone.asked()
    with (clone.root / changed).open("a") as file:
        file.write("\n# changed\n")
    clone.ready("offline")
    assert clone.asked() == INSTALL


def test_a_clone_that_was_moved_is_installed_again(clone: Clone) -> None:
    clone.ready("offline")
    moved = Clone(clone.root.rename(clone.root.with_name("moved")))
    os.environ["PATH"] = f"{moved.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
    moved.asked()
    moved.ready("offline")
    assert moved.asked() == INSTALL


def test_a_failed_installation_is_taken_up_where_it_stopped(clone: Clone) -> None:
    (clone.root / "fail").touch()
    with pytest.raises(SetupError, match="The disk is full"):
        clone.ready("offline")
    (clone.root / "fail").unlink()
    clone.asked()
    clone.ready("offline")
    assert clone.asked() == INSTALL


def test_an_environment_whose_making_was_cut_short_is_mended(clone: Clone) -> None:
    clone.ready("offline")
    clone.stamp.unlink()
    clone.asked()
    clone.ready("offline")
    assert clone.asked() == [MEND, *INSTALL]


def test_a_package_whose_installation_was_cut_short_is_forgotten(clone: Clone) -> None:
    clone.ready("offline")
    (packages,) = clone.root.glob(".venv/lib/*/site-packages")
    for name, files in {
        "whole-1.dist-info": ["METADATA", "RECORD"],
        "half-1.dist-info": ["METADATA"],
    }.items():
        (packages / name).mkdir()
        for file in files:
            (packages / name / file).touch()
    clone.stamp.write_text("made\n")
    clone.ready("offline")
    assert [path.name for path in packages.glob("*.dist-info")] == ["whole-1.dist-info"]


@pytest.mark.parametrize(
    "script",
    ["", "#!/nowhere/python\n", "#!/bin/sh\necho 3.9 True\n", f"#!/bin/sh\necho {VERSION} False\n"],
    ids=["empty", "gone", "another-version", "not-an-environment"],
)
def test_a_broken_environment_is_made_afresh(clone: Clone, script: str) -> None:
    clone.ready("offline")
    clone.python.unlink()
    clone.python.write_text(script)
    clone.python.chmod(0o755)
    clone.asked()
    clone.ready("offline")
    assert clone.asked() == [MAKE, *INSTALL]


def test_an_environment_whose_python_was_removed_is_made_afresh(clone: Clone) -> None:
    clone.ready("offline")
    clone.python.unlink()
    clone.python.symlink_to("/nowhere/python3")
    clone.asked()
    clone.ready("offline")
    assert clone.asked() == [MAKE, *INSTALL]


def test_a_python_that_has_the_needs_is_used_as_it_is(root: Path) -> None:
    assert bootstrap.ready_python(root, ["offline", "test"]) == Path(sys.executable)


@pytest.mark.parametrize("home", ["there", "closed", "nowhere/at/all"])
def test_uv_keeps_no_cache_where_none_can_be(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (clone.root / "there").mkdir()
    (clone.root / "closed").mkdir()
    for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(clone.root / home))
    closed = {clone.root} if "nowhere" in home else {clone.root / "closed"}
    monkeypatch.setattr(bootstrap.os, "access", lambda place, _: place not in closed)
    uv = str(clone.root / "bin/uv")
    assert bootstrap._uv() == ([uv] if home == "there" else [uv, "--no-cache"])


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_that_cannot_make_environments_is_told_so(
    clone: Clone, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    find = bootstrap.importlib.util.find_spec  # type: ignore[attr-defined]
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == module else find(name)
    )
    with pytest.raises(SetupError, match=r"apt-get install python3-venv"):
        clone.ready("offline")


def test_a_folder_in_the_way_is_reported_in_words(clone: Clone) -> None:
    clone.ready("offline")
    clone.stamp.unlink()
    clone.stamp.mkdir()
    with pytest.raises(SetupError, match=r"Setting up \.venv failed"):
        clone.ready("offline")


def test_the_command_runs_in_the_environment_with_its_arguments_and_exit_code(clone: Clone) -> None:
    started = clone.start("echo", "--port", "9", "a b")
    out, err = started.communicate(timeout=HANG)
    assert out == f"{clone.root / '.venv'} --port 9 a b\n"
    assert started.returncode == 7
    assert "Installing voicekit" in err


def test_a_failure_ends_with_a_plain_sentence(clone: Clone) -> None:
    (clone.root / "fail").touch()
    started = clone.start("echo")
    out, err = started.communicate(timeout=HANG)
    assert (started.returncode, out) == (1, "")
    assert "The disk is full. Free about" in err
    assert "Traceback" not in err


def test_ctrl_c_ends_with_a_plain_sentence_and_the_next_run_resumes(clone: Clone) -> None:
    (clone.root / "hang").touch()
    started = clone.start("echo")
    assert started.stderr is not None
    while not (clone.root / "hanging").exists():
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=HANG)  # waits for the pipe's other holders as well
    assert started.returncode == 130
    assert err.splitlines()[-1].endswith("Run the same command again to go on from here.")
    assert "Traceback" not in err
    clone.asked()
    clone.ready("offline")
    assert clone.asked() == INSTALL


def test_an_installed_copy_says_that_it_needs_the_clone(clone: Clone, root: Path) -> None:
    (clone.root / "pyproject.toml").unlink()
    for name in ("lab", "test"):
        module = f"voicekit/tools/commands/{name}.py"
        shutil.copy(root / module, clone.root / module)
        started = clone.start(name)
        _, err = started.communicate(timeout=HANG)
        assert started.returncode == 1
        assert "Clone the repository" in err
        assert "Traceback" not in err
