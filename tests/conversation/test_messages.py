"""What the SDK tells no audio interface: every sound has its transcript, and its own pace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from elevenlabs import ElevenLabs
from fake_agent import AsyncConversation, Conversation, FakeAgent, tone
from websockets.sync.server import ServerConnection

import voicekit
from voicekit import AgentAudio, Clip, ClipAudio, ConversationView
from voicekit.conversation.audio_interface import Spoken

QUESTION = Clip(tone(0.4, hertz=220), 16_000, "a question")


class Talker(FakeAgent):
    """Says a sentence at once, is interrupted in it, and says another."""

    format = "pcm_16000"
    listens = "pcm_16000"

    def _talk(self, socket: ServerConnection) -> None:
        def send(kind: str, event: str, **content: object) -> None:
            socket.send(json.dumps({"type": kind, event: content}))

        send(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            conversation_id="conv_fake",
            agent_output_audio_format=self.format,
            user_input_audio_format=self.listens,
        )
        send("agent_response", "agent_response_event", agent_response="One two three.")
        send("user_transcript", "user_transcription_event", user_transcript="Four?")
        send(
            "agent_response_correction",
            "agent_response_correction_event",
            original_agent_response="One two three.",
            corrected_agent_response="One two...",
        )
        send("agent_response", "agent_response_event", agent_response="Five.")
        for _ in socket:
            pass


@pytest.fixture
def agent() -> Iterator[Talker]:
    with Talker() as made:
        yield made


def talk(agent: FakeAgent, audio: object, **options: object) -> Conversation:
    client = ElevenLabs(base_url=agent.url, api_key="none")
    return Conversation(client, "agent", requires_auth=False, audio_interface=audio, **options)


def until(condition) -> None:
    async def wait() -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(wait())


@pytest.mark.parametrize("make", [ClipAudio, AgentAudio, lambda: voicekit.Caller([])])
def test_every_sound_has_its_transcript_beside_it(agent, make):
    audio = make()
    with voicekit.session(talk(agent, audio)):
        until(lambda: "Five." in audio.clip().text)
    assert audio.clip().text == "One two... Five."
    assert audio.sent().text == "Four?"
    assert "One two... Five." in audio.clip()._repr_html_()


def test_the_asynchronous_form_has_them_too(agent):
    async def converse() -> None:
        audio = ClipAudio()
        client = ElevenLabs(base_url=agent.url, api_key="none")
        async with voicekit.session(
            AsyncConversation(client, "agent", requires_auth=False, audio_interface=audio)
        ):
            async with asyncio.timeout(60):
                while "Five." not in audio.clip().text:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(converse())


@pytest.mark.parametrize("spoken", ["pcm_8000", "pcm_24000", "pcm_44100", "ulaw_8000"])
@pytest.mark.parametrize("make", [ClipAudio, AgentAudio])
def test_an_agent_that_speaks_another_format_is_not_played_at_a_wrong_pace(
    agent, make, spoken, caplog
):
    agent.format = spoken
    audio, ends = make(), []
    view = ConversationView(audio)

    def disconnected(details):
        ends.append(details)
        view._end(details)

    # From the start: the agent's first message ends the call, perhaps before the next line runs.
    callbacks = {**view.callbacks, "callback_disconnect": disconnected}
    with voicekit.session(talk(agent, audio, **callbacks)):
        until(lambda: ends)
    sentence = (
        f"The agent speaks {spoken}, and the SDK's audio interfaces know pcm_16000 alone: it would "
        "sound at the wrong pace. Set conversation_config.tts.agent_output_audio_format of the "
        "agent to 'pcm_16000'."
    )
    assert ends[0].message == sentence
    assert sentence in caplog.text  # on stderr, where nothing else is set up
    assert sentence in str(view)


def test_an_agent_that_listens_to_another_format_is_told_of_likewise(agent, caplog):
    agent.listens = "ulaw_8000"
    audio = ClipAudio()
    with voicekit.session(talk(agent, audio)):
        until(lambda: audio.state == "stopped")
    assert "conversation_config.asr.user_input_audio_format" in caplog.text


@pytest.mark.parametrize("message", [{}, {"type": None}, {"type": "agent_response"}])
def test_odd_messages_are_left_to_the_sdk(message):
    Spoken().hear(message)


def test_whoever_is_no_conversation_may_start_it():
    for callback in (print, lambda _: None, [].append):
        Spoken().listen(callback)


def test_an_asynchronous_conversation_that_nobody_ends_lets_its_event_loop_end():
    ended = []

    async def note(details: object) -> None:
        ended.append(details)

    async def converse(agent: FakeAgent) -> None:
        audio = ClipAudio(QUESTION, pause=0)
        client = ElevenLabs(base_url=agent.url, api_key="none")
        conversation = AsyncConversation(
            client,
            "agent",
            requires_auth=False,
            audio_interface=audio,
            callback_disconnect=note,
        )
        await conversation.start_session()
        async with asyncio.timeout(60):
            while not audio.played:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    with FakeAgent() as agent:
        asyncio.run(converse(agent))
    assert len(ended) == 1
