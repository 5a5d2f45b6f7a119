"""`python3 -m voicekit [command] [arguments]`: make things ready, then run the command.

This file must run on Pythons long gone, if only to say which one is wanted. Nothing but the
standard library is there yet.
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

MINIMUM = (3, 11)
TOO_NEW = (3, 15)
COMMANDS = Path(__file__).resolve().parent / "commands"
EXTRAS = {"test": ("offline", "test")}  # other commands run on the stand-in alone


def main(argv: list[str]) -> int:
    """Run one command; return the exit code."""
    if not MINIMUM <= sys.version_info[:2] < TOO_NEW:
        return _fail(_wrong_python(), 1)
    if argv[:1] in (["-h"], ["--help"]):
        print(_usage())
        return 0
    named = bool(argv) and not argv[0].startswith("-")
    command, arguments = (argv[0], argv[1:]) if named else ("lab", argv)
    if command not in commands():
        known = ", ".join(commands())
        return _fail(f"there is no command {command!r}. The commands are: {known}.", 2)
    return _run(command, arguments)


def _run(command: str, arguments: list[str]) -> int:
    from voicekit.errors import SetupError
    from voicekit.setup import bootstrap  # in the syntax of the Python that is wanted

    try:
        root = bootstrap.checkout()
        if root is not None:
            python = bootstrap.ready_python(root, EXTRAS.get(command, ("offline",)))
            if python != Path(sys.executable):
                words = [str(python), "-m", "voicekit", command]
                return bootstrap.become([*words, *arguments])
    except SetupError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("stopped. Run the same command again to go on from here.", 130)
    try:
        code: int = importlib.import_module(f"voicekit.commands.{command}").main(arguments)
    except SetupError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return 130
    return code


def commands() -> dict[str, Path]:
    """Each subcommand and its file. `bench_speech.py` and the like are parts of another."""
    return {path.stem: path for path in sorted(COMMANDS.glob("*.py")) if "_" not in path.stem}


def _usage() -> str:
    lines = ["usage: python3 -m voicekit [command] [arguments]", ""]
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
    sys.exit(main(sys.argv[1:]))
