"""`/v1/speech-to-text/realtime`: sound in while it is spoken, partial and committed text out.

Source: the vendor's AsyncAPI contract of Scribe and the types of its official SDK. What neither
says comes from clients that were tried against the vendor: a commit of less than 0.3 s ends the
session, a commit without speech is answered with an empty text, and after 90 s without a commit the
vendor makes one (LiveKit's and Pipecat's plugins, elevenlabs/packages issue 378).
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field
from starlette.websockets import WebSocket, WebSocketDisconnect

from voicekit.errors import EngineError
from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.conversation.sound import Intake, rate, seconds
from voicekit.standin.engines import Heard
from voicekit.standin.http import auth
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.segment import SLICE, Segment, word_messages
from voicekit.standin.speech.settings import Invalid, Sent, read_json, read_query
from voicekit.standin.state import State
from voicekit.turns import Eagerness, Endpointer, Thresholds

PATH = "/v1/speech-to-text/realtime"
TOKEN = "realtime_scribe"  # noqa: S105  the kind of a token, not one
SHORTEST = 0.3
"""Seconds of sound that a commit needs."""
LONGEST = 90.0
"""Seconds after which the vendor commits by itself."""
LARGEST = 2**19
"""Bytes of sound in one chunk; the vendor does not say where its limit is."""
BACKLOG = 120.0
"""Seconds of sound that may wait to be heard; the vendor does not say how much it lets wait."""

_ENGLISH = ("en", "eng")
_PAUSE = 0.8  # seconds that end an utterance within a manual segment
_FILLERS = re.compile(r"\b(?:um+|uh+|er+|hmm+)\b[,.]?\s*", re.IGNORECASE)
_Term = Annotated[str, Field(max_length=20)]


class Query(Sent):
    """What the address may say."""

    model_id: Literal["scribe_v2_realtime", "scribe_v3_live"]
    audio_format: Literal[
        "pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"
    ] = "pcm_16000"
    commit_strategy: Literal["manual", "vad", "turn_prediction"] = "manual"
    vad_silence_threshold_secs: Annotated[float, Field(ge=0.3, le=3.0)] = 1.5
    vad_threshold: Annotated[float, Field(ge=0.1, le=0.9)] = 0.4
    min_speech_duration_ms: Annotated[int, Field(ge=50, le=2000)] = 100
    min_silence_duration_ms: Annotated[int, Field(ge=50, le=2000)] = 100
    language_code: str | None = None
    secondary_languages: tuple[str, ...] = ()
    include_timestamps: bool = False
    include_language_detection: bool = False
    keyterms: Annotated[tuple[_Term, ...], Field(max_length=50)] = ()
    no_verbatim: bool = False
    filter_background_audio: bool = False
    enable_logging: bool = True
    entity_detection: tuple[str, ...] = ()
    entity_redaction: tuple[str, ...] = ()
    transcript_edit: str | None = None

    def check(self) -> None:
        """Refuse what the vendor refuses, and what the stand-in would quietly leave out.

        Raises:
            Refusal: says what and why.
        """
        if self.commit_strategy == "turn_prediction" and self.model_id != "scribe_v3_live":
            raise _invalid("commit_strategy=turn_prediction needs model_id=scribe_v3_live.")
        if self.filter_background_audio and self.include_timestamps:
            raise _invalid("filter_background_audio cannot be combined with include_timestamps.")
        for language in [self.language_code or "en", *self.secondary_languages]:
            if language.lower() not in _ENGLISH:
                raise _invalid(
                    f"The stand-in hears English only, not {language[:20]!r}. Leave it out or "
                    "say 'en'; the vendor takes a language without a region."
                )
        for name in ("entity_detection", "entity_redaction", "transcript_edit"):
            if getattr(self, name):
                raise _invalid(f"The stand-in does not do {name!r}: it gives words and times.")

    def endpointer(self) -> Endpointer:
        """What cuts utterances; with `vad` and `turn_prediction` its cuts are commits."""
        start = self.vad_threshold
        first = self.min_speech_duration_ms / 1000
        thresholds = Thresholds(start=start, stay=max(0.05, start - 0.15), first=first)
        if self.commit_strategy == "turn_prediction":  # by the words so far
            return Endpointer("normal", thresholds=thresholds)
        pause = _PAUSE
        if self.commit_strategy == "vad":
            pause = max(self.vad_silence_threshold_secs, self.min_silence_duration_ms / 1000)
        return Endpointer(Eagerness(pause, pause, pause), thresholds=thresholds)


class Chunk(Sent):
    """The one message that a client sends. A bare `commit` is taken, too."""

    message_type: Literal["input_audio_chunk", "commit"] = "input_audio_chunk"
    sound: Annotated[str, Field(validation_alias=AliasChoices("audio_base_64"))] = ""
    commit: bool = False
    sample_rate: int | None = None
    previous_text: str | None = None


async def realtime(websocket: WebSocket) -> None:
    """Serve one session.

    Raises:
        Refusal: why it ends; the client gets it as an error message and a close.
    """
    query = read_query(Query, websocket.query_params)
    query.check()
    state: State = websocket.state.standin
    token = websocket.query_params.get("token")
    if token and not state.signatures.redeem(token, TOKEN):
        raise Refusal("elevenlabs", "invalid_api_key", "The token was used, or is too old.")
    if not token:
        auth.require_key(state, "elevenlabs", websocket.headers.get("xi-api-key"))
    await websocket.accept()
    try:
        await _Session(websocket, state, query).run()
    except* WebSocketDisconnect:
        pass  # whoever left needs no goodbye


class _Session:
    """One connection: a task reads messages, another hears them in their order."""

    def __init__(self, websocket: WebSocket, state: State, query: Query) -> None:
        self._websocket, self._state, self._query = websocket, state, query
        self._intake = Intake(query.audio_format)
        self._waiting: asyncio.Queue[tuple[Chunk, bytes, float]] = asyncio.Queue()
        self._backlog = 0.0
        self._first = True
        self._segment: Segment

    async def run(self) -> None:
        """Until the client leaves.

        Raises:
            ExceptionGroup: of the `Refusal` or `WebSocketDisconnect` that ended it.
        """
        query = self._query
        opening = asyncio.ensure_future(self._state.ears.open(query.keyterms))
        try:
            await self._send(self._started())
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                ear = await opening
                self._segment = Segment(ear, query.endpointer, self._send, self._latency)
                await self._hear()
        except* EngineError as errors:
            raise Refusal("elevenlabs", "transcriber_error", str(errors.exceptions[0])) from None
        finally:
            opening.cancel()
            await asyncio.wait({opening})
            if hasattr(self, "_segment"):
                self._segment.close()
            elif not opening.cancelled() and not opening.exception():
                opening.result().close()

    async def _read(self) -> None:
        while True:
            raw = await self._websocket.receive()
            if raw["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(raw.get("code", 1005))
            chunk, sound = self._parse(raw.get("text"))
            self._backlog += seconds(sound, self._query.audio_format)
            if self._backlog > BACKLOG:
                said = f"More than {BACKLOG:g} s of sound wait to be heard."
                raise Refusal("elevenlabs", "queue_overflow", said)
            self._waiting.put_nowait((chunk, sound, self._state.now()))

    def _parse(self, text: str | None) -> tuple[Chunk, bytes]:
        if text is None:
            raise _unreadable("Messages are JSON text; this one was binary.")
        try:
            chunk = read_json(Chunk, text, "message")
            sound = base64.b64decode(chunk.sound, validate=True)
        except Invalid as error:
            raise _unreadable(error.message) from None
        except ValueError:  # binascii's own, or for a letter that is not of ASCII
            raise _unreadable("audio_base_64 is not base64.") from None
        if len(sound) > LARGEST:
            said = f"A chunk has at most {LARGEST:,} bytes of sound, not {len(sound):,}."
            raise Refusal("elevenlabs", "chunk_size_exceeded", said)
        wanted = rate(self._query.audio_format)
        if chunk.sample_rate not in (None, wanted):
            raise _unreadable(
                f"sample_rate is {chunk.sample_rate}, but the address says "
                f"audio_format={self._query.audio_format}: {wanted}."
            )
        if chunk.previous_text and not self._first:
            raise _unreadable("previous_text can only be sent with the first chunk.")
        self._first = False
        return chunk, sound

    async def _hear(self) -> None:
        while True:
            chunk, sound, came = await self._waiting.get()
            pcm = self._intake.feed(sound)
            for first in range(0, len(pcm), SLICE):
                over = await self._segment.hear(pcm[first : first + SLICE])
                strategy = self._query.commit_strategy
                if (over and strategy != "manual") or self._segment.seconds >= LONGEST:
                    await self._commit(self._state.now())
            self._backlog -= seconds(sound, self._query.audio_format)
            if chunk.commit or chunk.message_type == "commit":
                if self._segment.seconds < SHORTEST - 0.02:  # what a resampler may hold back
                    said = (
                        f"Commit request ignored: only {self._segment.seconds:.2f}s of uncommitted "
                        f"audio. You need at least {SHORTEST}s of uncommitted audio before "
                        "committing."
                    )
                    raise Refusal("elevenlabs", "commit_throttled", said)
                await self._commit(came)

    async def _commit(self, asked: float) -> None:
        heard = await self._segment.commit()
        text = _FILLERS.sub("", heard.text) if self._query.no_verbatim else heard.text
        await wait_until(asked + self._latency())
        await self._send({"message_type": "committed_transcript", "text": text})
        if self._query.include_timestamps or self._query.include_language_detection:
            await self._send(self._with_timestamps(text, heard))

    def _with_timestamps(self, text: str, heard: Heard) -> dict[str, Any]:
        return {
            "message_type": "committed_transcript_with_timestamps",
            "text": text,
            "language_code": self._query.language_code or "en",
            "words": word_messages(heard) if self._query.include_timestamps else [],
        }

    def _started(self) -> dict[str, Any]:
        hidden = {"entity_redaction", "transcript_edit", "commit_strategy", "include_timestamps"}
        query, strategy = self._query, self._query.commit_strategy
        config = {
            **query.model_dump(exclude=hidden, exclude_none=True),
            "sample_rate": rate(query.audio_format),
            "commit_strategy": strategy,  # as the SDK's types have it
            "vad_commit_strategy": strategy,  # as the AsyncAPI contract has it
            "include_timestamps": query.include_timestamps,
            "timestamps_granularity": "word" if query.include_timestamps else "none",
        }
        session_id = self._state.next_id("scribe")
        return {"message_type": "session_started", "session_id": session_id, "config": config}

    def _latency(self) -> float:
        return self._state.profile.transcript_after(self._query.model_id)

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._websocket.send_json(message)
        except RuntimeError as gone:  # closed by the server's own layer, or found by another task
            raise WebSocketDisconnect(1006) from gone


def _invalid(message: str) -> Refusal:
    return Refusal("elevenlabs", "invalid_parameters", message)


def _unreadable(message: str) -> Refusal:
    return Refusal("elevenlabs", "input_error", message)
