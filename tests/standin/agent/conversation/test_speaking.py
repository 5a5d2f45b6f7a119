"""Spoken conversations: sound out, sound in, and what happens when both talk."""

from __future__ import annotations

import asyncio
import base64
import threading
import time

import pytest
from fake_ears import LOUD
from talk import ALL_EVENTS, agent, dial, hear, hear_until, of, speak, utter
from waiting import HANG, until

METADATA = "conversation_initiation_metadata"
LONG = (
    "Welcome to Acme support. I can tell you about orders, deliveries, returns and refunds. "
    "You may interrupt me whenever you like, since I tend to go on for quite a while."
)


def listening(standin, **config):
    """An agent that tells its client everything."""
    config.setdefault("conversation", {})["client_events"] = ALL_EVENTS
    return agent(standin, **config)


def is_complete(message):
    return message["type"] == "agent_response_complete"


def test_the_first_message_is_spoken_with_its_alignment(standin):
    made = listening(standin, agent={"first_message": LONG[:24]})
    with dial(standin, made, {}) as socket:
        heard = hear_until(socket, is_complete)
    pieces = of(heard, "audio")
    assert {piece["event_id"] for piece in pieces} == {1}
    aligned = (piece["alignment"]["chars"] for piece in pieces if "alignment" in piece)
    assert "".join(map("".join, aligned)) == LONG[:24]
    seconds = sum(len(base64.b64decode(piece["audio_base_64"])) for piece in pieces) / 32000
    assert 0.8 < seconds < 4
    assert of(heard, "agent_response") == [{"agent_response": LONG[:24], "event_id": 1}]


@pytest.mark.parametrize("sound_format", ["pcm_8000", "pcm_24000", "ulaw_8000"])
def test_sound_comes_in_the_format_that_was_configured(standin, ears, sound_format):
    ears("Say hello.")
    made = listening(
        standin,
        agent={"first_message": "Hello there."},
        tts={"agent_output_audio_format": sound_format},
        asr={"user_input_audio_format": sound_format},
    )
    rate = int(sound_format.split("_")[1]) * (1 if "ulaw" in sound_format else 2)
    loud = (b"\x00\xff" if "ulaw" in sound_format else b"\x40\x1f") * (rate // 4)
    quiet = (b"\xff" if "ulaw" in sound_format else b"\0") * (rate // 2)
    with dial(standin, made, {}) as socket:
        heard = hear_until(socket, is_complete)
        seconds = sum(len(base64.b64decode(p["audio_base_64"])) for p in of(heard, "audio")) / rate
        assert 0.5 < seconds < 3
        event = heard[0]["conversation_initiation_metadata_event"]
        assert (
            event["agent_output_audio_format"] == event["user_input_audio_format"] == sound_format
        )
        speak(socket, loud)
        speak(socket, quiet)
        assert hear(socket, "user_transcript")


def test_what_the_caller_says_is_transcribed_and_answered(standin, ears):
    ears("How long do I have to return something?")
    with dial(standin, listening(standin), {}) as socket:
        utter(socket, 1.0, pause=0.05)
        heard = hear_until(socket, is_complete)
    (transcript,) = of(heard, "user_transcript")
    (answer,) = of(heard, "agent_response")
    assert transcript["user_transcript"] == "How long do I have to return something?"
    assert "30 days" in answer["agent_response"]
    assert {piece["event_id"] for piece in of(heard, "audio")} == {answer["event_id"]}
    assert answer["event_id"] > transcript["event_id"] > 0
    tentative = of(heard, "tentative_user_transcript")
    assert {event["event_id"] for event in tentative} == {transcript["event_id"]}
    assert max(event["vad_score"] for event in of(heard, "vad_score")) == 1


def test_barge_in_stops_the_agent_and_says_what_was_heard(standin, ears):
    ears("Say hello.")
    with dial(standin, listening(standin, agent={"first_message": LONG}), {}) as socket:
        first = hear(socket, "conversation_initiation_metadata")
        hear(socket, "audio")
        record = standin.state.conversations.get(
            first["conversation_initiation_metadata_event"]["conversation_id"]
        )
        time.sleep(1.5)  # that much of the agent's speech is heard
        utter(socket)
        heard = hear_until(socket, is_complete)
    kinds = [message["type"] for message in heard]
    cut = kinds.index("interruption")
    assert of(heard, "interruption") == [{"event_id": 1}]
    (fixed,) = of(heard, "agent_response_correction")
    assert kinds.index("agent_response_correction") == cut + 1
    assert fixed["original_agent_response"] == LONG
    assert fixed["corrected_agent_response"].endswith("...")
    assert LONG.startswith(fixed["corrected_agent_response"][:-3])
    assert 5 < len(fixed["corrected_agent_response"]) < len(LONG)
    later = of(heard[cut:], "audio")
    assert later
    assert all(piece["event_id"] > 1 for piece in later)
    assert record.items[0].interrupted
    assert record.items[0].original == LONG
    assert record.items[0].message == fixed["corrected_agent_response"]


def test_a_caller_who_is_not_understood_is_told_so(standin, ears):
    ears(None)
    with dial(standin, listening(standin), {}) as socket:
        utter(socket)
        heard = hear_until(socket, is_complete)
    assert of(heard, "user_transcript") == []
    (answer,) = of(heard, "agent_response")
    assert answer["agent_response"].startswith("I did not catch that.")


def test_words_that_were_only_dictated_are_not_taken_for_an_order(standin, ears):
    ears("seven two two five").source = "dictation"
    with dial(standin, listening(standin), {}) as socket:
        utter(socket)
        heard = hear_until(socket, is_complete)
    assert of(heard, "user_transcript") == []
    assert "did not catch that" in of(heard, "agent_response")[0]["agent_response"]


def test_a_microphone_that_falls_silent_without_a_word_ends_the_turn(standin, ears):
    ears("Say hello.")
    with dial(standin, listening(standin), {}) as socket:
        for _ in range(5):
            speak(socket, LOUD)
        assert hear(socket, "user_transcript")


def test_a_client_that_sends_faster_than_it_is_heard_is_slowed_and_loses_nothing(standin, ears):
    fake, awake = ears("Say hello."), threading.Event()
    opened = fake.open

    async def open_late(keywords=()):
        await asyncio.to_thread(awake.wait, HANG)
        return await opened(keywords)

    fake.open = open_late
    minutes = [bytes(32_000)] * 500  # 21 MB on the wire, more than sockets hold
    with dial(standin, agent(standin, agent={"first_message": ""}), {}) as socket:
        sending = threading.Thread(target=lambda: [speak(socket, pcm) for pcm in minutes])
        sending.start()
        sending.join(1.5)
        assert sending.is_alive()
        awake.set()
        sending.join(HANG)
        assert not sending.is_alive()
        utter(socket)
        said = hear(socket, "user_transcript")["user_transcription_event"]
        assert said["user_transcript"] == "Say hello."


def test_when_the_caller_hangs_up_what_was_heard_is_on_record(standin):
    made = listening(standin, agent={"first_message": LONG})
    with dial(standin, made, {}) as socket:
        conversation_id = of([hear(socket, METADATA)], METADATA)[0]["conversation_id"]
        hear(socket, "audio")
        time.sleep(1.5)
    record = standin.state.conversations.get(conversation_id)
    until(lambda: record.status == "done")
    (item,) = record.items
    assert item.message.endswith("...")
    assert LONG.startswith(item.message.removesuffix("..."))


def test_a_caller_who_goes_on_before_the_answer_is_heard_has_spoken_one_turn(standin, ears, llm):
    ears("I want a refund.", "I want a refund, please.")
    model = llm([20, {"content": "Too early."}], "In time.")
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    with dial(standin, listening(standin, agent={"prompt": own}), {}) as socket:
        utter(socket)
        until(lambda: model.bodies)
        utter(socket)
        heard = hear_until(socket, is_complete)
    assert model.said[-1] == [("user", "I want a refund, please.")]
    conversation_id = of(heard, METADATA)[0]["conversation_id"]
    items = standin.state.conversations.get(conversation_id).items
    assert [item.message for item in items] == ["I want a refund, please.", "In time."]
