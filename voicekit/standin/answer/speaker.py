"""The agent's voice for one turn: pieces of text in, audio events out, at the profile's pace."""

from __future__ import annotations

import asyncio
from typing import Any

from voicekit.errors import EngineError
from voicekit.standin.answer.playout import Playout
from voicekit.standin.answer.statement import Statement
from voicekit.standin.conversation import events, sound
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import OPERATIONAL, Ended
from voicekit.standin.engines import Speech
from voicekit.standin.engines.worker import DiedError
from voicekit.standin.speech import formats
from voicekit.standin.speech.generation import Pace, Piece, alignment_ms, passages, pieces

_Part = tuple[str, int, Statement, float]


class Speaker:
    """Speaks what it is given, in order.

    Args:
        call: the conversation.
        event_id: the turn's id.
        released: set once the turn may be heard; until then audio is made and held.
        playout: where the sound is noted.
    """

    def __init__(
        self, call: Call, event_id: int, released: asyncio.Event, playout: Playout
    ) -> None:
        self._call = call
        self._event_id = event_id
        self._released = released
        self._playout = playout
        self._parts: asyncio.Queue[_Part | None] = asyncio.Queue()
        self._pace = Pace(call.opening.config.tts.model_id)
        self.done = asyncio.Event()
        """Set once all was sent."""
        self.silent = False
        """Set when the turn is cut: nothing more leaves."""

    def say(self, text: str, statement: Statement) -> None:
        """Queue the next piece of a statement's text."""
        start = statement.given
        statement.given += len(text)
        if text.strip():
            self._parts.put_nowait((text, start, statement, self._call.state.now()))

    def finish(self) -> None:
        """Nothing follows."""
        self._parts.put_nowait(None)

    async def run(self) -> None:
        """Speak until `finish`.

        Raises:
            Ended: 1002 `tts_cascade_error`, the voice failed.
        """
        while (part := await self._parts.get()) is not None:
            with self._call.state.generation():
                await self._speak(*part)
        self.done.set()

    async def _speak(self, text: str, start: int, statement: Statement, asked: float) -> None:
        state, tts = self._call.state, self._call.opening.config.tts
        self._pace.begin(state.profile, asked)
        sent = 0.0
        for passage in passages(text):
            try:
                speech = await self._say(passage)
                encoder = formats.encoder(tts.agent_output_audio_format, speech.rate)
            except (EngineError, formats.UnknownFormat) as error:
                raise Ended(OPERATIONAL, str(error), "tts_cascade_error") from error
            for piece in pieces(speech, encoder):
                if piece.audio:
                    await self._pace.wait(sent + piece.start)
                    await self._released.wait()
                    statement.first_audio(asked, state.now())
                    self._send(speech, piece, start, statement)
            sent += speech.ends[-1]
            start += len(passage)
        self._pace.end(sent)

    async def _say(self, passage: str) -> Speech:
        """Speak a passage; a voice that died of it is asked once more, since death is rare."""
        voice, speed = self._call.voice.offline, self._call.opening.config.tts.speed
        try:
            return await self._call.state.voice.say(passage, voice, speed)
        except DiedError:
            return await self._call.state.voice.say(passage, voice, speed)

    def _send(self, speech: Speech, piece: Piece, start: int, statement: Statement) -> None:
        if self.silent:
            return
        call = self._call
        output_format = call.opening.config.tts.agent_output_audio_format
        seconds = sound.seconds(piece.audio, output_format)
        chars = tuple(
            (start + index + 1, speech.ends[index] - piece.start)
            for index in range(piece.first, piece.last)
        )
        begins = self._playout.lay(statement, seconds, chars, call.state.now())
        call.record.recording.said(sound.pcm(piece.audio, output_format), begins - call.started)
        call.outbox.post(events.audio(piece.audio, self._event_id, _alignment(speech, piece)))


def _alignment(speech: Speech, piece: Piece) -> dict[str, Any] | None:
    """The contract's alignment; None where no character begins, since null breaks a client."""
    if piece.first == piece.last:
        return None
    timed = alignment_ms(speech, piece.first, piece.last, piece.start)
    return {
        "chars": timed["chars"],
        "char_start_times_ms": [max(0, start) for start in timed["charStartTimesMs"]],
        "char_durations_ms": timed["charDurationsMs"],
    }
