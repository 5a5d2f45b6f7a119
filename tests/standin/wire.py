"""The speech sockets as a client with no SDK sees them."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

RACHEL = "21m00Tcm4TlvDq8ikWAM"
GEORGE = "JBFqnCBsd6RMkjVDRZzb"
FLASH = "eleven_flash_v2_5"


@dataclass
class Heard:
    """All that came until the socket closed."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    @property
    def audio(self) -> bytes:
        return b"".join(sound(message) for message in self.messages)

    @property
    def chars(self) -> str:
        aligned = (message.get("alignment") for message in self.messages)
        return "".join("".join(alignment["chars"]) for alignment in aligned if alignment)

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[-1]

    def of(self, context: str) -> Heard:
        return Heard([m for m in self.messages if m.get("contextId") == context], self.code)


def sound(message: dict[str, Any]) -> bytes:
    return base64.b64decode(message.get("audio") or "")


@contextlib.contextmanager
def dial(
    standin: Any,
    kind: str = "stream-input",
    voice: str = RACHEL,
    key: str | None = "k",
    **query: Any,
) -> Iterator[ClientConnection]:
    query = {"model_id": FLASH, "output_format": "pcm_22050", **query}
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    url = f"{base}/v1/text-to-speech/{voice}/{kind}?{urlencode(query)}"
    headers = {"xi-api-key": key} if key else {}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        yield socket


def say(socket: ClientConnection, *messages: dict[str, Any] | str) -> None:
    for message in messages:
        message = {"text": message} if isinstance(message, str) else message
        socket.send(json.dumps(message))


def hear(socket: ClientConnection, timeout: float = 10) -> Heard:
    """Everything until the close."""
    heard = Heard()
    try:
        while True:
            heard.messages.append(json.loads(socket.recv(timeout)))
    except ConnectionClosed:
        heard.code, heard.reason = socket.close_code, socket.close_reason or ""
    return heard


def hear_until(socket: ClientConnection, field: str, timeout: float = 10) -> Heard:
    """Everything up to the first message in which `field` is set."""
    heard = Heard()
    while not heard.messages or not heard.last.get(field):
        heard.messages.append(json.loads(socket.recv(timeout)))
    return heard
