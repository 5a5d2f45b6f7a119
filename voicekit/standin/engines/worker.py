"""A program of ours that answers requests: one run of it, asked by one thread at a time.

Both sides speak lines of JSON; an answer's line may be followed by as many bytes as it says.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
import weakref
from typing import IO, Any, cast

from voicekit.errors import EngineError

PATIENCE = 30.0  # seconds for one answer; an hour of speech takes about three
NO_FOLDER = "No folder for temporary files can be written: set TMPDIR to one that can."
NO_ANSWER = (EOFError, LookupError, OSError, TypeError, ValueError)  # died, or talks nonsense


class Worker:
    """One run of the program.

    Args:
        command: the program and its arguments.
        patience: seconds to wait for one answer before the program is killed; None: `PATIENCE`.
    """

    def __init__(self, command: list[str], patience: float | None = None) -> None:
        self._patience = patience
        try:
            # A file, not a pipe: nobody has to empty it, and its end says why the program died.
            complaints = tempfile.TemporaryFile()  # noqa: SIM115 - _end closes it
        except OSError as error:
            raise EngineError(f"{NO_FOLDER} ({error})") from error
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,  # an interrupted cell must not interrupt the engine
            )
        except OSError as error:
            complaints.close()
            raise EngineError(f"The speech engine's process did not start: {error}") from error
        self.pid = self._process.pid
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._finalizer = weakref.finalize(self, _end, self._process, complaints)

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send one request and read its answer; any other end than an answer raises."""
        watchdog = threading.Timer(self._patience or PATIENCE, self._process.kill)
        watchdog.start()
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
            answer = json.loads(self._answers.readline())
            pcm = self._answers.read(answer["bytes"])
        finally:
            watchdog.cancel()
        if len(pcm) < answer["bytes"]:
            raise EOFError
        return answer, pcm

    def end(self) -> str:
        """End the program and say how it ended."""
        return self._finalizer() or "it had ended before"


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> str:
    """Close the program's input, which ends it, and collect what it left."""
    with complaints, process:
        with contextlib.suppress(OSError):  # it may be dead, and its input not empty
            cast("IO[bytes]", process.stdin).close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        complaints.seek(0)
        last = complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"exit code {process.returncode}" + (f": {last[:300]}" if last else "")
