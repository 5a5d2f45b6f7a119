"""One step of the set-up: a command that shows it is alive, and says plainly why it failed."""

from __future__ import annotations

import collections
import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from voicekit.errors import SetupError

_KEPT_LINES = 1000  # a cause may be named long before the end
_SHOWN_LINES = 8
_FETCHED = re.compile(r"Downloading \S+ \(([\d.]+) ?([kMG])i?B\)")  # pip's line, and uv's
_UNITS = {"k": 0.001, "M": 1.0, "G": 1000.0}
_CAUSES = {  # what pip, uv and venv print, and what it means
    r"do not match the hashes|hash mismatch": (
        "What came is not the file that was pinned: a proxy or a mirror changed it, or somebody "
        "did, so it was not installed. Use another network or index"
    ),
    r"No space left on device|os error 28\b|not enough space on the disk": (
        "The disk is full. Free about 1 GB"
    ),
    r"name resolution|Name or service not known|nodename nor servname|getaddrinfo failed|dns error"
    r"|error sending request|NewConnectionError|Failed to establish a new connection|ProxyError"
    r"|Network is unreachable|No route to host|Connection refused|timed out": (
        "The package index cannot be reached. Check the network (and, behind a proxy, HTTPS_PROXY)"
    ),
    r"Permission denied|Read-only file system|Access is denied": (
        "A folder cannot be written to. Work in a folder of your own"
    ),
}


def step(
    title: str,
    *commands: Sequence[str],
    folder: Path | None = None,
    meter: Callable[[str], str] = lambda _: "",
) -> None:
    """Run commands one after the other, showing `title`, the seconds gone by and how far it is.

    Args:
        title: what is being done.
        commands: each a program and its arguments.
        folder: where they run.
        meter: given each line that they print; returns how far they are, in words.

    Raises:
        SetupError: a command failed; the message says why, as far as its output tells.
    """
    started = time.monotonic()
    kept: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
    progress = _Progress(title)
    for command in commands:
        with _running(command, folder) as process:
            for line in _lines(process):
                if line:
                    kept.append(line)
                progress.show(time.monotonic() - started, meter(line))
            code = process.wait()
        if code:
            progress.end(time.monotonic() - started, "failed")
            raise SetupError(explain(title, kept))
    progress.end(time.monotonic() - started, "done")


def explain(title: str, output: Iterable[str]) -> str:
    """Why a step failed, in a plain sentence if its output shows a cause we know."""
    lines = list(output)
    for pattern, sentence in _CAUSES.items():
        if re.search(pattern, "\n".join(lines), re.IGNORECASE):
            advice = f"{sentence}, then run the same command again."
            break
    else:
        advice = (
            "Its last lines are below. What is installed is kept: mend the cause and run the same "
            "command again. If it fails again, delete the folder .venv first."
        )
    return "\n".join([f"{title} failed. {advice}", "", *lines[-_SHOWN_LINES:]])


class _Progress:
    """One line that rewrites itself on a terminal; elsewhere a line now and then."""

    def __init__(self, title: str) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = 0.2 if self._terminal else 10.0
        say(f"{title} ...")

    def show(self, elapsed: float, far: str) -> None:
        if elapsed < self._next:
            return
        self._next = elapsed + (0.2 if self._terminal else 10.0)
        text = f"{elapsed:7.0f} s  {far}"
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            _write(f"\r\033[K{text[:width]}")
        else:
            _write(f"{text}\n")

    def end(self, elapsed: float, outcome: str) -> None:
        clear = "\r\033[K" if self._terminal else ""
        _write(f"{clear}{elapsed:7.1f} s  {outcome}\n")


class Installing:
    """How far an installer is, from the lines of pip or uv and from what lies in the folder.

    Args:
        venv: the environment that is filled.
        packages: how many will be in it.
        megabytes: about how much is fetched.
    """

    def __init__(self, venv: Path, packages: int, megabytes: int) -> None:
        self._venv, self._packages, self._megabytes = venv, packages, megabytes
        self._fetched, self._before = 0.0, self._installed()

    def __call__(self, line: str) -> str:
        """Take in one line of the installer's; say how far it is."""
        if (size := _FETCHED.match(line)) and ".metadata" not in line:
            self._fetched += float(size[1]) * _UNITS[size[2]]
        installed = self._installed()
        if installed > self._before:
            return f"{min(installed, self._packages)} of {self._packages} packages installed"
        return f"{min(self._fetched, self._megabytes):.0f} of about {self._megabytes} MB fetched"

    def _installed(self) -> int:
        folders = ("lib/python*/site-packages", "Lib/site-packages")  # the second is Windows'
        return len({path for one in folders for path in self._venv.glob(f"{one}/*.dist-info")})


def say(text: str) -> None:
    """Tell the person at the terminal something, on stderr."""
    _write(f"voicekit: {text}\n")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path | None) -> Iterator[subprocess.Popen[str]]:
    """The command under way. Neither it nor its children outlive an interruption of ours."""
    with subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        process_group=None if os.name == "nt" else 0,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if os.name == "nt":
        process.kill()
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What the command prints, line by line, and an empty line when it is silent for a second."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None  # noqa: S101 - we asked for a pipe
    threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            line = ""
        if line is None:
            return
        yield line.strip()


def _pump(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    with contextlib.suppress(ValueError):  # closed under our feet by an interruption
        for line in stream:
            lines.put(line)
    lines.put(None)
