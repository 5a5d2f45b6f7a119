"""One answer of a `Pipeline`: what the LLM says, what its tools do, and what of it is heard."""

from __future__ import annotations

import asyncio
import inspect
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicekit.errors import SpeechError
from voicekit.speech.tokens import tokens
from voicekit.streams import opened
from voicekit.timeline import Timeline

if TYPE_CHECKING:
    from voicekit.conversation.duplex import Duplex

Message = dict[str, Any]
PATIENCE = 10.0
"""Seconds that a tool has left when the call is cancelled."""
UNKNOWN = "This call broke off. Whether it took effect is not known."


@dataclass
class Turn:
    """How far one answer got, stage by stage.

    Attributes:
        timeline: its marks, from the end of the caller's speech.
        generated: the LLM's text.
        sent: what of that went to the TTS.
        synthesised: seconds of sound that came back.
        delivered: seconds of sound that the loudspeaker was given.
        played: seconds of the answer's sound that were played.
        heard: the text that was heard, whole words only: what the history has.
        interrupted: whether the caller cut it.
        problem: what the LLM or the TTS failed with.
    """

    timeline: Timeline
    generated: str = ""
    sent: str = ""
    synthesised: float = 0.0
    delivered: float = 0.0
    played: float = 0.0
    heard: str = ""
    interrupted: bool = False
    problem: Exception | None = None


class Answer:
    """Something being said that may be held, resumed and stopped.

    Args:
        ask: returns what `Voice.speak` takes, with tools' messages among its text.
        voice: says it.
        history: gets the tools' messages at once, and what was heard at the end.
        apology: said when that fails.
    """

    def __init__(
        self, ask: Callable[[], Any], voice: Any, history: list[Message], apology: str
    ) -> None:
        self.base = len(history)  # messages that it knows, without the caller's last words
        self.released = asyncio.Event()  # it may be heard, and its tools run
        self._history, self._apology = history, apology
        self._owed: set[str] = set()  # tool calls without a result
        self._stopped = False
        self._text: asyncio.Queue[str | None] = asyncio.Queue()
        self._sound, self._from = bytearray(), 0.0  # seconds at which the sound was resumed
        self._goes_on = asyncio.Event()  # not held
        self._goes_on.set()
        self._utterance = voice.speak(self._tokens())
        self.turn = Turn(self._utterance.timeline)
        self._thinking = asyncio.create_task(self._think(ask))

    # --- the LLM and its tools, which an interruption of the voice must not tear apart ------------

    async def _think(self, ask: Callable[[], Any]) -> None:
        try:
            async for token in tokens(self._without_messages(ask())):
                self.turn.generated += token
                self._text.put_nowait(token)
        except Exception as error:  # whatever the LLM's client or a tool raises
            self.turn.problem = error
            self._text.put_nowait(f" {self._apology}" if self.turn.generated else self._apology)
        finally:
            for call in sorted(self._owed):  # an LLM refuses a history with a call left open
                message = {"role": "tool", "tool_call_id": call, "content": UNKNOWN}
                self._history.append(message)
            self._owed.clear()
            self._text.put_nowait(None)

    async def _without_messages(self, stream: Any) -> AsyncGenerator[Any]:
        source = await stream if inspect.isawaitable(stream) else stream
        async with opened([source] if isinstance(source, str) else source) as items:
            async for item in items:
                if not (isinstance(item, Mapping) and "role" in item):
                    yield item
                    continue
                await self.released.wait()  # a tool acts on the world
                self._note(item)
                if self._stopped and not self._owed:
                    return

    def _note(self, message: Mapping[str, Any]) -> None:
        """Enter a tool call or a result into the history.

        Raises:
            ValueError: it is neither.
        """
        calls = {call["id"] for call in message.get("tool_calls") or ()}
        result = message.get("tool_call_id")
        if not calls and result not in self._owed:
            raise ValueError("A message is a tool call or its result. Yield text as a string.")
        # What it says beside its calls is spoken too: it enters the history once it is heard.
        self._history.append({**message, **({"content": None} if calls else {})})
        self._owed |= calls
        self._owed.discard(str(result))

    async def _tokens(self) -> AsyncGenerator[str]:
        while (token := await self._text.get()) is not None:
            yield token

    # --- the loudspeaker --------------------------------------------------------------------------

    async def play(self, audio: Duplex) -> None:
        """Have it heard to its end, or until it is stopped.

        Raises:
            SpeechError: the TTS failed; what came before is heard to its end.
        """
        audio.begin()
        failure: SpeechError | None = None
        try:
            async for chunk in self._utterance:
                self._sound += chunk.pcm
                if self._goes_on.is_set():
                    audio.play(chunk)
        except SpeechError as error:
            failure = error
        while not self._stopped and (audio.playing or not self._goes_on.is_set()):
            await self._goes_on.wait()
            await audio.drain()
        if failure:
            raise failure

    def hold(self, audio: Duplex) -> None:
        """Fall silent, perhaps for a moment."""
        if not self._stopped:
            self._goes_on.clear()
            audio.flush()

    def resume(self, audio: Duplex) -> None:
        """Go on at the word that was cut."""
        if self._stopped or self._goes_on.is_set():
            return

        def words(seconds: float) -> int:
            return len(self._utterance.heard(seconds).rstrip())

        played = self._from + audio.played
        steps = range(round(1000 * played))
        word = bisect_left(steps, words(played), key=lambda ms: words(ms / 1000))
        self._from = word / 1000
        audio.begin()
        audio.play(bytes(self._sound[2 * round(self._from * audio.sample_rate) :]))
        self._goes_on.set()

    def interrupt(self, audio: Duplex) -> None:
        """Fall silent for good."""
        self.turn.interrupted = True
        self.stop()
        audio.flush()

    def stop(self) -> None:
        """Hang up on the LLM and the TTS, but let a tool that has begun finish."""
        self._stopped = True
        self._goes_on.set()
        self._utterance.cancel()
        if not self._owed:
            self._thinking.cancel()

    async def close(self, audio: Duplex, patience: float | None = None) -> None:
        """End it, and enter what was heard into the history, behind what its tools did.

        Args:
            audio: plays it.
            patience: seconds that a tool may still take; None: as long as it needs.
        """
        turn, utterance = self.turn, self._utterance
        self.stop()
        turn.played = self._from + audio.flush()
        try:
            await asyncio.wait({self._thinking}, timeout=patience)
        except asyncio.CancelledError:
            await asyncio.wait({self._thinking}, timeout=PATIENCE)
            raise
        finally:
            if self._thinking.cancel():
                await asyncio.wait({self._thinking})
            turn.sent, turn.heard = utterance.text, utterance.heard(turn.played)
            turn.synthesised = sum(chunk.seconds for chunk in utterance.chunks)
            turn.delivered = len(self._sound) / 2 / audio.sample_rate
            if turn.heard.strip():
                self._history.append({"role": "assistant", "content": turn.heard})
