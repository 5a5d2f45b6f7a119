"""One context of a speech WebSocket: text is heard, segments are spoken one after the other."""

from __future__ import annotations

import asyncio
import base64
import math
from dataclasses import replace
from typing import Any

from voicekit.errors import EngineError
from voicekit.standin.engines import Speech
from voicekit.standin.http.refusals import FAILED
from voicekit.standin.speech import formats
from voicekit.standin.speech.buffer import DEFAULT_SCHEDULE, TextBuffer
from voicekit.standin.speech.generation import (
    Pace,
    alignment_ms,
    passages,
    pieces,
    without_tags,
)
from voicekit.standin.speech.messages import ClientMessage
from voicekit.standin.speech.settings import VoiceSettings
from voicekit.standin.speech.socket import Complaint, Line


class Context:
    """A voice with its settings, its buffer and its queue. `run` speaks until it has ended.

    Args:
        line: the socket.
        names: fields that every message of this context carries.
        final: the last message.
    """

    def __init__(self, line: Line, names: dict[str, str], final: dict[str, Any]) -> None:
        self._line = line
        self._voice = line.voice
        self._names = names
        self._final = {**final, **names}
        self._first: ClientMessage | None = None
        self._buffer = TextBuffer()
        self._segments: asyncio.Queue[tuple[str, float] | None] = asyncio.Queue()
        self._pace = Pace(line.model.id)
        self._speed = 1.0
        self._dropped = False  # a fault leaves unsaid what is not sounding yet
        self.ended = False

    def hear(self, message: ClientMessage) -> None:
        """Take a message's text; what is due is queued and spoken by `run`.

        Raises:
            Complaint: settings differ from the first message's.
            Refusal: a setting is out of range, or the text too long.
        """
        if self._first is None:
            self._begin(message)
        else:
            self._compare(self._first, message)
        self._line.model.check_length(message.text or "")
        segment = self._buffer.feed(
            message.text or "",
            flush=bool(message.flush),
            trigger=bool(message.try_trigger_generation),
        )
        self._speak(segment)

    def end(self, *, flush: bool = False) -> None:
        """Hear no more. What is queued is still spoken, what is buffered only with `flush`."""
        if not self.ended:
            self.ended = True
            self._dropped = self._line.hasty
            if flush:
                self._speak(self._buffer.feed("", flush=True))
            self._segments.put_nowait(None)

    async def run(self) -> None:
        """Speak the segments in order, then send the final message."""
        while (item := await self._segments.get()) is not None:
            with self._line.state.generation():
                await self._generate(*item)
        await self._line.send(self._final)

    @staticmethod
    def _worded(audio: str, alignment: dict[str, Any] | None) -> dict[str, Any]:
        """A message with sound, in this socket's words."""
        both = {"normalizedAlignment": alignment, "alignment": alignment}
        return {"audio": audio, "isFinal": None, **both}

    def _begin(self, message: ClientMessage) -> None:
        settings = message.voice_settings or VoiceSettings()
        settings.check(self._line.model)
        self._speed = settings.pace(self._line.model)
        config = message.generation_config
        schedule = config and config.chunk_length_schedule
        self._buffer = TextBuffer(schedule or DEFAULT_SCHEDULE, self._line.query.auto_mode)
        self._first = message

    @staticmethod
    def _compare(first: ClientMessage, message: ClientMessage) -> None:
        for field in ("voice_settings", "generation_config"):
            before, now = getattr(first, field), getattr(message, field)
            # `{}` says nothing, so it is no change.
            if now and now.model_dump(exclude_none=True) and now != before:
                raise Complaint(
                    "invalid_parameters",
                    f"{field} field must be provided in the first message and then either be "
                    "not provided or not change.",
                )

    def _speak(self, segment: str) -> None:
        if segment:
            state = self._line.state
            state.characters += math.ceil(len(segment) * self._line.model.cost)
            self._segments.put_nowait((segment, state.now()))

    async def _generate(self, segment: str, at: float) -> None:
        """Speak one segment, on the pace of the profile from when it was asked for."""
        state = self._line.state
        self._pace.begin(state.profile, at)
        sent = 0.0
        for part in passages(segment):
            try:
                words = without_tags(part) if self._line.query.enable_ssml_parsing else part
                speech = await state.voice.say(words, self._voice.offline, self._speed)
                speech = replace(speech, text=part)
                if not await self._send(speech, sent):
                    return
            except EngineError as error:
                raise Complaint(
                    "service_unavailable", str(error), self._names, code=FAILED
                ) from error
            sent += speech.ends[-1]
        self._pace.end(sent)

    async def _send(self, speech: Speech, sent: float) -> bool:
        """Send a passage's audio. Its alignment comes once, or with every piece its share.

        Returns:
            False: it was dropped, before any of it sounded.
        """
        encoder = formats.encoder(self._line.query.output_format, speech.rate)
        sync = self._line.query.sync_alignment
        for piece in pieces(speech, encoder):
            if not piece.audio:
                continue
            await self._pace.wait(sent + piece.start)
            if self._dropped and sent + piece.start == 0:
                return False
            alignment = None
            if sync:
                alignment = alignment_ms(speech, piece.first, piece.last, piece.start)
            elif piece.first == 0 and piece.start == 0:
                alignment = alignment_ms(speech, 0, len(speech.text), 0.0)
            audio = base64.b64encode(piece.audio).decode()
            await self._line.send({**self._worded(audio, alignment), **self._names})
        return True
