"""`Caller`: goes through a script by what it hears, and keeps the transcript of both sides."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from voicekit.arguments import check_number, check_seconds
from voicekit.conversation.audio_interface import Done
from voicekit.conversation.clips import ClipAudio
from voicekit.conversation.script import Line, Room, Script, recorded

if TYPE_CHECKING:
    from voicekit.world import World

BLOCK = 0.02
"""Seconds of microphone in one message: also how finely a cue is met."""
FRAME = 512
"""Samples in which the stand-in judges voice activity, 32 ms: a line begins with one of them.
Otherwise the same words, said a hundredth of a second later, would now and then be understood in
another way."""
RACHEL = "21m00Tcm4TlvDq8ikWAM"


class Said(NamedTuple):
    """One entry of the transcript. `at` in seconds from the start."""

    at: float
    who: str  # "caller", "understood", "agent", "corrected"
    text: str


class Caller(ClipAudio):
    """A caller who speaks a script: for tests, for CI, for learners without a microphone.

    ```python
    caller = voicekit.Caller(["How long does shipping take?"], world)
    conversation = Conversation(
        client, agent_id, requires_auth=True, audio_interface=caller, **caller.callbacks
    )
    ```

    It serves the SDK's `Conversation` and `AsyncConversation`, and as a `Duplex` your own loop,
    whose `frames` end with the script. Cues in words (`over_words`) need the SDK's callbacks.

    Args:
        script: sentences or lines, see `Line`.
        world: whose text to speech is the caller's voice (`voicekit.connect()`).
        voice: a voice's id; another one than the agent's makes it easier to follow.
        level: loudness of the spoken lines in dB relative to full scale (RMS).
        noise: level of the room in dB relative to full scale.
        patience: seconds to wait for an answer before going on without.
        linger: seconds of quiet after the last answer before the script is finished.
        options: as for `ClipAudio`.

    Raises:
        AudioError: a line has neither a sound nor a world to speak it.
        TypeError: the script is no list of sentences and lines, or a figure is no number.
        ValueError: a figure is out of range.
    """

    def __init__(
        self,
        script: Iterable[str | Line],
        world: World | None = None,
        *,
        voice: str = RACHEL,
        level: float = -26.0,
        noise: float | None = -65.0,
        patience: float = 10.0,
        linger: float = 0.5,
        block: float = BLOCK,
        **options: Any,
    ) -> None:
        check_number("level", level, most=0.0, remedy="Levels are in dB below full scale.")
        check_seconds("patience", patience)
        check_seconds("linger", linger)
        super().__init__(block=block, noise=noise, frame=FRAME, **options)
        self._script = Script(recorded(script, world, voice, level), patience, linger)
        self._words: list[float] = []  # seconds of the agent's sound at which each word begins
        self._ended = threading.Event()
        self.transcript: list[Said] = []
        """Who said what: the caller's lines, what the agent understood, what it said."""
        self.on_block(self._follow_script)

    @property
    def unanswered(self) -> list[Line]:
        """The lines that nothing was said to."""
        return self._script.unanswered

    @property
    def finished(self) -> bool:
        """Whether the last line was answered, or the session is over."""
        return self._ended.is_set()

    def wait(self, timeout: float = 60.0) -> bool:
        """Block until the script is finished; False when `timeout` seconds passed before."""
        return self._ended.wait(timeout)

    async def done(self, within: float = 60.0) -> bool:
        """`wait` for code that awaits; it lets the notebook's stop button through."""
        try:
            async with asyncio.timeout(within):
                while not self._ended.is_set():  # noqa: ASYNC110  another thread may set it
                    await asyncio.sleep(BLOCK)
        except TimeoutError:
            return False
        return True

    @property
    def callbacks(self) -> dict[str, Callable[..., Done]]:
        """The callbacks of a conversation that fill the transcript and find words."""
        return {
            "callback_agent_response": lambda text: self._note("agent", text),
            "callback_agent_response_correction": lambda _, text: self._note("corrected", text),
            "callback_user_transcript": lambda text: self._note("understood", text),
            "callback_audio_alignment": self._align,
            "callback_disconnect": lambda _: self._end(),
        }

    def _follow_script(self) -> None:
        heard = self._heard
        words = sum(start <= heard for start in self._words)
        room = Room(self.now, heard, words, self.quiet, self.speaking)
        line = self._script.cue(room)
        if line is not None and line.sound is not None:
            self._note("caller", line.text)
            self.say(line.sound)
        elif self._script.finished:
            self._ended.set()

    def _note(self, who: str, text: str) -> Done:
        self.transcript.append(Said(self.now, who, text))
        return Done()

    def _align(self, alignment: Any) -> Done:
        """Note where words begin; the SDK hands over a chunk's sound just before this."""
        if alignment.chars:
            length = alignment.char_start_times_ms[-1] + alignment.char_durations_ms[-1]
            spoken, begin = self.received - length / 1000, True
            for char, start in zip(alignment.chars, alignment.char_start_times_ms, strict=False):
                if begin and char.isalnum():
                    self._words.append(spoken + start / 1000)
                begin = char.isspace()
        return Done()

    def _end(self) -> Done:
        self._ended.set()
        return Done()

    def _close(self) -> None:
        super()._close()
        self._ended.set()

    def _is_over(self) -> bool:
        return self.finished
