"""A live microphone and a stand-in with the ears for people, by the official SDK."""

from __future__ import annotations

import re
import shutil

import pytest
from browser_of_ours import Browser
from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import Conversation
from standin.test_ears import flite
from waiting import until

from voicekit import AgentAudio, Clip, standin
from voicekit.errors import EngineError
from voicekit.standin.engines import people

SAID = "Which planet has the largest volcano in the solar system?"


@pytest.mark.extended
def test_an_off_topic_question_is_understood_at_a_live_microphone_and_answered_as_such(tmp_path):
    if not people.PeopleEars.installed() or not shutil.which("flite"):
        pytest.skip("no onnxruntime or no flite here")
    try:
        people.weights()
    except EngineError as error:
        pytest.skip(str(error))
    clip = Clip(flite(SAID, "rms", tmp_path).tobytes(), 16_000)
    server = standin.Standin("instant")
    client = ElevenLabs(base_url=server.elevenlabs_url, api_key=server.elevenlabs_key)
    heard, answers = [], []
    audio = AgentAudio()
    conversation = Conversation(
        client,
        "agent_standin",
        requires_auth=False,
        audio_interface=audio,
        callback_user_transcript=heard.append,
        callback_agent_response=answers.append,
    )
    try:
        with Browser(audio.microphone, audio.speaker) as browser:
            conversation.start_session()
            until(lambda: browser.listening and answers)
            until(lambda: server.state.ears.people.pid)
            browser.say(clip)
            until(lambda: len(answers) == 2)
            conversation.end_session()
            conversation.wait_for_session_end()
    finally:
        audio.close()
        server.stop()
    words = set(re.findall(r"[a-z]+", SAID.lower()))
    understood = words & set(re.findall(r"[a-z]+", " ".join(heard).lower()))
    print(heard, answers)
    assert len(understood) >= len(words) - 2
    assert "scripted" in answers[1] or "I know" in answers[1]
