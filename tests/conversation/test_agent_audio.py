"""The widgets behind the SDK's seam: with the official clients, and a browser of our own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import pytest
from browser_of_ours import Browser
from elevenlabs import AsyncElevenLabs, ElevenLabs
from fake_agent import AsyncConversation, Conversation, FakeAgent, tone
from waiting import HANG, until

from voicekit import AgentAudio, Clip
from voicekit.conversation import audio_interface
from voicekit.errors import AudioError
from voicekit.widgets import Speaker

RATE = 16_000
QUESTION = Clip(tone(0.5, hertz=220), RATE)


@pytest.fixture
def audio() -> Iterator[AgentAudio]:
    made = AgentAudio()
    yield made
    made.close()


def conversation_at(url: str, audio: AgentAudio, **options) -> Conversation:
    client = ElevenLabs(base_url=url, api_key="none")
    return Conversation(client, "agent", requires_auth=False, audio_interface=audio, **options)


def test_the_sdks_conversation_hears_the_browser_and_is_heard_there(audio):
    with FakeAgent(tone(0.6)) as agent, Browser(audio.microphone, audio.speaker) as browser:
        assert audio.ready()
        conversation = conversation_at(agent.url, audio)
        conversation.start_session()
        until(lambda: browser.listening)
        browser.say(QUESTION)
        until(lambda: audio.played >= 0.6)
        conversation.end_session()
        assert conversation.wait_for_session_end() == "conv_fake"
        until(lambda: not browser.listening)
        assert audio.clip().pcm == tone(0.6)
        (turn,) = audio.turns(profile="instant")
    sent = audio.sent().pcm
    assert agent.received == sent[: len(agent.received)]
    assert len(sent) - len(agent.received) <= 2 * 2 * 1600  # at most two blocks were not sent
    # Two quiet blocks of 0.1 s, a socket, and a browser that looks every 20 ms.
    assert 0.1 < turn.delay < 3
    assert turn.profile == "instant"


def test_an_interruption_silences_the_browser(audio):
    with FakeAgent(tone(20.0)) as agent, Browser(audio.microphone, audio.speaker) as browser:
        conversation = conversation_at(agent.url, audio)
        conversation.start_session()
        until(lambda: browser.listening)
        browser.say(QUESTION)
        until(lambda: audio.played > 0.3)
        browser.say(QUESTION)
        until(lambda: agent.interruptions == 1 and browser.speaker.told("flush"))
        conversation.end_session()
        conversation.wait_for_session_end()
        until(lambda: not browser.rendered.pending)
        assert browser.rendered.played < 15
        until(lambda: audio.clip() == browser.rendered.clip())


def test_one_object_serves_one_session_after_the_other(audio):
    with FakeAgent(tone(0.3)) as agent, Browser(audio.microphone, audio.speaker) as browser:
        for _ in range(2):
            conversation = conversation_at(agent.url, audio)
            conversation.start_session()
            until(lambda: browser.listening)
            browser.say(QUESTION)
            until(lambda: audio.played >= 0.3)
            conversation.end_session()
            conversation.wait_for_session_end()
            assert audio.clip().pcm == tone(0.3)
            assert len(audio.turns()) == 1
            until(lambda: not browser.listening)


def test_a_server_that_hangs_up_stops_the_capture_and_tells_why(audio):
    with FakeAgent(hang_up_after=2) as agent, Browser(audio.microphone, audio.speaker) as browser:
        reasons = []
        conversation = conversation_at(
            agent.url, audio, callback_disconnect=lambda details: reasons.append(details.reason)
        )
        conversation.start_session()
        conversation.wait_for_session_end()
        until(lambda: not browser.listening)
    assert reasons == ["agent"]


def test_the_sdks_asynchronous_conversation_runs_on_it():
    async def session(url: str, audio: AgentAudio, browser: Browser) -> None:
        client = AsyncElevenLabs(base_url=url, api_key="none")
        conversation = AsyncConversation(
            client, "agent", requires_auth=False, audio_interface=audio
        )
        await conversation.start_session()
        async with asyncio.timeout(HANG):
            while not browser.listening:  # noqa: ASYNC110  it lives in a thread
                await asyncio.sleep(0.01)
            browser.say(QUESTION)
            while audio.played < 0.6:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await conversation.end_session()
        assert await conversation.wait_for_session_end() == "conv_fake"

    audio = AgentAudio()
    with FakeAgent(tone(0.6)) as agent, Browser(audio.microphone, audio.speaker) as browser:
        asyncio.run(session(agent.url, audio, browser))
        assert audio.clip().pcm == tone(0.6)
        assert len(audio.turns()) == 1
        assert agent.received == audio.sent().pcm[: len(agent.received)]
    audio.close()


def test_stop_may_be_called_from_inside_the_callback(audio):
    with Browser(audio.microphone, audio.speaker) as browser:
        blocks: list[bytes] = []

        def hear(block: bytes) -> None:
            blocks.append(block)
            audio.stop()

        audio.start(hear)
        until(lambda: blocks and not browser.listening)
        time.sleep(0.3)
    assert [len(block) for block in blocks] == [3200]


def test_stop_does_not_wait_for_ever_for_a_socket_that_hangs(audio, monkeypatch):
    monkeypatch.setattr(audio_interface, "_PATIENCE", 0.05)
    with Browser(audio.microphone, audio.speaker) as browser:
        hangs, goes_on = threading.Event(), threading.Event()

        def hear(_block: bytes) -> None:
            hangs.set()
            goes_on.wait(HANG)

        audio.start(hear)
        assert hangs.wait(HANG)
        stopping = threading.Thread(target=audio.stop, daemon=True)
        stopping.start()
        stopping.join(HANG)
        stopped = not stopping.is_alive()
        goes_on.set()
        assert stopped
        until(lambda: not browser.listening)


def test_stop_waits_for_a_callback_in_progress_and_none_follows(audio):
    with Browser(audio.microphone, audio.speaker):
        entered, calls = threading.Event(), []

        def hear(_block: bytes) -> None:
            entered.set()
            time.sleep(0.2)
            calls.append("done")

        audio.start(hear)
        assert entered.wait(HANG)
        audio.stop()
        assert calls == ["done"]
        audio.stop()
        time.sleep(0.3)
    assert calls == ["done"]


def test_asynchronous_stop_may_be_called_from_inside_the_callback():
    audio = AgentAudio(block=0.02)
    blocks: list[bytes] = []

    async def hear(block: bytes) -> None:
        blocks.append(block)
        await audio.stop()

    async def session() -> None:
        await audio.start(hear)
        await asyncio.wait_for(audio._pump._task, HANG)

    with Browser(audio.microphone, audio.speaker):
        asyncio.run(session())
    audio.close()
    assert [len(block) for block in blocks] == [640]


def test_a_second_conversation_at_once_is_refused(audio):
    audio.start(lambda _block: None)
    with pytest.raises(AudioError, match="End that one first"):
        audio.start(lambda _block: None)


def test_sound_after_the_end_is_not_played(audio):
    audio.output(tone(1.0))
    assert audio.speaker.pending == 0


def test_a_speaker_of_another_rate_is_refused():
    speaker = Speaker(rate=44_100)
    with pytest.raises(AudioError, match="rate=16000"):
        AgentAudio(speaker=speaker)


def test_it_is_shown_as_both_widgets_and_compared_as_one_word(audio):
    bundle = audio._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(audio) == "<AgentAudio>"
    assert "application/vnd.jupyter.widget-view+json" in json.loads(json.dumps(data))


def test_without_a_browser_nothing_hangs(audio):
    assert not audio.ready(0.01)
    audio.start(lambda _block: None)
    audio.output(tone(0.1))
    audio.stop()
    assert audio.played == 0
    assert audio.clip().pcm == audio.sent().pcm == b""
    assert audio.turns() == []


def test_what_a_conversation_lacks_is_said_before_it_begins(audio):
    assert audio.missing() == "No browser answers, so there is no microphone here."
    with Browser(audio.microphone, audio.speaker) as browser:
        until(audio.ready)
        assert audio.missing() == ""
        until(lambda: not browser.listening)  # allowed, and off again


def test_a_microphone_that_nobody_allows_is_said_in_words(audio, monkeypatch):
    with Browser(audio.microphone, audio.speaker):
        until(audio.ready)
        monkeypatch.setattr(audio.microphone, "start", lambda: audio.microphone._become("asking"))
        assert audio.missing(timeout=0.1) == "Nobody allowed the microphone within 0.1 s."
        monkeypatch.setattr(
            audio.microphone, "start", lambda: audio.microphone._become("failed", "denied")
        )
        assert audio.missing() == audio.microphone.error != ""
