"""Try voicekit where strangers have it: `python3 .ci/places.py wheel [PYTHON …]` or `user CLONE`.

- `wheel` builds a wheel and, for each Python, installs it into a fresh environment far from any
  clone, in a folder with a space, a plus and a letter beyond ASCII, with a long TMPDIR. Without
  an argument it takes every supported Python that it finds, and names those that it does not.
- `user` runs the clone's own environment as an ordinary user (`nobody`), who may write neither
  the clone nor a home; only root can do that.

Both run `trial.py`: speak, hear, serve, probe, doctor. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TRIAL = ROOT / ".ci" / "trial.py"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
STRANGE = "home/Ärger mit + Zeichen"
LONG = "var/folders of a Mac/with a TMPDIR of sixty bytes and ä"
NOBODY = 65534


def main(arguments: list[str]) -> int:
    """Run one of the two; the exit code is 0 when everything went well."""
    match arguments:
        case ["wheel", *pythons]:
            return wheel(pythons or list(found()))
        case ["user", clone]:
            return user(Path(clone).resolve())
    print(__doc__)
    return 2


def found() -> Iterator[str]:
    """The supported Pythons on this machine, one for each minor version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in PYTHONS:
        names = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python3"), reverse=True)]
        for name in (*names, f"python{version}"):
            if version_of(name) == version:
                yield name
                break
        else:
            print(f"Python {version} is not on this machine: not tried", flush=True)


def version_of(python: str) -> str:
    """Such as 3.12; empty when there is no such program, or only a shim of one."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run(
            [python, "-c", ask], capture_output=True, encoding="utf-8"
        ).stdout.strip()
    except OSError:
        return ""


def wheel(pythons: Sequence[str]) -> int:
    """Install a wheel for each Python and try it; return how many of them failed."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="places-", dir="/tmp") as name:
        base = Path(name)
        source = base / "source"
        shutil.copytree(ROOT / "voicekit", source / "voicekit")
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / file, source)
        long = base / LONG
        long.mkdir(parents=True)
        for python in pythons:
            print(f"Python {version_of(python)}, a wheel in a fresh environment", flush=True)
            venv = base / STRANGE / version_of(python)
            began = time.monotonic()
            if install(python, venv, source):
                print(f"  installed ({time.monotonic() - began:.0f} s)", flush=True)
                failed += tried(venv, TMPDIR=str(long))
            else:
                failed += 1
            shutil.rmtree(venv, ignore_errors=True)
    return failed


def install(python: str, venv: Path, source: Path) -> bool:
    """Make an environment that has the wheel with what it needs offline, and nothing else."""
    locked = str(ROOT / "requirements" / "offline.txt")
    inside = str(venv / "bin" / "python")
    wheels = venv.parent.parent / "wheels"
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--python", python, str(venv)]
        build = [uv, "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(source)]
        add = [uv, "pip", "install", "--quiet", "--python", inside]
    else:
        pip = [inside, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        make = [python, "-m", "venv", str(venv)]
        build = [*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(source)]
        add = [*pip, "install", "--no-compile"]
    if not done(make):
        return False
    if not list(wheels.glob("*.whl")) and not done(build):
        return False
    (built,) = wheels.glob("*.whl")
    return done([*add, "--require-hashes", "-r", locked]) and done([*add, "--no-deps", str(built)])


def done(command: Sequence[str]) -> bool:
    """Run a step; say what it said only when it failed."""
    step = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if step.returncode:
        print(f"  failed: {' '.join(command)}\n{step.stdout.decode('utf-8', 'replace')}")
    return not step.returncode


def tried(venv: Path, **environment: str) -> bool:
    """Run the trial from elsewhere; whether it failed."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    step = [str(venv / "bin" / "python"), "-P", str(TRIAL)]
    return bool(subprocess.run(step, cwd="/", env=inherited | environment).returncode)


def user(clone: Path) -> int:
    """Run the trial in a clone as `nobody`, whose home does not exist."""
    if os.getuid() != 0:
        print("only root can become another user: not tried")
        return 0
    python = str(clone / ".venv" / "bin" / "python")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # For an interpreter that only root may find, below /root say: look anywhere, write nowhere.
    looking = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    start = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    for more in ([], looking):
        command = [*become, *more, python]
        reach = subprocess.run(
            [*command, "-c", start], env=environment, cwd=clone, stderr=subprocess.DEVNULL
        )
        if reach.returncode == 0:
            break
    else:
        print(f"  failed: {python} cannot be run by another user")
        return 1
    write = f"open({str(clone / 'written')!r}, 'w')"
    if (
        subprocess.run(
            [*command, "-c", write], env=environment, stderr=subprocess.DEVNULL
        ).returncode
        == 0
    ):
        print("  failed: the clone can be written, so this would prove nothing")
        return 1
    print("an ordinary user, a clone to read, no home", flush=True)
    return subprocess.run(
        [*command, "-P", clone / ".ci" / "trial.py"], env=environment, cwd=clone
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
