"""One conversation of `bench agent` by the official SDK: who was heard when, out of the sound."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from elevenlabs import ElevenLabs

from voicekit.audio import Clip
from voicekit.conversation import ClipAudio
from voicekit.conversation.audio_interface import Done
from voicekit.conversation.tape import Span
from voicekit.conversation.track import RATE
from voicekit.errors import VoicekitError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the SDK's own making
    from elevenlabs.conversational_ai.conversation import AsyncConversation

BLOCK = 0.02
"""Seconds of microphone in one message."""
PATIENCE = 20.0
"""Seconds to wait for anything that has to come."""
ANSWER = 0.3
"""Seconds between an interruption and the next answer, at least: sound in them is a remnant."""
GAP = 2.0
"""Seconds of quiet that are no gap in an answer but its end."""
Result = TypeVar("Result")


class Phone(ClipAudio):
    """The caller's end; notes what comes, in seconds since the start.

    Args:
        clips: what to say first.
        options: as for `ClipAudio`.
    """

    def __init__(self, clips: Iterable[Clip], **options: Any) -> None:
        super().__init__(clips, **{"block": BLOCK, "keep": 120.0, **options})
        self.arrived: list[tuple[float, bytes]] = []
        """The agent's sound and when it came."""
        self.understood: list[tuple[float, str]] = []
        self.answers: list[str] = []
        self.corrections: list[tuple[str, str]] = []
        self.interruptions: list[float] = []
        self.played_text = ""
        """What the agent had been heard saying when it was interrupted."""
        self.conversation_id = ""
        self._letters: list[tuple[float, str]] = []
        self._news = asyncio.Event()

    def forget(self) -> None:
        """Let go of what came so far; nobody who talks for long could keep it."""
        for noted in (self.arrived, self.understood, self.answers, self.corrections):
            noted.clear()
        self._letters.clear()
        self.interruptions.clear()

    def output(self, audio: bytes) -> Done:
        """Take the agent's sound."""
        done = super().output(audio)
        self.arrived.append((self.now, audio))
        self._news.set()
        return done

    def interrupt(self) -> Done:
        """Fall silent, and note what had been heard until then."""
        heard = self.played
        done = super().interrupt()
        if not self.interruptions:
            self.played_text = "".join(c for at, c in self._letters if at <= heard)
        self.interruptions.append(self.now)
        self._news.set()
        return done

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> bool:
        """Wait for something that a message brings; False when it did not come in time."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def heard(self, seconds: float) -> None:
        """Wait until so much of the agent was heard, or it has nothing more to say."""
        while self.quiet < GAP and self.played < seconds:  # noqa: ASYNC110
            await asyncio.sleep(BLOCK)

    @property
    def caller_spans(self) -> list[Span]:
        """When the caller was heard, out of the microphone's sound."""
        return self._microphone.spans(self._microphone.end, pause=0.5)

    @property
    def agent_spans(self) -> list[Span]:
        """When the agent was heard, out of the rendered sound."""
        opened = self._opened or 0.0
        spans = self.speaker.newest(pause=0.1)[::-1]
        return [Span(span.start - opened, span.end - opened) for span in spans]

    @property
    def callbacks(self) -> dict[str, Any]:
        """What the SDK's conversation is to call."""

        async def understood(text: str) -> None:
            self.understood.append((self.now, text))

        async def answer(text: str) -> None:
            self.answers.append(text)
            self._news.set()

        async def corrected(original: str, text: str) -> None:
            self.corrections.append((original, text))
            self._news.set()

        async def align(alignment: Any) -> None:
            begins = self.received - len(self.arrived[-1][1]) / 2 / RATE
            times = alignment.char_start_times_ms
            self._letters += [
                (begins + at / 1000, char) for at, char in zip(times, alignment.chars, strict=True)
            ]

        return {
            "callback_user_transcript": understood,
            "callback_agent_response": answer,
            "callback_agent_response_correction": corrected,
            "callback_audio_alignment": align,
        }


@asynccontextmanager
async def call(client: ElevenLabs, agent_id: str, phone: Phone) -> AsyncIterator[Phone]:
    """Hold a conversation; at the end, hang up and wait until it is over."""
    seam: Any = phone  # the SDK looks for the four methods, not for the type
    conversation = AsyncConversation(
        client, agent_id, requires_auth=False, audio_interface=seam, **phone.callbacks
    )
    await conversation.start_session()  # type: ignore[no-untyped-call]
    try:
        yield phone
    finally:
        await conversation.end_session()  # type: ignore[no-untyped-call]
        phone.conversation_id = await conversation.wait_for_session_end() or ""


async def in_parallel(
    jobs: Iterable[Callable[[], Awaitable[Result]]], at_once: int, done: Callable[[], None]
) -> list[Result]:
    """Run jobs in their order, so many at a time.

    Raises:
        VoicekitError: one failed; with what it said.
    """
    waiting, results = iter(list(jobs)), []

    async def work() -> None:
        for job in waiting:
            results.append(await job())
            done()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
    except* Exception as failures:
        first = failures.exceptions[0]
        raise VoicekitError(f"A conversation failed: {type(first).__name__}: {first}") from first
    return results
