"""Speech to text while it is spoken: `listen`, over ElevenLabs' realtime transcription socket.

Sound goes out and text comes in at the same time. When the sound ends, what is not committed yet is
committed, so the last words are in the last event. Message contract: the vendor's reference of
`/v1/speech-to-text/realtime`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicekit.arguments import check_choice, check_items, check_seconds, check_type
from voicekit.audio import sniff_format
from voicekit.errors import AudioError, SpeechError, TranscriptionError
from voicekit.speech.channel import dial
from voicekit.speech.transcripts import Committed, Event, Partial, Problem, read
from voicekit.streams import opened
from voicekit.world import World, connect

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
SHORTEST = 0.3
"""Seconds of new sound that a commit needs; the vendor refuses one with less."""
PATIENCE = 60.0
"""Seconds that the answer to a commit may take."""
_CHUNK = 0.1  # seconds of sound in one message, at most
_NOTHING_NEW = ("commit_throttled", "insufficient_audio_activity")

Frames = AsyncIterable[Any] | Iterable[Any]


class Transcription:
    """Speech being understood: iterate it (`async for`) for its events. Made by `listen`.

    Attributes:
        committed: every committed event with text so far.
        partial: the latest partial text; empty after a commit.
        profile: the latency profile that it is simulated by; None is live.
    """

    def __init__(self, frames: Frames, rate: int, world: World, url: str, previous: str):
        self.committed: list[Committed] = []
        self.partial = ""
        self.profile = world.profile
        self._frames, self._rate, self._previous = frames, rate, previous
        self._world, self._url = world, url
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._answers: asyncio.Queue[str] = asyncio.Queue()  # the texts of commits
        self._owed = 0  # commits of ours that are not answered
        self._fresh = 0.0  # seconds of sound since our last commit
        self._half = b""  # the first byte of a sample whose second one is in the next frame
        self._finishing = False
        self._problem: Problem | None = None
        self._socket: ClientConnection | None = None
        self._work = asyncio.create_task(self._run())

    def __aiter__(self) -> Transcription:
        return self

    async def __anext__(self) -> Event:
        if self._work.done() and self._events.empty():
            raise StopAsyncIteration
        event = await self._events.get()
        if event is None:
            raise StopAsyncIteration
        if isinstance(event, Exception):
            raise event
        return event

    async def __aenter__(self) -> Transcription:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def text(self) -> str:
        """Everything committed so far."""
        return " ".join(event.text for event in self.committed)

    async def commit(self) -> None:
        """Ask for the text of what was sent since the last commit; it comes as an event.

        Silence fills up what is missing to `SHORTEST`; before the first frame it does nothing.
        """
        if self._socket is not None and self._fresh:
            missing = SHORTEST + 0.01 - self._fresh
            self._fresh = 0.0
            self._owed += 1
            await self._send(bytes(2 * max(0, round(missing * self._rate))), commit=True)

    async def close(self) -> None:
        """Hang up at once. What was committed stays in `committed`."""
        self._work.cancel()
        await asyncio.wait({self._work})

    async def _run(self) -> None:
        """Connect, send and read until the last text has come; then say how it ended."""
        ending: Exception | None = None
        try:
            async with opened(self._frames) as frames:
                ending = await self._converse(frames)
        except* SpeechError as errors:
            error = errors.exceptions[0]
            if not isinstance(error, TranscriptionError):
                error = TranscriptionError(str(error), getattr(error, "reason", None))
            ending = error.account(self.text, self.partial)
        except* Exception as errors:
            ending = errors.exceptions[0]
        finally:
            if self._socket is not None:
                await self._socket.close()
            self._events.put_nowait(ending)

    async def _converse(self, frames: AsyncIterator[Any]) -> Exception | None:
        """Send the frames, and read until all is answered; give the frames' own error, if any."""
        failure: Exception | None = None
        url, key = self._world.elevenlabs_url, self._world.elevenlabs_key
        self._socket = await dial(url, self._url, key)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(self._socket))
            try:
                async for frame in frames:
                    await self._send_frame(frame)
            except Exception as error:  # raised once what came before is understood
                failure = error
            await self._finish()
            reading.cancel()
        return failure

    async def _send_frame(self, frame: Any) -> None:
        pcm = self._half + _pcm(frame, self._rate)
        pcm, self._half = pcm[: len(pcm) // 2 * 2], pcm[len(pcm) // 2 * 2 :]
        if not self._fresh and not self.committed and (kind := sniff_format(pcm)):
            raise AudioError(f"The first frame looks like {kind}, not PCM16. Decode it first.")
        size = 2 * round(_CHUNK * self._rate)
        for first in range(0, len(pcm), size):
            await self._send(pcm[first : first + size])

    async def _send(self, pcm: bytes, commit: bool = False) -> None:
        """Send a chunk. A hang-up is left to `_read`, which knows why."""
        assert self._socket is not None  # noqa: S101
        message = {
            "message_type": "input_audio_chunk",
            "audio_base_64": base64.b64encode(pcm).decode(),
            "commit": commit,
            "sample_rate": self._rate,
        }
        if self._previous:
            message["previous_text"], self._previous = self._previous, ""
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps(message))
        self._fresh += 0.0 if commit else len(pcm) / 2 / self._rate

    async def _finish(self) -> None:
        """Commit the rest, until a commit brings nothing.

        The answer to a commit of ours may be behind one of the vendor's own, and nothing tells
        them apart; but only the answer of the last one is empty.
        """
        self._finishing, self._answers = True, asyncio.Queue()
        await self.commit()
        while self._owed:
            try:
                text = await asyncio.wait_for(self._answers.get(), PATIENCE)
            except TimeoutError:
                if self.partial or not self.committed:
                    told = f"ElevenLabs did not answer a commit within {PATIENCE:g} s."
                    raise TranscriptionError(told, "timeout") from None
                return  # all that was heard is committed
            if text and not self._owed:
                self._fresh = 1e-9  # nothing but the silence that a commit adds
                await self.commit()

    async def _read(self, socket: ClientConnection) -> None:
        """Hand over events until the vendor hangs up.

        Raises:
            TranscriptionError: it did; with its own reason where it gave one.
        """
        try:
            while True:
                event = read(await socket.recv())
                if isinstance(event, Partial):
                    if event.text == self.partial:
                        continue  # the vendor says it again once a second
                    self.partial = event.text
                elif isinstance(event, Committed):
                    self.partial, self._owed = "", max(0, self._owed - 1)
                    self._answers.put_nowait(event.text)
                    if event.text:
                        self.committed.append(event)
                    elif self._finishing:
                        continue
                elif isinstance(event, Problem) and event.reason != "warning":
                    self._problem = event
                    if self._finishing and event.reason in _NOTHING_NEW:
                        self._owed = 0
                        self._answers.put_nowait("")
                        return  # the vendor's own commit was faster; it hangs up after this one
                if event is not None:
                    self._events.put_nowait(event)
        except ConnectionClosed as closed:
            close = closed.rcvd
        if self._problem is not None:
            raise TranscriptionError.of(self._problem.reason, self._problem.text)
        code, reason = (close.code, close.reason) if close else (1006, "")
        lost = f"The transcription socket closed early (code {code}: {reason or '-'})."
        raise TranscriptionError(lost, "dropped")


def listen(
    frames: Frames,
    world: World | None = None,
    *,
    rate: int = 16000,
    commit: Literal["vad", "manual", "turn_prediction"] = "vad",
    silence: float | None = None,
    language: str | None = None,
    model: str = "scribe_v2_realtime",
    previous_text: str = "",
    keyterms: Sequence[str] = (),
) -> Transcription:
    """Understand speech while it is spoken; iterate the result for its events.

    Args:
        frames: PCM16 mono, as bytes or as objects with `pcm` (a microphone's frames, a voice's
            chunks, clips); any iterable, asynchronous or not. Its end ends the transcription.
        world: from `voicekit.connect()`; None connects with its defaults.
        rate: samples a second of the frames.
        commit: who ends a segment: `vad` the vendor at a pause, `manual` you with `commit()`,
            `turn_prediction` the model, by what was said (`scribe_v3_live` only).
        silence: seconds of a pause that `vad` commits at, from 0.3 to 3; None is the vendor's 1.5.
        language: a code such as `en`; None lets the model find out.
        model: a realtime model's id.
        previous_text: what was said before, as context.
        keyterms: words to expect, at most 20 characters each.

    Raises:
        TypeError, ValueError: an argument is not one of those.
        RuntimeError: there is no running event loop.

    The iteration raises TranscriptionError when the vendor refuses or hangs up; it says what was
    committed and what was not. An error of the frames' own is raised after their last text.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("Listening needs a running event loop, as notebooks have.") from None
    remedy = "Pass an iterable of PCM16 frames, such as [clip]."
    check_type("frames", frames, (AsyncIterable, Iterable), remedy)
    if isinstance(frames, str | bytes | bytearray | memoryview):
        raise TypeError(f"`frames` cannot be {type(frames).__name__}. {remedy}")
    world = connect() if world is None else world
    check_type("world", world, World, "Pass what voicekit.connect() returns.")
    if rate not in RATES:
        known = ", ".join(map(str, RATES))
        raise ValueError(f"The vendor takes no PCM of {rate!r} samples a second, but {known}.")
    check_choice("commit", commit, ("vad", "manual", "turn_prediction"))
    query: dict[str, Any] = {
        "model_id": model,
        "audio_format": f"pcm_{rate}",
        "commit_strategy": commit,
        "include_timestamps": "true",
    }
    if silence is not None:
        check_seconds("silence", silence, least=0.3, most=3.0)
        query["vad_silence_threshold_secs"] = silence
    if language is not None:
        query["language_code"] = language
    terms = check_items("keyterms", keyterms, str, "Pass a list of words.")
    if terms:
        query["keyterms"] = terms
    base = world.elevenlabs_url.rstrip("/").replace("http", "ws", 1)
    url = f"{base}/v1/speech-to-text/realtime?{urlencode(query, doseq=True)}"
    return Transcription(frames, rate, world, url, previous_text)


def _pcm(frame: Any, rate: int) -> bytes:
    """The samples of a frame.

    Raises:
        TypeError, ValueError: it has none, or has another rate.
    """
    pcm = getattr(frame, "pcm", frame)
    check_type("frames", pcm, (bytes, bytearray, memoryview), "Pass frames of PCM16 bytes.")
    if getattr(frame, "rate", rate) != rate:
        raise ValueError(f"A frame has {frame.rate} samples a second; pass rate={frame.rate}.")
    return bytes(pcm)
