"""The turns of `bench speech`: one process per variant, the same tokens for each, one stand-in."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import IO, Any

from voicekit.errors import VoicekitError

SCRIPTS = Path(__file__).parent / "peers"
TTFT = 0.15
"""Seconds from the request to the LLM's first token: the `advertised` profile's."""
PATIENCE = 30.0
"""Seconds that a process may take for one reply, or to start."""
_JITTER = 0.5  # of a token's interval
_TOKEN = re.compile(r"\s*\w+|'\w+|\s*[^\w\s]")


@dataclass(frozen=True)
class Variant:
    """A way to speak, and how to tell its requests from the others' in the journal."""

    name: str
    script: str
    path: str
    peer: bool = False
    auto_mode: bool = True
    cancels: bool = False
    """Whether it is among those that are cancelled in the middle of an LLM's stream."""

    @property
    def command(self) -> list[str]:
        """How to start it."""
        python = str(peers_python()) if self.peer else sys.executable
        script, *arguments = self.script.split()
        return [python, str(SCRIPTS / f"{script}.py"), *arguments]


VARIANTS = (
    Variant("voicekit", "ours", "/stream-input", cancels=True),
    Variant("SDK convert_realtime", "sdk", "/stream-input", auto_mode=False, cancels=True),
    Variant("SDK by sentence", "sentences", "/stream"),
    Variant("Pipecat", "pipecat_pipeline", "/multi-stream-input", peer=True),
    Variant("LiveKit", "livekit_stream", "/multi-stream-input", peer=True),
)


def peers_python() -> Path:
    """The Python that has Pipecat and LiveKit; it need not exist."""
    here = Path(__file__).parents[2] / ".peers" / "bin" / "python"
    return Path(os.environ.get("VOICEKIT_PEERS", here))


def replies() -> list[str]:
    """The lines of the 100-reply set."""
    text = resources.files("bench").joinpath("data/replies.toml").read_text("utf-8")
    return [line for work in tomllib.loads(text)["work"] for line in work["lines"]]


def split(text: str) -> list[str]:
    """Cut a text into tokens as a language model's vocabulary roughly would."""
    return _TOKEN.findall(text)


def schedule(text: str, rate: float, pause: tuple[int, float] = (0, 0.0)) -> list[list[Any]]:
    """A reply's tokens, each with its seconds after the request; the same at every call.

    Args:
        text: the reply.
        rate: tokens a second; each comes up to half an interval later than that.
        pause: so many seconds of silence after so many tokens.
    """
    chance = random.Random(f"{rate} {text}")
    after, seconds = pause
    return [
        [
            TTFT + (n + chance.random() * _JITTER) / rate + (seconds if n >= after else 0),
            token,
        ]
        for n, token in enumerate(split(text))
    ]


@dataclass
class Turn:
    """What one variant did with one reply. Times on the system's monotonic clock."""

    variant: Variant
    text: str
    rate: float
    request: float
    arrived: list[float]
    chunks: list[tuple[float, int]]
    sizes: list[int]
    cancelled: float | None
    unexplained: float | None
    end: float
    received: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """What the vendor was sent in this turn, and when."""
    sent: list[float] = field(default_factory=list)
    """When the vendor sent its audio messages."""


class Worker:
    """A variant's process."""

    def __init__(self, variant: Variant, environment: Mapping[str, str]) -> None:
        self.variant = variant
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            variant.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **environment, "PYTHONFAULTHANDLER": "1"},
            text=True,
        )
        self._text, self._rate = "", 0.0

    def ready(self) -> None:
        """Wait until it takes orders.

        Raises:
            VoicekitError: it did not start; with what it said.
        """
        self._answer()

    def begin(self, text: str, rate: float, order: dict[str, Any]) -> None:
        """Have it speak a reply, or do what else the order says."""
        self._text, self._rate = text, rate
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def finish(self) -> Turn:
        """Wait for what `begin` began."""
        return Turn(self.variant, self._text, self._rate, **self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watchdog = threading.Timer(PATIENCE, self._process.send_signal, [signal.SIGABRT])
        watchdog.start()
        line = self._process.stdout.readline()
        while line and not line.startswith("{"):  # some library prints a banner
            line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip()[-2000:]
            raise VoicekitError(f"{self.variant.name} did not finish a reply. It said: {said}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Stage:
    """The stand-in in a process of its own, and the variants' processes around it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.elevenlabs_url = environment["ELEVENLABS_BASE_URL"]
        self.elevenlabs_key = environment["ELEVENLABS_API_KEY"]
        self._base = self.elevenlabs_url.removesuffix("/elevenlabs")
        self._token = environment["VOICEKIT_STANDIN_TOKEN"]

    @contextmanager
    def workers(self, variants: list[Variant]) -> Iterator[dict[Variant, Worker]]:
        """A fresh process for each variant; the journal begins anew, since none is connected."""
        self._control("reset", b"")
        started: dict[Variant, Worker] = {}
        try:
            for variant in variants:
                started[variant] = Worker(variant, self._environment)
            for worker in started.values():
                worker.ready()
            yield started
        finally:
            for worker in started.values():
                worker.close()

    def journal(self) -> list[dict[str, Any]]:
        """What the stand-in has received and sent so far."""
        entries: list[dict[str, Any]] = json.loads(self._control("journal"))["entries"]
        return entries

    def _control(self, name: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self._base}/_standin/{name}", data)
        request.add_header("authorization", f"Bearer {self._token}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as response:
            body: bytes = response.read()
        return body


def _addresses(output: IO[str]) -> dict[str, str]:
    """What the stand-in says to set, once it is ready."""
    lines: dict[str, str] = {}
    for line in output:
        if line == "READY\n":
            return lines
        name, _, value = line.strip().partition("=")
        lines[name] = value
    raise VoicekitError("The stand-in did not start; what it said is above.")


@contextmanager
def stage(profile: str) -> Iterator[Stage]:
    """Start the stand-in, and stop it."""
    command = [sys.executable, "-m", "voicekit", "standin", "--profile", profile]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = _addresses(process.stdout)
            here = "127.0.0.1,localhost"
            yield Stage({**lines, "NO_PROXY": here, "no_proxy": here, "VOICEKIT_OFFLINE": "0"})
        finally:
            process.terminate()


def together(workers: Mapping[Variant, Worker], text: str, rate: float, **order: Any) -> list[Turn]:
    """All variants speak a reply at the same time, a few milliseconds apart."""
    apart = 1 / rate / len(workers)
    for worker in workers.values():
        worker.begin(text, rate, order)
        time.sleep(apart)
    return [worker.finish() for worker in workers.values()]


def in_turn(workers: Mapping[Variant, Worker], text: str, rate: float, **order: Any) -> list[Turn]:
    """The variants speak a reply one after the other."""
    turns = []
    for worker in workers.values():
        worker.begin(text, rate, order)
        turns.append(worker.finish())
    return turns
