"""What the view of a conversation shows, without a page: its text twin and its HTML."""

from __future__ import annotations

import time

from voicekit import ConversationView
from voicekit.timeline import Timeline


class Audio:
    def __init__(self) -> None:
        self.played = 0
        self.delays: list[float] = []

    def turns(self, profile: str | None = None) -> list[Timeline]:
        found = []
        for delay in self.delays:
            turn = Timeline(lambda: 0.0, profile)
            turn.mark("speech_end", 0.0)
            turn.mark("audible", delay)
            found.append(turn)
        return found


def shown(view: ConversationView) -> str:
    return view._page.value


def until(condition, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_rows_grow_with_what_is_said_and_are_escaped():
    view = ConversationView(Audio())
    view.callbacks["callback_user_transcript"]("where is <my> order?")
    view.callbacks["callback_agent_response"]("On its way.")
    view.callbacks["callback_agent_response_correction"]("On its way.", "On its")
    assert str(view).splitlines()[:3] == [
        "You: where is <my> order?",
        "Agent: On its way.",
        "You heard: On its",
    ]
    assert "where is &lt;my&gt; order?" in shown(view)
    assert "<my>" not in shown(view)


def test_the_delays_name_their_profile():
    audio = Audio()
    view = ConversationView(audio, "advertised")
    audio.delays = [0.612, 0.655]
    view.callbacks["callback_agent_response"]("Yes.")
    line = "answered after 612 ms, 655 ms (simulated, profile 'advertised')"
    assert line in str(view)
    assert line in shown(view)


def test_it_says_who_is_speaking():
    audio = Audio()
    view = ConversationView(audio)
    assert "not started" in shown(view)
    view.on_stop(lambda: None)

    def playing() -> bool:
        audio.played += 160
        return "the agent is speaking" in shown(view)

    assert until(playing)
    assert until(lambda: "listening" in shown(view))
    view.callbacks["callback_disconnect"](None)
    assert shown(view).endswith("ended</div>")


def test_the_button_stops_the_conversation_once_there_is_one():
    stopped = []
    view = ConversationView(Audio())
    assert view._button.disabled
    view.on_stop(lambda: stopped.append(True))
    view._button.click()
    assert stopped == [True]
    assert view._button.disabled
    assert "(ended)" in str(view)


def test_a_notebook_compares_its_text_and_finds_no_state_in_it():
    view = ConversationView(Audio())
    assert repr(view) == "<ConversationView>"
    assert view._repr_mimebundle_()["text/plain"] == "<ConversationView>"
