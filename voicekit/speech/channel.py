"""The vendor's side of the wire: one utterance's channel over `stream-input`.

A channel takes text and gives audio; it knows nothing of fragments or timing.
Message contract: ElevenLabs' `stream-input` WebSocket reference.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.messages import Audio, read
from voicekit.text.controls import read_by
from voicekit.world.keys import Secret

INACTIVITY = 180
"""Seconds without text after which the vendor hangs up: its maximum, its default is 20."""

_log = logging.getLogger("websockets.client.voicekit")
_log.setLevel(logging.INFO)  # at DEBUG it gets every header of the handshake; one is the key

_LARGEST = 2**24  # bytes of a message: four minutes of sound at 22,050 Hz
_REFUSALS = {1003, 1007, 1008, 1009, 1010, 3000, 3003, *range(4000, 5000)}
"""Codes of a close frame that would come again: not this text, not this key (RFC 6455, 7.4)."""
_REFILL = 0.5  # seconds; a handshake at the same time would delay the utterance's first audio


@dataclass(frozen=True)
class Address:
    """Where to connect and how the voice should sound.

    Args:
        base_url: ElevenLabs' REST address, `http(s)://…`.
        key: sent in the `xi-api-key` header.
        voice: a voice id.
        model: a model id that this endpoint serves (flash, turbo, multilingual; not v3).
        rate: PCM samples a second: 8000, 16000, 22050, 24000, 32000, 44100 or 48000.
        settings: stability, similarity_boost, style, speed, use_speaker_boost.
    """

    base_url: str
    key: Secret
    voice: str
    model: str
    rate: int
    settings: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<Address {self.base_url} voice={self.voice} model={self.model} {self.rate} Hz>"

    def url(self, route: str) -> str:
        """The WebSocket's address. `auto_mode`: each message is a phrase, spoken at once."""
        query = {
            "model_id": self.model,
            "output_format": f"pcm_{self.rate}",
            "auto_mode": "true",
            "inactivity_timeout": INACTIVITY,
        }
        if not read_by(self.model).isdisjoint(("break", "phoneme")):
            query["enable_ssml_parsing"] = "true"  # else the vendor's socket takes tags for text
        base = self.base_url.rstrip("/").replace("http", "ws", 1)
        return f"{base}/v1/text-to-speech/{self.voice}/{route}?{urlencode(query)}"

    async def open(self, route: str) -> ClientConnection:
        """Connect.

        Raises:
            SpeechError: the vendor refused; says why.
            SpeechDroppedError: nobody answered.
        """
        return await dial(self.base_url, self.url(route), self.key)


async def dial(base_url: str, url: str, key: Secret) -> ClientConnection:
    """Connect to a socket of ElevenLabs'.

    Args:
        base_url: the REST address, for messages.
        url: the socket's, `ws(s)://…`.
        key: sent in the `xi-api-key` header.

    Raises:
        SpeechError: the vendor refused; says why.
        SpeechDroppedError: nobody answered.
    """
    try:
        return await _Connect(
            url,
            additional_headers={"xi-api-key": Secret.of(key).reveal()},
            logger=_log,
            compression=None,  # audio in base64 does not shrink, it only costs time
            max_size=_LARGEST,
            max_queue=None,  # a vendor's pings are answered while the listener pauses
            open_timeout=10,
            close_timeout=1,
        )
    except InvalidStatus as refusal:
        raise _refused(refusal) from None  # the cause would carry the key in its headers
    except (OSError, TimeoutError, WebSocketException) as error:
        raise SpeechDroppedError(_unreachable(base_url, str(error))) from None
    except ValueError as error:  # an address that is none; a cause might carry the key
        raise SpeechError(_unreachable(base_url, type(error).__name__), "bad_address") from None


def _unreachable(base_url: str, why: str) -> str:
    return (
        f"ElevenLabs could not be reached at {base_url} ({why}). "
        "Check the address and the network; offline=True uses the stand-in."
    )


class _Connect(connect):
    """Follows no redirect: the key is for the address it was given for."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Leave a redirect a refusal."""
        return exc


class Channel:
    """One utterance over its own `stream-input` socket. Open it with `Channel.open`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._finished = False

    @classmethod
    async def open(cls, address: Address) -> Channel:
        """Connect and send the first message, so that the voice is loaded before the text."""
        channel = cls(await address.open("stream-input"))
        first: dict[str, Any] = {"text": " "}
        if address.settings:
            first["voice_settings"] = dict(address.settings)
        with contextlib.suppress(SpeechDroppedError):  # who refuses at once is read by `audio`
            await channel._say(first)
        return channel

    @property
    def usable(self) -> bool:
        """Whether the socket still looks open."""
        return self._socket.close_code is None

    async def send(self, text: str) -> None:
        """Have a phrase spoken. It ends with a space; the vendor asks for that."""
        await self._say({"text": text})

    async def keep_alive(self) -> None:
        """Reset the vendor's inactivity timer without saying anything."""
        await self._say({"text": " "})

    async def finish(self) -> None:
        """Say that there is no more text; saying it twice is once.

        A vendor may close before it has begun to speak the last text; wait until it has.
        """
        if not self._finished:
            self._finished = True
            await self._say({"text": ""})

    async def audio(self) -> AsyncGenerator[Audio]:
        """The sound as it arrives, until the vendor says that it was all, or closes as if it was.

        Raises:
            SpeechError: the vendor's own error, with its reason.
            SpeechDroppedError: the connection was lost before the end, or a message is unreadable.
        """
        try:
            while True:
                audio = read(await self._socket.recv())
                yield audio
                if audio.final:
                    return
        except ConnectionClosed as closed:
            lost = closed
        check_close(lost, self._socket)

    def abort(self) -> None:
        """Hang up at once, without a closing handshake."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """Hang up politely."""
        await self._socket.close()

    async def _say(self, message: dict[str, Any]) -> None:
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise SpeechDroppedError("The speech socket closed while text was sent.") from closed


def check_close(closed: ConnectionClosed, socket: ClientConnection) -> None:
    """See that a socket was closed because all was said.

    Raises:
        SpeechError: the vendor's own error, with its reason.
        SpeechDroppedError: the connection was lost.
    """
    close = closed.rcvd  # theirs: one of ours says what we thought of their frames
    if close is None or close.code not in {1000, *_REFUSALS}:
        code, reason = socket.close_code, socket.close_reason
        raise SpeechDroppedError(f"The speech socket closed early (code {code}: {reason or '-'}).")
    if close.code != 1000:
        raise SpeechError.of(close.reason, f"it closed the socket with code {close.code}")


def _refused(refusal: InvalidStatus) -> SpeechError:
    """The error for a handshake's answer: of the vendor's, or of whatever stands before it."""
    status = f"HTTP {refusal.response.status_code}"
    try:
        body = json.loads(refusal.response.body or b"")
    except (ValueError, RecursionError):
        return SpeechError.of(status, None)
    detail = body.get("detail") if isinstance(body, dict) else None
    if not isinstance(detail, dict):
        return SpeechError.of(status, detail)
    known = isinstance(detail.get("status"), str) and detail["status"]
    return SpeechError.of(known or status, detail.get("message"))


class Spare:
    """Opens `stream-input` channels, and keeps one open ahead of the next utterance."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._next: asyncio.Task[Channel] | None = None
        self._refill: asyncio.Task[None] | None = None
        self._warm = False

    async def warm(self) -> None:
        """Have a channel ready.

        Raises:
            SpeechError: the vendor refuses, or cannot be reached.
        """
        self._warm = True
        self._fill()
        assert self._next is not None  # noqa: S101
        try:
            await asyncio.shield(self._next)
        except SpeechError:
            self._next = None
            raise

    def _fill(self) -> None:
        if self._next is None:
            self._next = asyncio.create_task(Channel.open(self._address))

    async def _fill_later(self) -> None:
        await asyncio.sleep(_REFILL)
        self._fill()

    async def channel(self) -> Channel:
        """The spare channel if it still works, else a new one."""
        ready, self._next = self._next, None
        if self._warm:  # the next spare opens once this utterance is on its way
            # A task, since a timer may still fire while a loop ends, and nobody would cancel that.
            if self._refill is not None:
                self._refill.cancel()
            self._refill = asyncio.create_task(self._fill_later())
        if ready is not None:
            with contextlib.suppress(SpeechError):
                channel = await ready
                if channel.usable:
                    return channel
        return await Channel.open(self._address)

    async def close(self) -> None:
        """Hang up the spare."""
        self._warm = False
        if self._refill is not None:
            self._refill.cancel()
            await asyncio.wait([self._refill])
        ready, self._next = self._next, None
        if ready is not None:
            with contextlib.suppress(SpeechError):
                await (await ready).close()
