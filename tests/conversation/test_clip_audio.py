"""The four methods, alone on a virtual clock, and behind the official SDK in real time."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest
from elevenlabs import AsyncElevenLabs, ElevenLabs
from fake_agent import AsyncConversation, Conversation, FakeAgent, tone
from virtual_time import VirtualClock
from waiting import HANG, until

from voicekit import Clip, ClipAudio
from voicekit.errors import AudioError

RATE = 16_000
QUESTION = Clip(tone(0.5, hertz=220), RATE)


class Echo:
    """Answers in the callback itself: after three quiet blocks, with a tone; hangs up at `end`."""

    def __init__(self, audio, end: float, answer: bytes) -> None:
        self.audio, self.end, self.answer = audio, end, answer
        self.blocks: list[bytes] = []
        self.spoke, self.quiet = False, 0

    def hear(self, block: bytes) -> str:
        self.blocks.append(block)
        loud = np.abs(np.frombuffer(block, "<i2")).max() > 1000
        self.spoke, self.quiet = self.spoke or loud, 0 if loud else self.quiet + 1
        if self.audio.now >= self.end:
            return "stop"
        if self.spoke and self.quiet == 3:
            self.spoke = False
            return "answer"
        return ""

    def __call__(self, block: bytes) -> None:
        match self.hear(block):
            case "stop":
                self.audio.stop()
            case "answer":
                self.audio.output(self.answer)


def virtual(**options):
    return ClipAudio(QUESTION, clock=VirtualClock(), **options)


def talk(audio: ClipAudio, end: float = 3.0, answer: bytes = tone(1.0)) -> Echo:
    echo = Echo(audio, end, answer)
    audio.start(echo)
    audio._pump.thread.join(HANG)
    assert audio.state == "stopped"
    return echo


def test_the_microphone_is_cut_into_blocks_of_the_asked_length():
    audio = virtual(block=0.02)
    echo = talk(audio, end=1.0)
    assert {len(block) for block in echo.blocks} == {640}
    assert len(echo.blocks) == 50
    assert audio.sent().pcm == b"".join(echo.blocks)


def test_on_a_virtual_clock_the_delay_is_exact():
    audio = virtual()
    talk(audio)
    (turn,) = audio.turns(profile="instant")
    # Said from 0.5 to 1.0 s; three quiet blocks later it is 1.3 s. The tone's last sample is zero.
    assert turn.delay == pytest.approx(0.3, abs=0.002)
    assert turn.profile == "instant"
    assert audio.clip().pcm == tone(1.0)


def test_what_was_not_heard_by_the_end_was_not_heard():
    audio = virtual()
    talk(audio, end=2.0, answer=tone(5.0))
    assert audio.played == pytest.approx(0.7)
    assert audio.clip().seconds == pytest.approx(0.7)


def test_a_barge_in_cuts_at_the_listeners_place():
    audio = virtual()
    heard = []

    def caller() -> None:
        if audio.played >= 0.5 and not heard:
            heard.append(audio.played)
            audio.interrupt()

    end = audio.on_block(caller)
    talk(audio, answer=tone(5.0))
    end()
    assert heard == [audio.played]
    assert audio.clip().seconds == pytest.approx(0.5, abs=0.11)


def test_a_caller_can_say_more_when_both_are_quiet():
    audio = virtual()
    begun = []

    def caller() -> None:
        if audio.quiet >= 0.5 and audio.played and len(begun) < 1:
            begun.append(audio.say(QUESTION))

    audio.on_block(caller)
    talk(audio, end=6.0)
    assert begun == [pytest.approx(2.8)]  # the answer is over at 2.3
    assert [round(turn.delay, 2) for turn in audio.turns()] == [0.3, 0.3]


def test_hush_ends_what_is_being_said():
    audio = ClipAudio(Clip(tone(5.0), RATE), pause=0.0, clock=VirtualClock())
    audio.on_block(lambda: audio.hush() if audio.now >= 1.0 else None)
    talk(audio, end=2.0)
    assert not audio.speaking
    (turn,) = audio.turns()
    assert turn.marks["speech_end"] == pytest.approx(0.9, abs=0.01)


def test_it_is_said_once_that_one_conversation_was_had():
    audio = virtual()
    talk(audio)
    with pytest.raises(AudioError, match="Make a new one"):
        audio.start(lambda _block: None)


def test_sound_outside_of_a_session_is_not_heard():
    audio = virtual()
    audio.output(tone(1.0))
    audio.interrupt()
    audio.stop()
    assert audio.played == 0
    assert repr(audio) == "<ClipAudio ready>"
    talk(audio, end=0.3)
    audio.output(tone(1.0))
    audio.stop()
    assert audio.clip().pcm == b""
    assert repr(audio) == "<ClipAudio stopped>"


def test_stop_waits_until_no_more_blocks_come():
    audio = ClipAudio(QUESTION, block=0.02)
    blocks = []
    audio.start(blocks.append)
    while len(blocks) < 3:
        time.sleep(0.005)
    stoppers = [threading.Thread(target=audio.stop) for _ in range(3)]
    for thread in stoppers:
        thread.start()
    for thread in stoppers:
        thread.join(HANG)
    count = len(blocks)
    time.sleep(0.1)
    assert len(blocks) == count
    assert not audio._pump.thread.is_alive()


def test_the_asynchronous_form_has_the_same_figures():
    audio = ClipAudio(QUESTION, clock=VirtualClock())
    echo = Echo(audio, 3.0, tone(1.0))

    async def hear(block: bytes) -> None:
        match echo.hear(block):
            case "stop":
                await audio.stop()
            case "answer":
                await audio.output(tone(1.0))

    async def session() -> None:
        await audio.start(hear)
        await asyncio.wait_for(audio._pump._task, HANG)

    asyncio.run(session())
    twin = virtual()
    assert talk(twin).blocks == echo.blocks
    assert audio.turns()[0].marks == twin.turns()[0].marks
    assert audio.clip() == twin.clip()


def test_the_sdks_conversation_runs_on_it():
    with FakeAgent(tone(0.6)) as agent:
        audio = ClipAudio(QUESTION, pause=0.2)
        client = ElevenLabs(base_url=agent.url, api_key="none")
        conversation = Conversation(client, "agent", requires_auth=False, audio_interface=audio)
        conversation.start_session()
        until(lambda: audio.played and not audio.playing)
        conversation.end_session()
        assert conversation.wait_for_session_end() == "conv_fake"
    assert agent.received == audio.sent().pcm[: len(agent.received)]
    assert audio.clip().pcm == tone(0.6)
    (turn,) = audio.turns()
    assert 0.1 < turn.delay < 5
    assert {"type": "pong", "event_id": 1} in agent.messages


def test_the_sdk_interrupts_what_the_caller_would_still_be_hearing():
    with FakeAgent(tone(20.0)) as agent:
        audio = ClipAudio(QUESTION, pause=0.2)
        audio.on_block(lambda: said or not audio.played or said.append(audio.say(QUESTION)))
        said: list[float] = []
        client = ElevenLabs(base_url=agent.url, api_key="none")
        conversation = Conversation(client, "agent", requires_auth=False, audio_interface=audio)
        conversation.start_session()
        until(lambda: agent.interruptions and not audio.playing)
        cut = audio.played
        conversation.end_session()
        conversation.wait_for_session_end()
    assert 0 < audio.clip().seconds < 10  # of twenty that arrived at once
    assert audio.clip().pcm == tone(20.0)[: 2 * round(cut * RATE)]


def test_a_server_that_hangs_up_ends_the_sdks_session_and_the_audio():
    with FakeAgent(hang_up_after=3) as agent:
        audio = ClipAudio(QUESTION, block=0.02)
        reasons = []
        client = ElevenLabs(base_url=agent.url, api_key="none")
        conversation = Conversation(
            client,
            "agent",
            requires_auth=False,
            audio_interface=audio,
            callback_disconnect=lambda details: reasons.append(details.reason),
        )
        conversation.start_session()
        conversation.wait_for_session_end()
        until(lambda: audio.state == "stopped" and not audio._pump.thread.is_alive())
    assert reasons == ["agent"]


def test_the_sdks_asynchronous_conversation_runs_on_it():
    async def session(url: str) -> ClipAudio:
        audio = ClipAudio(QUESTION, pause=0.2)
        client = AsyncElevenLabs(base_url=url, api_key="none")
        conversation = AsyncConversation(
            client, "agent", requires_auth=False, audio_interface=audio
        )
        await conversation.start_session()
        async with asyncio.timeout(HANG):
            while not audio.played or audio.playing:  # noqa: ASYNC110  no event: time passes
                await asyncio.sleep(0.01)
        await conversation.end_session()
        assert await conversation.wait_for_session_end() == "conv_fake"
        return audio

    with FakeAgent(tone(0.6)) as agent:
        audio = asyncio.run(session(agent.url))
    assert audio.clip().pcm == tone(0.6)
    assert len(audio.turns()) == 1
