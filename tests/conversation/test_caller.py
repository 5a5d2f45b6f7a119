"""A scripted caller and an answering party, on a virtual clock and behind the official SDK."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation
from fake_agent import FakeAgent, tone
from virtual_time import VirtualClock
from waiting import HANG

from voicekit import Clip, connect
from voicekit.conversation import Caller, Line, cough
from voicekit.errors import AudioError

RATE = 16_000


def said(text: str, seconds: float = 0.4, **cue) -> Line:
    return Line(text, sound=Clip(tone(seconds, hertz=220), RATE, text), **cue)


class Party:
    """Answers each stretch of speech with a tone; falls silent when spoken over."""

    def __init__(self, caller: Caller, answer: float = 2.0, gives_way: bool = True) -> None:
        self.caller, self.answer, self.gives_way = caller, answer, gives_way
        self.spoke, self.quiet = False, 0

    def __call__(self, block: bytes) -> None:
        loud = np.abs(np.frombuffer(block, "<i2")).max() > 1000
        if loud and self.gives_way:
            self.caller.interrupt()
        self.spoke, self.quiet = self.spoke or loud, 0 if loud else self.quiet + 1
        if self.spoke and self.quiet == 10:
            self.spoke = False
            self.caller.output(tone(self.answer))
        if self.caller.finished:
            self.caller.stop()


def talk(*script: Line, answer: float = 2.0, gives_way: bool = True, **options) -> Caller:
    caller = Caller(script, clock=VirtualClock(), **options)
    caller.start(Party(caller, answer, gives_way))
    caller._pump.thread.join(HANG)
    assert caller.finished
    return caller


def times(caller: Caller) -> dict[str, float]:
    return {entry.text: entry.at for entry in caller.transcript}


def test_lines_follow_each_others_answers() -> None:
    caller = talk(said("one"), said("two"))
    at = times(caller)
    # 0.4 s of speech, 0.2 s until the answer, 2 s of it, 0.6 s of quiet
    assert at["two"] - at["one"] == pytest.approx(0.4 + 0.2 + 2.0 + 0.6, abs=0.05)
    assert caller.unanswered == []
    delays = [turn.delay for turn in caller.turns()]
    assert delays == pytest.approx([0.2, 0.2], abs=0.03)


def test_a_line_begins_with_a_frame_of_those_who_listen() -> None:
    caller = talk(said("one"), said("two"), noise=None)
    loud = np.flatnonzero(np.abs(caller.sent().samples.reshape(-1, 32)).max(axis=1) > 1000) * 32
    starts = [int(loud[0]), *(int(b) for a, b in itertools.pairwise(loud) if b - a > RATE)]
    assert len(starts) == 2
    assert [start % 512 for start in starts] == [0, 0]


def test_a_barge_in_comes_so_many_seconds_into_the_answer_and_cuts_it() -> None:
    caller = talk(said("all of it, please"), said("stop", over=1.0))
    at = times(caller)
    assert at["stop"] - at["all of it, please"] == pytest.approx(0.4 + 0.2 + 1.0, abs=0.05)
    assert caller.clip().seconds == pytest.approx(1.0 + 2.0, abs=0.05)


def test_an_answer_may_go_on_below_a_backchannel() -> None:
    caller = talk(said("all"), said("mm-hm", 0.2, over=0.5), said("thanks"), gives_way=False)
    at = times(caller)
    assert at["thanks"] - at["all"] > 0.4 + 0.2 + 2.0
    assert caller.unanswered == []


def test_words_are_counted_as_they_are_heard() -> None:
    alignment = SimpleNamespace(
        chars=list("one two three"),
        char_start_times_ms=[100 * n for n in range(13)],
        char_durations_ms=[100] * 13,
    )
    caller = Caller([said("all"), said("stop", over_words=2)], clock=VirtualClock())
    party = Party(caller, answer=1.3)
    output = caller.output

    def with_words(pcm: bytes) -> None:
        output(pcm)
        caller.callbacks["callback_audio_alignment"](alignment)

    caller.output = with_words  # type: ignore[method-assign]
    caller.start(party)
    caller._pump.thread.join(HANG)
    at = times(caller)
    # "two" begins 0.4 s into the answer
    assert at["stop"] - at["all"] == pytest.approx(0.4 + 0.2 + 0.4, abs=0.05)


def test_a_line_that_nobody_answers_is_told() -> None:
    caller = Caller([said("anybody?")], clock=VirtualClock(), patience=3.0)
    caller.start(lambda _: caller.finished and caller.stop())
    caller._pump.thread.join(HANG)
    assert [line.text for line in caller.unanswered] == ["anybody?"]


def test_a_cough_has_no_tone_and_is_the_same_each_time() -> None:
    first, again = cough(seed=1).sound, cough(seed=1).sound
    assert first is not None
    assert again is not None
    assert first.pcm == again.pcm != cough(seed=2).sound.pcm  # type: ignore[union-attr]
    assert 0.5 < first.seconds < 1.0


def test_a_sentence_needs_a_voice() -> None:
    with pytest.raises(AudioError, match=r"Nobody can say 'Hello\.': give the caller a world"):
        Caller(["Hello."])


def test_a_sentence_is_spoken_by_the_vendors_voice_at_the_level() -> None:
    caller = Caller(["Where is my order?"], connect(offline=True, profile="instant"), level=-30)
    sound = caller._script._lines[0].sound
    assert sound is not None
    assert sound.rate == RATE
    assert sound.level == pytest.approx(-30, abs=0.5)


def test_it_talks_through_the_official_sdk() -> None:
    with FakeAgent(tone(0.5), patience=10) as agent:
        caller = Caller([said("one"), said("two")], linger=0.2)
        client = ElevenLabs(base_url=agent.url, api_key="none")
        conversation = Conversation(
            client, "a", requires_auth=False, audio_interface=caller, **caller.callbacks
        )
        conversation.start_session()
        assert caller.wait(HANG)
        conversation.end_session()
        conversation.wait_for_session_end()
    assert len(caller.turns()) == 2
    assert caller.unanswered == []


def test_it_talks_through_the_official_async_sdk() -> None:
    async def call(url: str) -> Caller:
        caller = Caller([said("one")], linger=0.2)
        client = ElevenLabs(base_url=url, api_key="none")
        conversation = AsyncConversation(
            client, "a", requires_auth=False, audio_interface=caller, **caller.callbacks
        )
        await conversation.start_session()
        assert await caller.done(20)
        await conversation.end_session()
        await conversation.wait_for_session_end()
        return caller

    with FakeAgent(tone(0.5), patience=10) as agent:
        caller = asyncio.run(call(agent.url))
    assert len(caller.turns()) == 1


def test_the_room_carries_the_agents_voice_back_into_the_microphone() -> None:
    caller = talk(said("one"), echo=-20.0, gives_way=False)
    agent, room = caller.clip(), caller.sent()
    spans = caller._microphone.spans(caller._microphone.end, 0.1, threshold=-50.0)
    assert len(spans) == 2, "the caller, then the agent's echo"
    echo = room.samples[round(spans[1].start * RATE) :][:RATE]
    assert np.sqrt(np.mean(echo.astype(float) ** 2)) == pytest.approx(
        np.sqrt(np.mean(agent.samples[:RATE].astype(float) ** 2)) / 10, rel=0.1
    )
