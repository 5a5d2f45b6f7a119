"""Does the stand-in keep its profile's times? First chunk minus the profile's figure."""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from websockets.sync.client import connect

from bench.table import Progress, Row
from voicekit.standin.catalog import profiles

MODEL = "eleven_flash_v2_5"
VOICE = "21m00Tcm4TlvDq8ikWAM"
TEXT = "Your parcel left the warehouse this morning, and it should be with you by Friday."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often each route is asked."""
    parser.add_argument("--requests", type=int, default=100, help="per route (default 100)")


def measure(options: argparse.Namespace) -> list[Row]:
    """Ask each route in turn, interleaved, over a connection that is already open."""
    profile = profiles.load(options.profile)
    with _standin(options.profile) as base:
        routes: dict[str, tuple[float, Callable[[], float]]] = {
            "HTTP stream": (profile.tts_first_chunk(MODEL), _http_stream(base)),
            "stream-input": (profile.tts_first_chunk(MODEL), _stream_input(base)),
            "chat completions": (profile.llm_first_token, _chat(base)),
        }
        rows = {name: Row(name, "first chunk late by") for name in routes}
        progress = Progress(options.requests * len(routes))
        for turn in range(options.requests + 1):
            for name, (figure, ask) in routes.items():
                late = ask() - figure
                if turn:  # the first turn warms the engine up
                    rows[name].samples.append(late * 1000)
                    progress.step()
    return list(rows.values())


@contextmanager
def _standin(profile: str) -> Iterator[str]:
    """A stand-in in a process of its own, as far away as a vendor can be on one machine."""
    command = [sys.executable, "-m", "voicekit", "standin", "--profile", profile]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            lines = dict(
                line.strip().split("=", 1) for line in iter(process.stdout.readline, "READY\n")
            )
            yield lines["ELEVENLABS_BASE_URL"].removesuffix("/elevenlabs")
        finally:
            process.terminate()


def _http_stream(base: str) -> Callable[[], float]:
    path = f"/elevenlabs/v1/text-to-speech/{VOICE}/stream?output_format=pcm_22050"
    return _post(base, path, {"text": TEXT, "model_id": MODEL}, {"xi-api-key": "bench"})


def _chat(base: str) -> Callable[[], float]:
    body = {
        "model": "voicekit-script-1",
        "stream": True,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    return _post(base, "/openai/v1/chat/completions", body, {"authorization": "Bearer bench"})


def _post(
    base: str, path: str, body: dict[str, object], headers: dict[str, str]
) -> Callable[[], float]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc)
    data = json.dumps(body).encode()
    headers = {"content-type": "application/json", **headers}

    def ask() -> float:
        start = time.perf_counter()
        connection.request("POST", path, data, headers)
        response = connection.getresponse()
        response.read(1)
        first = time.perf_counter() - start
        response.read()
        return first

    return ask


def _stream_input(base: str) -> Callable[[], float]:
    url = (
        f"ws{base.removeprefix('http')}/elevenlabs/v1/text-to-speech/{VOICE}/stream-input"
        f"?model_id={MODEL}&output_format=pcm_22050&auto_mode=true"
    )

    def ask() -> float:
        with connect(url, additional_headers={"xi-api-key": "bench"}) as socket:
            socket.send(json.dumps({"text": " "}))
            start = time.perf_counter()
            socket.send(json.dumps({"text": TEXT + " "}))
            socket.recv()
            first = time.perf_counter() - start
            socket.send(json.dumps({"text": ""}))
            for _ in socket:
                pass
        return first

    return ask
