"""Write constraints.txt and the locks of requirements/ anew: `python tests/lock.py [--upgrade]`.

constraints.txt has a name and a version of everything, for conda, Binder and pip by hand. The
locks have the hash of every file that set-up may download: `build` makes wheels, `offline` is what
a lesson needs, `test` what the tests need beside it. Needs uv on the path. Versions that are there
stay unless pyproject.toml asks for others; --upgrade takes the newest.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
LOWEST = "3.11"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    newest = ["--upgrade"] if parser.parse_args().upgrade else []
    constraints = ROOT / "constraints.txt"
    compiled("pyproject.toml", "--all-extras", *newest, "--output-file", str(constraints))
    kept = ["--generate-hashes", "--constraints", str(constraints)]
    offline = compiled("pyproject.toml", "--extra", "offline", *kept)
    both = compiled("pyproject.toml", "--extra", "offline", "--extra", "test", *kept)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    with tempfile.NamedTemporaryFile("w", suffix=".in") as needs:
        needs.write("\n".join(project["build-system"]["requires"]))
        needs.flush()
        build = compiled(needs.name, "--generate-hashes")
    write("build", build)
    write("offline", offline)
    write("test", [pin for pin in both if pin not in offline])


def compiled(*words: str) -> list[str]:
    """The pins that uv finds for every supported Python and system, each with its hashes."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", LOWEST, "--quiet"]
    # No index's address is written, and none is asked but the usual one.
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    done = subprocess.run([*command, *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return re.findall(r"^[a-z0-9].*(?:\n .*)*", done.stdout, re.MULTILINE)


def write(name: str, pins: list[str]) -> None:
    """Write a lock as pip and uv read it."""
    (LOCKS / f"{name}.txt").write_text("\n".join(pins) + "\n", "utf-8")


if __name__ == "__main__":
    main()
