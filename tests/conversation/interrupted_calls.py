"""A call in virtual time whose every side is random, and what must be true of it afterwards.

The agent's sound spells what it says, a letter in 50 ms: what was heard is read from the samples
that the loudspeaker played, without the kit's own idea of it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator

import numpy as np

from voicekit.audio import Clip
from voicekit.conversation import ClipAudio
from voicekit.conversation.clip_speaker import Clock
from voicekit.conversation.pipeline import Pipeline
from voicekit.errors import SpeechError, TranscriptionError
from voicekit.speech.messages import Audio
from voicekit.speech.transcripts import Committed, Partial
from voicekit.speech.utterance import Utterance
from voicekit.text.preparer import Preparer
from voicekit.timeline import Timeline
from voicekit.turns import BargeIn, Endpointer, Interruption, TurnDetector

LETTER = 800  # samples
TIE = 0.5  # samples by which a letter's end lies beyond one, lest rounding decide
WORD = 6  # letters
COUGH = 6000  # a sample of it; the n-th line's are 8000 + n
WORDS = ["".join(pair) for pair in itertools.product("bdgkmnprtvz", "aeiou")]


def word(number: int) -> str:
    """The n-th word of a language in which no two are alike."""
    size, parts = len(WORDS), []
    for _ in range(WORD // 2):
        number, part = divmod(number, size)
        parts.append(WORDS[part])
    return "".join(parts[::-1])


def spelled(text: str, before: str) -> bytes:
    """Sound: each letter is its code, behind a sample that says whether a word begins.

    Args:
        before: the character before the text.
    """
    samples = np.repeat(np.array([100 * ord(char) for char in text], "<i2"), LETTER)
    for at, (left, char) in enumerate(zip(before + text, text, strict=False)):
        samples[at * LETTER] = -2 if char.isalpha() and not left.isalpha() else -1
    return samples.tobytes()


def read(clip: Clip) -> list[str]:
    """The words that were played, in order; of one that was cut, the letters before that."""
    starts = [*np.flatnonzero(clip.samples < 0), len(clip.samples)]
    words: list[str] = []
    for begin, end in itertools.pairwise(starts):
        if clip.samples[begin] == -2:
            words.append("")
        code = clip.samples[begin + 1] if end > begin + 1 else 0
        # What is resumed begins up to two milliseconds early: with a piece of the letter before.
        whole = np.count_nonzero(clip.samples[begin:end] == code) >= LETTER - 32
        if words and whole and chr(code // 100).isalpha():
            words[-1] += chr(code // 100)
    return words


class Channel:
    """A TTS that takes its time."""

    def __init__(self, voice: Voice) -> None:
        self.random, self.voice = voice.random, voice
        self.texts: asyncio.Queue[str | None] = asyncio.Queue()
        # After a failure it works: the apology is heard.
        self.fails, voice.failed = 0.0 if voice.failed else voice.fails, False
        voice.open.add(self)

    async def send(self, text: str) -> None:
        self.texts.put_nowait(text)

    async def keep_alive(self) -> None: ...

    async def finish(self) -> None:
        self.texts.put_nowait(None)

    def abort(self) -> None:
        self.voice.open.discard(self)

    async def audio(self) -> AsyncIterator[Audio]:
        last = " "
        while (text := await self.texts.get()) is not None:
            while text:
                await asyncio.sleep(self.random.uniform(0, 0.15))
                if self.random.random() < self.fails:
                    self.voice.failed = True
                    raise SpeechError("refused", "quota_exceeded")
                size = self.random.randint(3, 20)
                piece, text = text[:size], text[size:]
                ends = tuple(((n + 1) * LETTER + TIE) / 16000 for n in range(len(piece)))
                yield Audio(spelled(piece, last), piece, ends)
                last = piece[-1]
        yield Audio(final=True)


class Voice:
    def __init__(self, random: random.Random, fails: float = 0.0) -> None:
        self.random, self.fails = random, fails
        self.open: set[Channel] = set()
        self.failed = False

    async def channel(self) -> Channel:
        await asyncio.sleep(self.random.uniform(0, 0.1))
        return Channel(self)

    def speak(self, text: object) -> Utterance:
        timeline = Timeline(asyncio.get_running_loop().time)
        return Utterance(text, self.channel, Preparer("en", "clause", True), 16000, timeline)


class Ears:
    """An ASR that is late, and knows each line by its samples."""

    def __init__(self, frames: AsyncIterator[bytes], lines: list[str], random: random.Random):
        self.partial, self.events = "", asyncio.Queue()
        self.lines, self.random, self.counts = lines, random, Counter[int]()
        self.fails_after = float("inf")
        self.orders: asyncio.Queue[str | None] = asyncio.Queue()
        self.work = [asyncio.create_task(self.listen(frames)), asyncio.create_task(self.tell())]

    async def listen(self, frames: AsyncIterator[bytes]) -> None:
        async for pcm in frames:
            samples = np.frombuffer(pcm, "<i2")
            self.counts.update((samples[samples >= 8000] - 8000).tolist())
            self.fails_after -= len(samples) / 16000
            if self.fails_after < 0:
                self.events.put_nowait(TranscriptionError("gone", "dropped"))
            text = self.text(4000)
            if text and text != self.partial:
                self.partial = text
                self.events.put_nowait(Partial(text))
        await self.commit()
        self.orders.put_nowait(None)

    def text(self, enough: int) -> str:
        return " ".join(self.lines[n] for n in sorted(self.counts) if self.counts[n] > enough)

    async def commit(self) -> None:
        self.orders.put_nowait(self.text(0))
        self.partial = ""
        self.counts.clear()

    async def tell(self) -> None:
        while (text := await self.orders.get()) is not None:
            await asyncio.sleep(self.random.uniform(0, 0.4))
            self.events.put_nowait(Committed(text))
        self.events.put_nowait(None)

    def __aiter__(self) -> Ears:
        return self

    async def __anext__(self) -> object:
        event = await self.events.get()
        if event is None:
            raise StopAsyncIteration
        if isinstance(event, Exception):
            raise event
        return event

    async def __aenter__(self) -> Ears:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.work:
            task.cancel()
        await asyncio.wait(self.work)


class Loud:
    """A VAD for sound that is either a caller or nothing."""

    def __call__(self, frame: bytes) -> float:
        return float(np.abs(np.frombuffer(frame, "<i2")).max() > 5000)

    def reset(self) -> None: ...


class Microphone(ClipAudio):
    """Hangs up once everybody has fallen silent."""

    over = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(noise=None, block=0.032, clock=clock)
        self.begun: list[float] = []  # when each answer began
        self.lines: list[tuple[float, float]] = []  # when the caller clearly spoke

    def begin(self) -> None:
        super().begin()
        self.begun.append(self.now)

    def _is_over(self) -> bool:
        return self.over and self.quiet > 2


class Call:
    """One call by a seed.

    Args:
        lines: how often the caller speaks; coughs come on top.
        fails: how likely each message of the LLM and the TTS is a failure.
    """

    def __init__(self, seed: int, lines: int = 20, fails: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.fails = fails
        self.lines = [
            f"Please refund {word(self.random.randint(0, 3))}. Number {word(10**4 + n)}."
            for n in range(lines)
        ]
        self.words = map(word, itertools.count(1000))
        self.begun: list[str] = []
        self.refunds: list[str] = []
        self.voice = Voice(self.random, fails)

    async def answer(self, history: list[dict[str, object]]) -> AsyncIterator[object]:
        asked = str(history[-1]["content"]).split()[2].rstrip(".")
        done = {message.get("content") for message in history if message["role"] == "tool"}
        async for token in self.talk(self.random.randint(0, 3)):
            yield token
        if f"refunded {asked}" not in done and self.random.random() < 0.7:
            calls = [f"call-{len(self.begun)}-{n}" for n in range(self.random.randint(1, 2))]
            self.begun += calls
            yield {
                "role": "assistant",
                "content": "never heard",
                "tool_calls": [{"id": call} for call in calls],
            }
            for call in calls:
                await self.wait(1.5)
                result = f"looked {call}"
                if call == calls[0]:
                    self.refunds.append(asked)
                    result = f"refunded {asked}"
                await self.wait(0.5)  # done, and on its way back
                yield {"role": "tool", "tool_call_id": call, "content": result}
        async for token in self.talk(self.random.randint(2, 12)):
            yield token

    async def talk(self, count: int) -> AsyncIterator[str]:
        for n in range(count):
            await self.wait(0.1)
            if self.random.random() < self.fails:
                raise RuntimeError("the LLM failed")
            yield f"{next(self.words)}{'. ' if n == count - 1 else ' '}"

    async def wait(self, most: float) -> None:
        await asyncio.sleep(self.random.uniform(0, most))

    def open(self) -> None:
        """Make the two sides; needs the running loop."""
        clock = Clock(asyncio.get_running_loop().time)
        self.audio = Microphone(clock)
        judge = BargeIn(Interruption(hold=self.random.choice([None, 0.15, 0.3])))
        self.pipeline = Pipeline(
            lambda frames: Ears(frames, self.lines, self.random),
            self.answer,
            self.voice,
            detector=TurnDetector(
                Loud(), endpointer=Endpointer("eager", barge_in=judge, dictation=False)
            ),
            speculate=self.random.random() < 0.7,
        )

    async def caller(self) -> None:
        for n in range(len(self.lines)):
            await self.cue()
            if self.random.random() < 0.4:
                self.say(COUGH, self.random.uniform(0.1, 0.5))
                await self.wait(2)
            self.say(8000 + n, self.random.uniform(0.4, 1.4))
        self.audio.over = True

    async def cue(self) -> None:
        """Mostly a moment within the next answer, or soon after it."""
        answers = len(self.pipeline.turns)
        for _ in range(self.random.choice([0, 30, 30, 30])):
            if len(self.pipeline.turns) > answers:
                break
            await asyncio.sleep(0.1)
        await self.wait(self.random.choice([0.3, 1.5, 3]))

    def say(self, sample: int, seconds: float) -> None:
        sound = np.full(round(16000 * seconds), sample, "<i2").tobytes()
        begin = self.audio.say(Clip(sound, 16000))
        if sample != COUGH:
            # Over the agent, up to 0.6 s may pass for a "mm-hm".
            clear = begin + (0.8 if self.audio.playing else 0.2)
            self.audio.lines.append((clear, begin + seconds))

    async def run(self) -> None:
        self.open()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.caller())
            await self.pipeline.talk(self.audio)

    # --- what must be true ------------------------------------------------------------------------

    def check(self) -> None:
        history = self.pipeline.history
        heard = [word for word in read(self.audio.speaker.clip()) if len(word) == WORD]
        spoken = [m for m in history if m["role"] == "assistant" and m["content"]]
        kept = [w for m in spoken for w in m["content"].replace(".", " ").split()]
        if not self.fails:  # an apology is said more than once, in words of other lengths
            assert kept == heard, "the history is what was heard, to the letter"
        assert len({*heard}) == len(heard), "nothing is said twice"
        self.check_tools(history)
        for begin, end in self.audio.lines:
            rude = [at for at in self.audio.begun if begin < at < end]
            assert not rude, "no answer begins while the caller speaks"

    def check_tools(self, history: list[dict[str, object]]) -> None:
        assert max(Counter(self.refunds).values(), default=0) <= 1, "no refund twice"
        results = [m["content"] for m in history if m["role"] == "tool"]
        for asked in self.refunds:
            assert results.count(f"refunded {asked}") == 1, "no finished result is lost or doubled"
        for at, message in enumerate(history):
            if calls := message.get("tool_calls"):
                behind = history[at + 1 : at + 1 + len(calls)]
                assert [m.get("tool_call_id") for m in behind] == [c["id"] for c in calls]

    def check_caller(self) -> None:
        """Every line entered the history once, in order."""
        asked = [m["content"] for m in self.pipeline.history if m["role"] == "user"]
        assert " ".join(asked) == " ".join(self.lines)
