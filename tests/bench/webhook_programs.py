"""The programs of `bench webhook`: started, spoken to, and ended with the block."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.webhook_server import SECRET, STATE
from bench.webhook_upstream import RATE
from voicekit.errors import VoicekitError

SERIAL = "the article's"


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One of the programs beside this one, ended with the block."""
    command = [sys.executable, "-m", f"bench.{module}", *arguments]
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    program = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def line(program: subprocess.Popen[str]) -> str:
    """What it prints next.

    Raises:
        VoicekitError: it has ended.
    """
    output: IO[str] | None = program.stdout
    assert output is not None
    said = output.readline().strip()
    if not said:
        raise VoicekitError("A process of the benchmark ended; what it said is above.")
    return said


def hold(
    load: subprocess.Popen[str],
    port: str,
    variant: str,
    streams: int,
    seconds: float,
    rate: float = RATE,
    hang_up: float = 0.0,
) -> dict[str, Any]:
    """Let the callers hold so many streams open for so long; what they saw.

    Raises:
        VoicekitError: not one answer came.
    """
    order = {
        "port": int(port),
        "path": "/llm-webhook" if variant == SERIAL else "/v1/chat/completions",
        "secret": SECRET,
        "streams": streams,
        "seconds": seconds,
        "rate": rate,
        "hang_up": hang_up,
    }
    assert load.stdin is not None
    load.stdin.write(json.dumps(order) + "\n")
    load.stdin.flush()
    figures: dict[str, Any] = json.loads(line(load))
    if not figures["first"]:
        raise VoicekitError(f"Nothing came from the variant {variant!r}: every answer broke.")
    return figures


def state(port: str) -> dict[str, float]:
    """What a server has used and holds; see `webhook_server.counting`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{STATE}", timeout=60) as response:
        found: dict[str, float] = json.loads(response.read())
    return found
