"""What happens when nothing happens: silence, long conversations, slow models, lost clients."""

from __future__ import annotations

import threading
import time

import pytest
from talk import ALL_EVENTS, agent, dial, hear, hear_all, hear_until, of, say, utter
from waiting import HANG

from voicekit.standin.conversation import timers

HELLO = {"agent": {"first_message": "Hello."}}


def loud_mouthed(standin, **config):
    return agent(standin, conversation={"client_events": ALL_EVENTS}, **{**HELLO, **config})


def test_a_silent_caller_is_asked_again_and_the_model_hears_of_the_silence(standin, llm):
    model = llm("Are you there?")
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    made = loud_mouthed(
        standin, agent={"first_message": "Hello.", "prompt": own}, turn={"turn_timeout": 0.5}
    )
    with dial(standin, made, {}) as socket:
        heard = hear_until(socket, lambda m: len(of([m], "agent_response")) and "there" in str(m))
    assert of(heard, "agent_response")[-1]["agent_response"] == "Are you there?"
    assert model.said[0] == [("assistant", "Hello."), ("user", "...")]


def test_the_script_asks_whether_the_caller_is_still_there(standin):
    made = loud_mouthed(standin, turn={"turn_timeout": 0.3})
    with dial(standin, made, {}) as socket:
        hear(socket, "agent_response")
        again = hear(socket, "agent_response")
    assert again["agent_response_event"]["agent_response"] == "Are you still there?"


def test_activity_puts_the_question_off(standin):
    made = loud_mouthed(standin, turn={"turn_timeout": 2.0})
    with dial(standin, made, {}) as socket:
        hear(socket, "agent_response_complete")
        time.sleep(0.5)
        active = time.monotonic()
        say(socket, type="user_activity")
        assert hear(socket, "agent_response")
        assert time.monotonic() - active >= 2.0  # without it, a second and a half


def test_a_silence_that_lasts_too_long_ends_the_call(standin):
    made = loud_mouthed(standin, turn={"silence_end_call_timeout": 0.5})
    with dial(standin, made, {}) as socket:
        _, code, reason = hear_all(socket)
    assert code == 1000
    assert "silent for 0.5 s" in reason


def test_the_longest_duration_ends_the_call_with_its_message(standin):
    made = agent(
        standin,
        **HELLO,
        conversation={
            "max_duration_seconds": 1,
            "max_conversation_duration_message": "Time is up.",
            "client_events": ALL_EVENTS,
        },
    )
    with dial(standin, made, {}) as socket:
        heard, code, _ = hear_all(socket)
    assert code == 1000
    assert of(heard, "agent_response")[-1]["agent_response"] == "Time is up."
    (error,) = of(heard, "error")
    assert (error["code"], error["error_type"]) == (1000, "max_duration_exceeded")


def test_a_client_that_sends_nothing_at_all_is_given_up(standin, monkeypatch):
    monkeypatch.setattr(timers, "GONE", 0.5)
    with dial(standin, loud_mouthed(standin), {}) as socket:
        while True:
            if "error_event" in (message := socket.recv(HANG)):
                break
    assert "transport_receive_timeout" in message


def test_a_slow_model_is_bridged_by_the_filler(standin, llm):
    go_on = threading.Event()
    model = llm([go_on, {"content": "Here it is."}])
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    made = loud_mouthed(
        standin,
        agent={"prompt": own},
        turn={"soft_timeout_config": {"timeout_seconds": 0.2, "message": "Let me see."}},
    )
    with dial(standin, made, {}) as socket:
        say(socket, type="user_message", text="Hi.")
        heard = hear_until(socket, lambda m: m["type"] == "agent_response")
        go_on.set()
        heard += hear_until(socket, lambda m: m["type"] == "agent_response_complete")
    said = [event["agent_response"] for event in of(heard, "agent_response")]
    assert said == ["Let me see.", "Here it is."]
    assert len({piece["event_id"] for piece in of(heard, "audio")}) == 1


def test_a_first_message_that_may_not_be_interrupted_is_not(standin, ears):
    ears("Say hello.")
    first = {
        "first_message": "This is said to the end, whatever you do.",
        "disable_first_message_interruptions": True,
    }
    with dial(standin, loud_mouthed(standin, agent=first), {}) as socket:
        hear(socket, "audio")
        utter(socket)
        heard = hear_until(socket, lambda m: "Hello!" in str(of([m], "agent_response")))
    kinds = [message["type"] for message in heard]
    assert "interruption" not in kinds
    assert kinds.index("agent_response_complete") < kinds.index("user_transcript")


def test_without_the_event_nobody_is_interrupted(standin, ears):
    ears("Say hello.")
    made = agent(
        standin,
        agent={"first_message": "This is said to the end."},
        conversation={"client_events": ["audio", "agent_response", "user_transcript"]},
    )
    with dial(standin, made, {}) as socket:
        hear(socket, "audio")
        utter(socket)
        heard = hear_until(socket, lambda m: "Hello!" in str(of([m], "agent_response")))
    assert {m["type"] for m in heard} <= {"audio", "agent_response", "user_transcript"}


@pytest.mark.parametrize(("term", "cut"), [("mm-hm", False), ("stop", True)])
def test_terms_to_be_ignored_do_not_interrupt(standin, ears, term, cut):
    ears(term)
    made = loud_mouthed(
        standin,
        agent={"first_message": "I go on talking when you only agree with me, and not otherwise."},
        turn={"interruption_ignore_terms": ["Mm-hm", "okay"]},
    )
    with dial(standin, made, {}) as socket:
        hear(socket, "audio")
        utter(socket)
        heard = hear_until(
            socket, lambda m: m["type"] in ("agent_response_complete", "user_transcript")
        )
    assert bool(of(heard, "interruption")) is cut
    assert bool(of(heard, "user_transcript")) is cut
