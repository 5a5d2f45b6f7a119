"""A program of ours that answers requests: one run of it, and who asks it and starts it again.

Both sides speak lines of JSON; an answer's line may be followed by as many bytes as it says.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import IO, Any, cast

from voicekit.errors import EngineError

PATIENCE = 30.0  # seconds for one answer; an hour of speech takes about three
NO_FOLDER = "No folder for temporary files can be written: set TMPDIR to one that can."
STALL = 5.0  # seconds that a program may neither run nor wait for a disk while it is asked
_LOOK = 0.5  # seconds between two looks at a program that is asked
_ATTEMPTS = 2  # not every death is the request's
_NO_ANSWER = (EOFError, LookupError, OSError, TypeError, ValueError)  # died, or talks nonsense

Request = dict[str, Any]
Answer = tuple[dict[str, Any], bytes]


class DiedError(EngineError):
    """The program died of every attempt at one request. The next request may fare better."""


class Worker:
    """One run of the program, asked by one thread at a time.

    A program that hangs is killed: at once when somebody has stopped it, after `STALL` seconds
    when it does not run although it is asked, and after `patience` seconds in any case. The first
    two do not depend on how busy the machine is.

    Args:
        command: the program and its arguments.
        patience: seconds to wait for one answer; None: `PATIENCE`.

    Raises:
        EngineError: it did not start, or has no folder for its complaints.
    """

    def __init__(self, command: Sequence[str], patience: float | None = None) -> None:
        self._patience = patience or PATIENCE
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
        self._asked: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
        watch = (self._process, self._asked, self._patience)
        threading.Thread(target=_watch, args=watch, name="voicekit-watch", daemon=True).start()

    def ask(self, request: Request) -> Answer:
        """Send one request and read its answer; any other end than an answer raises."""
        answered = threading.Event()
        self._asked.put(answered)
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
            answer = json.loads(self._answers.readline())
            pcm = self._answers.read(answer["bytes"])
        finally:
            answered.set()
        if len(pcm) < answer["bytes"]:
            raise EOFError
        return answer, pcm

    def kill(self) -> None:
        """End the program at once, whatever it does; whoever asks it reads the end."""
        self._process.kill()

    def end(self) -> str:
        """End the program and say how it ended."""
        self._asked.put(None)
        return self._finalizer() or "it had ended before"


class Attendant:
    """Asks a program one request after the other, and starts it again when it dies.

    Any thread may ask. The program starts with the first request.

    Args:
        command: the program and its arguments.
        first: makes a request that every new run is asked before any other.
        closed: what whoever asks is told once this is closed.
        patience: seconds to wait for one answer; None: `PATIENCE`.
    """

    def __init__(
        self,
        command: Sequence[str],
        first: Callable[[], Request] | None = None,
        *,
        closed: str,
        patience: float | None = None,
    ) -> None:
        self._command, self._first = command, first
        self._reason, self._patience = closed, patience
        self._worker: Worker | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._turns: queue.SimpleQueue[tuple[Request, Future[Answer]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.waiting = 0
        """Requests under way or in the queue, also those that nobody waits for any more."""

    @property
    def pid(self) -> int | None:
        """The process's id, None before the first request and between two runs."""
        worker = self._worker
        return worker.pid if worker else None

    def ask(self, request: Request) -> Future[Answer]:
        """Queue a request.

        Returns:
            The answer to come. It is an EngineError when the program refuses or this is closed
            first, a `DiedError` when the program died of it.

        Raises:
            EngineError: this is closed.
        """
        answer: Future[Answer] = Future()
        with self._lock:
            if self._closed:
                raise EngineError(self._reason)
            self.waiting += 1
            self._turns.put((request, answer))
            if self._thread is None:
                # A daemon, not an executor's thread: those end before whoever still speaks.
                self._thread = threading.Thread(
                    target=self._run, name="voicekit-engine", daemon=True
                )
                self._thread.start()
        return answer

    def close(self) -> None:
        """End the program, in the middle of a request too; what waits gets an EngineError.

        Twice is safe.
        """
        with self._lock:
            self._closed = True
            thread, worker = self._thread, self._worker
            self._thread = None
        if worker:
            worker.kill()
        if thread:
            self._turns.put(None)
            thread.join()

    def _run(self) -> None:
        while (turn := self._turns.get()) is not None:  # what waits is refused once this is closed
            self._settle(*turn)
        if self._worker:
            self._worker.end()
            self._worker = None

    def _settle(self, request: Request, answer: Future[Answer]) -> None:
        """Answer one request, if somebody still wants the answer."""
        if not answer.set_running_or_notify_cancel():
            self._one_less()
            return
        try:
            found = self._ask(request)
        except Exception as error:
            self._one_less()
            answer.set_exception(error)
        else:
            self._one_less()
            answer.set_result(found)

    def _one_less(self) -> None:
        with self._lock:
            self.waiting -= 1

    def _ask(self, request: Request) -> Answer:
        ending = ""
        for _ in range(_ATTEMPTS):
            try:
                answer, pcm = self._started().ask(request)
            except _NO_ANSWER:
                ending = self._worker.end() if self._worker else ""
                self._worker = None
                continue
            if "error" in answer:
                raise EngineError(answer["error"])
            return answer, pcm
        raise DiedError(ending)

    def _started(self) -> Worker:
        """The program, ready for requests.

        Raises:
            EngineError: it did not start, it refused its first request, or this is closed.
        """
        with self._lock:
            if self._closed:
                raise EngineError(self._reason)
            worker, fresh = self._worker, self._worker is None
            if worker is None:
                worker = self._worker = Worker(self._command, self._patience)
        if fresh and self._first:
            answer, _ = worker.ask(self._first())
            if "error" in answer:
                worker.end()
                self._worker = None
                raise EngineError(answer["error"])
        return worker


def _watch(
    process: subprocess.Popen[bytes],
    asked: queue.SimpleQueue[threading.Event | None],
    patience: float,
) -> None:
    """Kill the program when it hangs in a request; ends with it."""
    while (answered := asked.get()) is not None:
        begun = ran = time.monotonic()
        spent = -1.0
        while not answered.wait(min(_LOOK, patience)):
            now = time.monotonic()
            stopped, seconds = _progress(process.pid)
            if seconds is None or seconds > spent:
                ran, spent = now, seconds or 0.0
            if stopped or now - ran >= STALL or now - begun >= patience:
                process.kill()
                break


def _progress(pid: int) -> tuple[bool, float | None]:
    """Whether a process is stopped, and the seconds it ran; None while it waits for a disk."""
    import psutil  # type: ignore[import-untyped]

    try:
        process = psutil.Process(pid)
        status, times = process.status(), process.cpu_times()
    except psutil.Error:
        return False, None  # it has just ended: whoever reads from it knows
    if status == psutil.STATUS_DISK_SLEEP:
        return False, None
    return status == psutil.STATUS_STOPPED, times.user + times.system


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
