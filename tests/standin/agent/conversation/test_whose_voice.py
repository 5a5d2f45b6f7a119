"""Which conversations the ears for people hear: live microphones, and no script's sound."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_ears import FakeHearing
from talk import agent, dial, hear, utter

from voicekit.errors import EngineError
from voicekit.turns import live

METADATA = "conversation_initiation_metadata"


@pytest.fixture
def people_heard(monkeypatch):
    """How often a session was told that a person speaks."""
    heard = []

    async def hear_a_person(self):
        heard.append(self)
        self.ears.source = "people"

    monkeypatch.setattr(FakeHearing, "hear_a_person", hear_a_person, raising=False)
    return heard


def talk(standin, first_message, microphone=False):
    """Say one utterance; give its transcript, and the conversation's id."""
    with dial(standin, agent(standin), first_message) as socket:
        said = hear(socket, METADATA)[f"{METADATA}_event"]["conversation_id"]
        held = SimpleNamespace(_conversation_id=said)
        end = live.microphone_of(held) if microphone else lambda: None
        utter(socket, 1.0, pause=0.05)
        transcript = hear(socket, "user_transcript")
        end()
    return transcript["user_transcription_event"]["user_transcript"], said


def test_a_script_is_heard_by_the_closed_ears(standin, ears, people_heard):
    ears("Say hello.")
    assert talk(standin, {"source_info": {"source": "python_sdk"}})[0] == "Say hello."
    assert people_heard == []


def test_a_microphone_that_this_kernel_reads_is_a_persons(standin, ears, people_heard):
    ears("The weather on Mars.")
    text, said = talk(standin, {}, microphone=True)
    assert text == "The weather on Mars."
    assert len(people_heard) == 1
    assert not live.is_live(said)


def test_a_page_is_a_persons_and_may_be_told_not_to_be(standin, ears, people_heard, monkeypatch):
    ears("Say hello.", "Say hello.")
    talk(standin, {"source_info": {"source": "js_sdk"}})
    assert len(people_heard) == 1
    monkeypatch.setenv("VOICEKIT_EARS", "closed")
    talk(standin, {"source_info": {"source": "js_sdk"}})
    assert len(people_heard) == 1


def test_without_the_weights_the_closed_ears_go_on_and_the_record_says_why(
    standin, ears, monkeypatch
):
    async def hear_a_person(_):
        raise EngineError("no weights here")

    monkeypatch.setattr(FakeHearing, "hear_a_person", hear_a_person, raising=False)
    ears("Say hello.")
    text, said = talk(standin, {"source_info": {"source": "js_sdk"}})
    assert text == "Say hello."
    record = standin.state.conversations.get(said)
    assert "no weights here" in record.warnings.values()
