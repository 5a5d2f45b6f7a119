"""Spoken conversations through the official SDK's audio seam, with scripted and with real ears."""

from __future__ import annotations

import asyncio
import importlib.util
import time

import numpy as np
import pytest
import soxr
from fake_ears import LOUD, QUIET
from sdk import AsyncAudioInterface, AsyncConversation, AudioInterface, Conversation
from talk import agent
from waiting import HANG, until

LONG = "Welcome. I am going to talk for quite a while now, so do cut in whenever you feel like it."


class Clip(AudioInterface):
    """A microphone that the test speaks into, and a speaker that remembers."""

    def __init__(self):
        self.played = bytearray()
        self.interruptions = 0
        self.speak = None

    def start(self, input_callback):
        self.speak = input_callback

    def stop(self):
        self.speak = None

    def output(self, audio):
        self.played += audio

    def interrupt(self):
        self.interruptions += 1


class AsyncClip(AsyncAudioInterface):
    def __init__(self):
        self.played = bytearray()
        self.speak = None

    async def start(self, input_callback):
        self.speak = input_callback

    async def stop(self):
        self.speak = None

    async def output(self, audio):
        self.played += audio

    async def interrupt(self):
        pass


def test_the_sdk_is_interrupted_and_told_what_was_heard(standin, client, ears):
    ears("Say hello.")
    events = ["audio", "interruption", "agent_response", "agent_response_correction"]
    made = agent(
        standin,
        agent={"first_message": LONG},
        conversation={"client_events": [*events, "user_transcript"]},
    )
    clip, said, heard, fixed = Clip(), [], [], []
    talk = Conversation(
        client,
        made,
        requires_auth=False,
        audio_interface=clip,
        callback_agent_response=said.append,
        callback_user_transcript=heard.append,
        callback_agent_response_correction=lambda *both: fixed.append(both),
        callback_audio_alignment=lambda _: None,
    )
    talk.start_session()
    until(lambda: clip.played)
    time.sleep(1.0)  # that much of it is heard
    for piece in [LOUD] * 4 + [QUIET] * 5:
        clip.speak(piece)
    until(lambda: len(said) == 2)
    talk.end_session()
    talk.wait_for_session_end()
    assert clip.interruptions == 1
    ((original, corrected),) = fixed
    assert original == said[0] == LONG
    assert LONG.startswith(corrected.removesuffix("..."))
    assert (heard, said[1]) == (["Say hello."], "Hello!")


def test_the_asynchronous_sdk_speaks_and_listens(standin, client, ears):
    ears("Say hello.")
    made = agent(standin)

    async def converse():
        said: asyncio.Queue[str] = asyncio.Queue()
        clip = AsyncClip()
        talk = AsyncConversation(
            client,
            made,
            requires_auth=True,
            audio_interface=clip,
            callback_agent_response=said.put,
        )
        await talk.start_session()
        while clip.speak is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for piece in [LOUD] * 4 + [QUIET] * 5:
            await clip.speak(piece)
        answer = await asyncio.wait_for(said.get(), HANG)
        while not clip.played:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await talk.end_session()
        await talk.wait_for_session_end()
        return answer

    assert asyncio.run(converse()) == "Hello!"


@pytest.mark.skipif(
    not importlib.util.find_spec("pocketsphinx"), reason="pocketsphinx has no wheel for this Python"
)
def test_real_ears_understand_a_real_voice(standin, client):
    spoken = asyncio.run(standin.state.voice.say("What are your opening hours?", "british"))
    samples = np.frombuffer(spoken.pcm, "<i2").astype(np.float32)
    resampled = np.clip(soxr.resample(samples, spoken.rate, 16000), -32768, 32767)
    pcm = 5 * QUIET + resampled.astype("<i2").tobytes()  # nobody speaks as soon as the line opens
    made = agent(standin, agent={"first_message": ""}, turn={"turn_timeout": -1})
    clip, said, heard = Clip(), [], []
    talk = Conversation(
        client,
        made,
        requires_auth=False,
        audio_interface=clip,
        callback_agent_response=said.append,
        callback_user_transcript=heard.append,
    )
    talk.start_session()
    until(lambda: clip.speak)
    for start in range(0, len(pcm), 8000):
        clip.speak(pcm[start : start + 8000])
    for _ in range(20):
        clip.speak(QUIET)
    until(lambda: said)
    talk.end_session()
    talk.wait_for_session_end()
    assert heard[0].lower().startswith("what are your opening hours")
    assert "9:00" in said[0]
