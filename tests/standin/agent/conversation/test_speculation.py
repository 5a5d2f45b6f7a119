"""`speculative_turn`: an answer is made in a pause, and thrown away when the caller goes on."""

from __future__ import annotations

from fake_ears import LOUD, QUIET
from talk import ALL_EVENTS, agent, dial, hear_until, of, speak, utter
from waiting import until


def speculating(standin, model):
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    return agent(
        standin,
        agent={"prompt": own},
        turn={"speculative_turn": True},
        conversation={"client_events": ALL_EVENTS},
    )


def answered(message):
    return message["type"] == "agent_response_complete"


def test_the_answer_is_ready_when_the_turn_ends(standin, llm, ears):
    ears("Say hello.")
    model = llm("Hello from afar.")
    with dial(standin, speculating(standin, model), {}) as socket:
        for piece in (LOUD, LOUD, LOUD, LOUD, QUIET, QUIET):
            speak(socket, piece)
        until(lambda: model.bodies)  # asked in the pause, the turn is still open
        speak(socket, QUIET + QUIET)
        heard = hear_until(socket, answered)
    kinds = [message["type"] for message in heard]
    assert len(model.bodies) == 1
    assert kinds.index("user_transcript") < kinds.index("audio")
    (answer,) = of(heard, "agent_response")
    assert answer["agent_response"] == "Hello from afar."
    assert answer["event_id"] > of(heard, "user_transcript")[0]["event_id"]


def test_a_caller_who_goes_on_hears_nothing_of_it_and_it_leaves_no_trace(standin, llm, ears):
    ears("Say hello.")
    model = llm([{"content": "Too early."}, 20], "In time.")
    with dial(standin, speculating(standin, model), {}) as socket:
        for piece in (LOUD, LOUD, LOUD, LOUD, QUIET, QUIET):
            speak(socket, piece)
        until(lambda: model.bodies)
        utter(socket)
        heard = hear_until(socket, answered)
        until(lambda: model.aborted == 1)
    assert [event["agent_response"] for event in of(heard, "agent_response")] == ["In time."]
    assert model.said[-1] == [("user", "Say hello.")]
    conversation_id = of(heard, "conversation_initiation_metadata")[0]["conversation_id"]
    items = standin.state.conversations.get(conversation_id).items
    assert [item.message for item in items] == ["Say hello.", "In time."]
