"""`Pipeline`: VAD, ASR, LLM and TTS joined, for those who want the loop of lesson 04 to run.

    _watch ── frames → VAD → turns ──┬── sound ── `listen` ── _read ── texts ── _answer
                                     └── the caller begins: the answer under way falls silent

What the caller has not heard never enters the history; what a tool has done always does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from voicekit.arguments import check_callable, check_type
from voicekit.conversation.answer import PATIENCE, Answer, Message, Turn
from voicekit.errors import SpeechError
from voicekit.speech.transcripts import Committed, Partial, Problem
from voicekit.turns import (
    AgentHeld,
    Event,
    Speculation,
    SpeechDismissed,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    TurnDetector,
    TurnEnded,
)

if TYPE_CHECKING:
    from voicekit.conversation.duplex import Duplex

APOLOGY = "I am sorry, something went wrong. Could you say that again?"
Texts = asyncio.Queue[str | Exception | None]
"""What the caller said, turn by turn; the ASR's failure, or None once he has gone."""
_log = logging.getLogger(__name__)


class Pipeline:
    """One call: whoever speaks is answered, may interrupt, and hears an apology for a failure.

    ```python
    listen = functools.partial(voicekit.listen, world=world, commit="manual")
    async with voicekit.Voice(world, rate=16000) as voice:
        pipeline = voicekit.Pipeline(listen, answer, voice)
        await pipeline.talk(voicekit.AgentAudio(block=0.02))
    ```

    Args:
        listen: given an asynchronous iterable of PCM16 at 16 kHz, returns its transcription.
        answer: given the history, returns what `Voice.speak` takes. Among its text there may be
            messages as OpenAI has them: the assistant's with `tool_calls` *before* the tools run,
            and each result, with role `tool`. They enter the history at once, and an interruption
            waits until each call has its result.
        voice: a `Voice` of 16 kHz, or another object with its `speak`.
        detector: tells the turns; None: an attentive one. If its judge has `Interruption(hold=0.2)`
            a cough makes the agent pause, and go on at the word that was cut.
        history: the messages to begin with.
        speculate: begin an answer when the caller pauses, and hold it back until the turn is over.
            Only for an `answer` that yields its tool calls: those wait.
        apology: said in place of what a failure of the LLM or the TTS took away, and before a
            failure of the ASR ends the call.

    Attributes:
        history: the messages so far; of the assistant's words, those that were heard.
        turns: one `Turn` for each answer, oldest first: how far it got.
    """

    def __init__(
        self,
        listen: Callable[[AsyncGenerator[bytes]], Any],
        answer: Callable[[list[Message]], Any],
        voice: Any,
        *,
        detector: TurnDetector | None = None,
        history: Sequence[Message] = (),
        speculate: bool = False,
        apology: str = APOLOGY,
    ) -> None:
        check_callable("listen", listen, 1, "Pass functools.partial(voicekit.listen, world=world).")
        check_callable("answer", answer, 1, "Pass a function of the history.")
        check_type("apology", apology, str, "Pass a sentence.")
        self.history, self.turns = list(history), list[Turn]()
        self._listen, self._ask, self._voice = listen, answer, voice
        self._detector = detector or TurnDetector(eagerness="attentive")
        self._speculates, self._apology = speculate, apology
        self._guesses = Speculation[Answer]()
        self._now: Answer | None = None  # what is being said
        self._speaks = self._pauses = False  # the caller, within a turn
        self._unsent = 0  # bytes of the newest sound, of which the ASR knows nothing
        self._marks: dict[str, float] = {}

    async def talk(self, audio: Duplex) -> None:
        """Converse until the caller hangs up or the `Duplex` closes; cancelled, it ends sooner.

        A tool that runs has ten seconds even then: what it does should be known.

        Raises:
            SpeechError: the ASR failed, or the TTS could not even say the apology.
            Exception: what a device raises.
        """
        texts: Texts = asyncio.Queue()
        try:
            async with audio, asyncio.TaskGroup() as stages:
                stages.create_task(self._hear(audio, texts))
                stages.create_task(self._answer(audio, texts))
        except ExceptionGroup as errors:
            error: BaseException = errors
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None
        finally:
            self._drop()

    # --- the caller -------------------------------------------------------------------------------

    async def _hear(self, audio: Duplex, texts: Texts) -> None:
        sound: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def speech() -> AsyncGenerator[bytes]:
            while (pcm := await sound.get()) is not None:
                if pcm:
                    yield pcm
                else:  # the turn is over
                    await asr.commit()

        asr = self._listen(speech())
        async with asr, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(asr, texts))
            async for frame in audio.frames():
                self._unsent += len(frame.pcm)
                if self._detector.speaking:
                    sound.put_nowait(frame.pcm)
                    self._unsent = 0
                for event in self._detector.push(frame.pcm, audio.playing):
                    self._judge(event, audio, sound, asr)
            self._speaks = False
            sound.put_nowait(None)

    def _judge(
        self, event: Event, audio: Duplex, sound: asyncio.Queue[bytes | None], asr: Any
    ) -> None:
        match event:
            case SpeechSuspected():
                # Soon after a turn its beginning holds the end of that one, which was sent.
                sound.put_nowait(event.pre_roll[max(0, len(event.pre_roll) - self._unsent) :])
                self._unsent = 0
            case AgentHeld() if self._now:
                self._now.hold(audio)
            case SpeechDismissed(resumes=True) if self._now:
                self._now.resume(audio)
            case SpeechStarted():
                self._speaks = True
                self._drop()
                if self._now:
                    self._now.interrupt(audio)
            case SpeechStopped():
                self._pauses = True
                self._guess(asr.partial)
            case SpeechResumed():
                self._pauses = False
                self._drop()
            case TurnEnded():
                self._speaks = self._pauses = False
                sound.put_nowait(b"")
                now = time.perf_counter()
                ended = now - (self._detector.now - event.at)
                self._marks = {"speech_end": ended, "endpoint": now}

    async def _read(self, asr: Any, texts: Texts) -> None:
        try:
            async for event in asr:
                match event:
                    case Partial(text):
                        self._detector.hint(text)
                        if self._pauses:
                            self._guess(text)
                    case Committed(text):
                        self._marks["transcript"] = time.perf_counter()
                        texts.put_nowait(text)
                    case Problem():  # a commit without a text
                        texts.put_nowait("")
        except SpeechError as error:
            texts.put_nowait(error)
        else:
            texts.put_nowait(None)

    # --- the agent --------------------------------------------------------------------------------

    async def _answer(self, audio: Duplex, texts: Texts) -> None:
        while (text := await texts.get()) is not None:
            if isinstance(text, Exception):
                await self._say(audio, self._begin(lambda: self._apology))
                raise text
            if text.strip():
                self.history.append({"role": "user", "content": text})
            asked = bool(self.history) and self.history[-1]["role"] == "user"
            if not asked or self._speaks or not texts.empty():
                continue  # answered together with what comes next
            guess = self._guesses.release(text)
            fresh = guess is not None and guess.work.base == len(self.history) - 1
            if guess and not fresh:
                guess.work.stop()
            self._drop()
            answer = (
                guess.work if guess and fresh else self._begin(partial(self._ask, [*self.history]))
            )
            problem = await self._say(audio, answer)
            if isinstance(problem, SpeechError):
                again = await self._say(audio, self._begin(lambda: self._apology))
                if isinstance(again, SpeechError):
                    raise again

    def _begin(self, ask: Callable[[], Any]) -> Answer:
        return Answer(ask, self._voice, self.history, self._apology)

    async def _say(self, audio: Duplex, answer: Answer) -> Exception | None:
        """Have an answer heard; return what went wrong."""
        self._now, turn = answer, answer.turn
        self.turns.append(turn)
        for name, at in self._marks.items():
            turn.timeline.mark(name, at)
        self._marks = {}
        answer.released.set()
        patience = None
        try:
            await answer.play(audio)
        except SpeechError as error:
            turn.problem = error
        except asyncio.CancelledError:
            patience = PATIENCE
            raise
        finally:
            await answer.close(audio, patience)
            self._now = None
        if turn.problem:  # its words may hold secrets
            _log.warning("An answer broke off: %s. See `turns`.", type(turn.problem).__name__)
        return turn.problem

    def _guess(self, text: str) -> None:
        """Begin an answer that nobody hears unless the turn ends with these words."""
        if self._speculates and not self._now and self._guesses.wants(text):
            self._drop()
            asked: Message = {"role": "user", "content": text}
            self._guesses.hold(text, self._begin(partial(self._ask, [*self.history, asked])))

    def _drop(self) -> None:
        if guess := self._guesses.drop():
            guess.work.stop()
