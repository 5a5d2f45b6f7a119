"""The caller's sound: heard, cut into turns, understood, and handed to who has the floor."""

from __future__ import annotations

import asyncio
import re

from voicekit.errors import EngineError
from voicekit.standin.conversation import events, sound
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import OPERATIONAL, Ended
from voicekit.standin.conversation.inbox import Inbox
from voicekit.standin.conversation.timers import Timers
from voicekit.standin.conversation.turns import Turns
from voicekit.standin.engines import LISTENING_RATE, Heard, Hearing, people
from voicekit.standin.engines.worker import DiedError
from voicekit.turns import (
    FRAME,
    Activity,
    BargeIn,
    Endpointer,
    Event,
    Interruption,
    SpeechDismissed,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    TurnEnded,
    live,
)

STARVED = 0.5
"""Seconds without sound in the middle of speech, after which silence is heard instead: some clients
stop sending where the caller stops speaking."""

_SILENCE = bytes(2 * round(3 * FRAME * LISTENING_RATE))  # 0.1 s, in whole frames
_NOISE = 0.3  # seconds; shorter sounds that say nothing get no answer
NOTHING = Heard("", "none", 0.0)
_UNREAD = 0.05  # seconds
_NEWS = 0.5  # seconds of sound between tentative transcripts
_INTERRUPTS = {"eager": 0.09, "normal": 0.09, "patient": 0.6}
"""Seconds of speech that interrupt, by `turn_eagerness`. "Mm-hm" and most coughs are shorter than
the last, words that mean to interrupt go on."""
_SCORES = 3  # frames between VAD scores, about 0.1 s


class Listening:
    """One conversation's ear.

    Args:
        call: the conversation.
        turns: told what the caller does.
        timers: told that the caller is there.
    """

    def __init__(self, call: Call, turns: Turns, timers: Timers) -> None:
        config = call.opening.config
        self._call = call
        self._turns = turns
        self._timers = timers
        self._intake = sound.Intake(config.asr.user_input_audio_format)
        self.inbox = Inbox(2 * sound.rate(config.asr.user_input_audio_format), call.state.now)
        """Takes what the client sends."""
        self._told = 0.0  # seconds given up, as far as they were told
        self._ignored = {_bare(term) for term in config.turn.interruption_ignore_terms}
        self._any_words = config.agent.prompt.llm == "custom-llm"
        self._hearing: Hearing
        self._group: asyncio.TaskGroup
        self._endpointer = endpointer(
            config.turn.turn_eagerness, config.turn.spelling_patience == "auto"
        )
        self._event_id = 0
        self._began: float | None = None
        self._previous: float | None = None  # when the last turn began
        self._holding = self._interrupted = self._ending = False
        self._deciding: asyncio.Task[None] | None = None
        """Makes out what was said before the pause under way."""
        self._steps = asyncio.Lock()
        self._asking: set[asyncio.Task[None]] = set()
        self._tentative = ""
        self._asked = 0.0
        self._starved = False
        self._person = False
        self._frames = 0
        self._recorded = 0.0

    @property
    def busy(self) -> bool:
        """Whether the caller is speaking, or the ears are behind."""
        return self._began is not None or self._ending or self.inbox.seconds > STARVED

    def hear(self, piece: bytes) -> None:
        """Take what the client sent; say so when some of it will never be heard."""
        self.inbox.put(piece)
        if self.inbox.given_up > self._told + 1.0:
            self._told = self.inbox.given_up
            self._call.record.warn(
                "The ears fell behind",
                f"{self._told:.0f} s of the caller's sound were given up; use fewer calls at once.",
            )

    async def run(self) -> None:
        """Listen for as long as the conversation lasts.

        Raises:
            ExceptionGroup: of `Ended`, 1002 `asr_transcription_error`: the ears failed.
        """
        config = self._call.opening.config
        # Ears that wake take a second or two: the first message covers that.
        opening = asyncio.ensure_future(self._call.state.ears.open(config.asr.keywords))
        try:
            first = await self.inbox.get()  # without any it does not matter that ears are missing
            self._hearing = await opening
            async with asyncio.TaskGroup() as self._group:
                await self._take(first)
                while True:
                    await self._take(await self._next())
        except* EngineError as errors:
            said = str(errors.exceptions[0])
            raise Ended(OPERATIONAL, said, "asr_transcription_error") from errors
        finally:
            opening.cancel()
            await asyncio.wait({opening})
            if not opening.cancelled() and not opening.exception():
                opening.result().close()

    async def _next(self) -> bytes | None:
        """What came since; None for silence, when the caller's speech broke off."""
        patience = None
        if self._began is not None:
            patience = 0.1 if self._starved else STARVED
        try:
            async with asyncio.timeout(patience):
                piece = await self.inbox.get()
        except TimeoutError:
            if not self._starved:  # on a busy machine what was sent may be here and not read yet
                await asyncio.sleep(_UNREAD)
            if not self.inbox.seconds:
                self._starved = True
                return None
            piece = await self.inbox.get()
        self._starved = False
        return piece

    async def _hear_a_person(self) -> None:
        """Change to the ears for people; until they are up, and without them, the others hear."""
        self._person = True
        try:
            await self._hearing.hear_a_person()
        except EngineError as error:
            self._call.record.warn("The ears for people are not there", str(error))

    def _is_live(self) -> bool:
        """Whether what comes is a live microphone's: a page's, or one that this kernel reads."""
        record = self._call.record
        return record.source in people.PAGES or live.is_live(record.conversation_id)

    async def _take(self, piece: bytes | None) -> None:
        if not self._person and people.choice() == "auto" and self._is_live():
            self._group.create_task(self._hear_a_person())
        pcm = _SILENCE if piece is None else self._intake.feed(piece)
        self._record(pcm)
        try:
            activities = await self._hearing.feed(pcm)
        except DiedError:
            return  # as if nobody had spoken; the next sound meets a new process
        for activity in activities:
            self._score(activity)
            undecided = self._deciding is not None and not self._deciding.done()
            async with self._steps:
                for event in self._endpointer.push(activity, self._turns.agent_talks, undecided):
                    await self._follow(event)
                self._hearing.silent(self._endpointer.silent_since)
            if self._began is not None and activity.at - self._asked >= _NEWS:
                self._tell_news(activity)

    def _record(self, pcm: bytes) -> None:
        """Lay the sound down where it was said: behind what came before, unless there was a gap."""
        seconds = len(pcm) / 2 / LISTENING_RATE
        said = self._call.at - seconds
        at = self._recorded if said - self._recorded < STARVED else said
        self._call.record.recording.heard(pcm, at)
        self._recorded = at + seconds

    def _score(self, activity: Activity) -> None:
        self._frames += 1
        if self._frames % _SCORES == 0:
            self._call.outbox.post(events.vad_score(round(activity.probability, 3)))

    async def _follow(self, event: Event) -> None:
        match event:
            case SpeechSuspected():
                # Nothing was heard of an answer yet: the caller may go on with the same turn.
                earlier = self._previous if self._turns.unheard else None
                await self._begin(event.at if earlier is None else earlier)
                self._asked = event.at
                self._event_id = self._call.next_event()
                self._holding = self._interrupted = False
                self._deciding = None
                self._tentative = ""
            case SpeechDismissed():
                await self._hearing.cancel()
                self._began = None
            case SpeechStarted():
                self._timers.caller_is_there()
                if self._began != event.at and not self._turns.take_back():
                    await self._begin(event.at)  # the answer began meanwhile
                if self._turns.agent_talks and self._ignored:
                    self._holding = True  # until a word is understood that is not to be ignored
                else:
                    self._cut_in()
            case SpeechStopped():
                self._deciding = self._ask(paused=True)
            case SpeechResumed():
                self._deciding = None
                self._turns.unguess()
            case TurnEnded():
                await self._end(event)

    async def _begin(self, at: float) -> None:
        await self._hearing.begin(at)
        self._began = at

    def _cut_in(self) -> None:
        self._holding = False
        self._interrupted = self._turns.cut_in()

    def _tell_news(self, activity: Activity) -> None:
        """Ask what the caller says, in the middle of speech and if anybody wants to know."""
        wanted = (
            self._holding
            or self._turns.agent_talks
            or self._call.outbox.wants("tentative_user_transcript")
        )
        if (
            wanted
            and activity.probability >= self._endpointer.thresholds.start
            and not self._asking
        ):
            self._asked = activity.at
            self._ask(paused=False)

    def _ask(self, *, paused: bool) -> asyncio.Task[None]:
        """Ask what the caller seems to say so far; listening goes on meanwhile."""
        task = self._group.create_task(self._report(self._event_id, paused))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return task

    async def _report(self, event_id: int, paused: bool) -> None:
        """Tell everybody what the caller seems to say so far."""
        try:
            text = await self._hearing.partial()
        except DiedError:
            text = ""
        if self._began is None or event_id != self._event_id:
            return  # the turn is over, and there is a better answer
        if self._deciding is not (asyncio.current_task() if paused else None):
            return  # asked before the caller paused, or went on
        self._endpointer.hint(text)
        if self._holding and text and not self._to_be_ignored(text):
            self._cut_in()
        if text and text != self._tentative:
            self._tentative = text
            self._call.outbox.post(events.tentative(text, event_id))
        speculative = self._call.opening.config.turn.speculative_turn
        if paused and speculative and not self._holding:
            self._turns.guess(text)
        if paused:
            async with self._steps:
                if self._deciding is asyncio.current_task():
                    for event in self._endpointer.decide():
                        await self._follow(event)

    async def _end(self, event: TurnEnded) -> None:
        began, self._began, self._deciding = self._began, None, None
        self._ending = True
        self._previous = began
        asked = self._call.state.now()
        try:
            heard = await self._hearing.end()
        except DiedError:
            heard = NOTHING  # the caller is asked to say it again
        finally:
            self._ending = False
        # Dictation guesses at what is no support desk's: a script would take a guess for an order.
        sure = heard.source in ("grammar", "people")
        text = heard.text if sure or self._any_words else ""
        seconds = event.at - (event.at if began is None else began)
        self._timers.caller_is_there()
        if self._holding and (not text or self._to_be_ignored(text)):
            return  # a "mm-hm" that the agent talks over
        if text:
            trailing = self._call.state.now() - asked + event.awaited
            self._turns.user_said(text, "audio", self._event_id, trailing)
        elif self._interrupted or seconds >= _NOISE:
            self._turns.user_unclear()
        else:
            self._turns.unguess()
            self._turns.nobody_speaks()

    def _to_be_ignored(self, text: str) -> bool:
        bare = _bare(text)
        return bare in self._ignored or all(word in self._ignored for word in bare.split())


def endpointer(eagerness: str, spelling_patience: bool) -> Endpointer:
    """Return what cuts a conversation's turns; words alone never interrupt: coughs have some."""
    interruption = Interruption(after=_INTERRUPTS[eagerness], by_words=False)
    return Endpointer(eagerness, barge_in=BargeIn(interruption), dictation=spelling_patience)


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[\w'-]+", text.lower()))
