"""`python3 -m voicekit [command] [arguments]`: make things ready, then run the command.

This file must run on Pythons long gone, if only to say which one is wanted. Nothing but the
standard library is there yet. From another folder: `python3 path/to/the/clone/voicekit`.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
from pathlib import Path

MINIMUM = (3, 11)
TOO_NEW = (3, 15)
COMMANDS = Path(__file__).resolve().parent / "tools" / "commands"
EXTRAS = {"test": ("offline", "test")}  # other commands run on the stand-in alone


_HELP = (["-h"], ["--help"])


def main(argv: list[str]) -> int:
    """Run one command; return the exit code."""
    if not MINIMUM <= sys.version_info[:2] < TOO_NEW:
        return _fail(_wrong_python(), 1)
    _print_anything()
    if argv[:1] in _HELP:
        print(_usage())
        return 0
    if argv[:1] in (["-V"], ["--version"]):
        print("voicekit", _version())
        return 0
    named = bool(argv) and not argv[0].startswith("-")
    command, arguments = (argv[0], argv[1:]) if named else ("lab", argv)
    if command not in commands():
        known = ", ".join(commands())
        return _fail(f"there is no command {command!r}. The commands are: {known}.", 2)
    return _run(command, arguments)


def _run(command: str, arguments: list[str]) -> int:
    from voicekit.errors import VoicekitError
    from voicekit.tools.setup import bootstrap

    try:
        root = bootstrap.checkout()
        if root is not None and arguments not in _HELP:  # help is no reason to install anything
            python = bootstrap.ready_python(root, EXTRAS.get(command, ("offline",)))
            if python != Path(sys.executable):
                words = [str(python), "-m", "voicekit", command]
                return bootstrap.become([*words, *arguments])
    except VoicekitError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("stopped. Run the same command again to go on from here.", 130)
    try:
        code: int = importlib.import_module(f"voicekit.tools.commands.{command}").main(arguments)
        sys.stdout.flush()
    except VoicekitError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:  # `| head` has read enough; what Python flushes at its end goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def commands() -> dict[str, Path]:
    """Each subcommand and its file: a module that has a `main` and is no part of another."""
    files = [path for path in sorted(COMMANDS.glob("*.py")) if "_" not in path.stem]
    return {path.stem: path for path in files if _has_main(path)}


def _has_main(path: Path) -> bool:
    body = ast.parse(path.read_text("utf-8")).body
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in body)


def _print_anything() -> None:
    """Let no character end a command: where the output's encoding lacks one, `?` stands for it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _version() -> str:
    """The version of the code that runs, whatever else is installed."""
    import tomllib
    from importlib import metadata

    from voicekit.tools.setup import bootstrap

    root = bootstrap.checkout()
    if root is None:
        return metadata.version("voicekit")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def _usage() -> str:
    lines = ["usage: python3 -m voicekit [--version] [command] [arguments]", ""]
    for name, path in commands().items():
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        lines.append(f"  {name:<10} {docstring.partition(chr(10))[0]}")
    return "\n".join([*lines, "", "Without a command: lab. Arguments go to the command."])


def _wrong_python() -> str:
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    wanted = f"{MINIMUM[0]}.{MINIMUM[1]} to {TOO_NEW[0]}.{TOO_NEW[1] - 1}"
    return (
        f"this is Python {running}, and voicekit runs on {wanted}. Install one of these from "
        "python.org or your package manager and call it by name, such as: python3.13 -m voicekit"
    )


def _fail(message: str, code: int) -> int:
    print(f"voicekit: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    if not __package__:  # run by its path: `import voicekit` has to find the clone
        sys.path.insert(0, str(COMMANDS.parents[2]))
    sys.exit(main(sys.argv[1:]))
