"""What the view of a conversation shows, without a page: its text twin and its HTML."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import ipywidgets
from waiting import HANG, until

from voicekit import ConversationView
from voicekit.conversation import view as view_module
from voicekit.timeline import Timeline


class Audio:
    def __init__(self) -> None:
        self.played = 0
        self.delays: list[float] = []

    def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:  # noqa: ARG002
        found = []
        for delay in self.delays:
            turn = Timeline(lambda: 0.0, profile)
            turn.mark("speech_end", 0.0)
            turn.mark("audible", delay)
            found.append(turn)
        return found


def shown(view: ConversationView) -> str:
    return view._page.value


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
    assert until(lambda: "You heard" in shown(view))
    assert "where is &lt;my&gt; order?" in shown(view)
    assert "<my>" not in shown(view)


def test_the_delays_name_their_profile():
    audio = Audio()
    view = ConversationView(audio, "advertised")
    audio.delays = [0.612, 0.655]
    view.callbacks["callback_agent_response"]("Yes.")
    line = "answered after 612 ms, 655 ms (simulated, profile 'advertised')"
    assert line in str(view)
    assert until(lambda: line in shown(view))


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
    assert until(lambda: shown(view).endswith("ended</div>"))


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


class Broken(Audio):
    def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:  # noqa: ARG002
        raise RuntimeError("deque mutated during iteration")


def test_a_view_that_fails_says_so_once_and_never_reaches_the_call(caplog):
    view = ConversationView(Broken())
    for _ in range(3):
        view.callbacks["callback_agent_response"]("Yes.")
    view.callbacks["callback_disconnect"](None)
    assert until(lambda: "Yes." in shown(view) and "the call goes on" in shown(view))
    assert [record.message for record in caplog.records].count(
        "The view of the conversation has failed; the call goes on."
    ) == 1


def test_no_more_turns_are_asked_for_than_are_shown():
    asked = []

    class Counting(Audio):
        def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:
            asked.append(last)
            return super().turns(profile, last)

    str(ConversationView(Counting()))
    assert asked
    assert max(asked) <= 20


def test_it_says_why_the_conversation_has_ended():
    view = ConversationView(Audio())
    view.callbacks["callback_disconnect"](SimpleNamespace(message="no <agent>"))
    assert "(ended: no <agent>)" in str(view)
    assert until(lambda: "ended: no &lt;agent&gt;" in shown(view))


def test_stop_stands_above_the_rows_which_have_a_height_of_their_own(monkeypatch):
    boxes = []
    monkeypatch.setattr(
        view_module.ipywidgets, "VBox", lambda children: boxes.append(children) or ipywidgets.HTML()
    )
    view = ConversationView(Audio())
    view._repr_mimebundle_()
    assert boxes == [[view._button, view._page]]
    assert "max-height" in shown(view)
    assert "overflow-y: auto" in shown(view)


def test_an_asynchronous_conversation_may_await_the_callbacks_and_be_stopped():
    async def converse() -> None:
        stopped = asyncio.Event()

        async def end() -> None:
            stopped.set()

        view = ConversationView(Audio())
        view.on_stop(end)
        await view.callbacks["callback_agent_response"]("Yes.")
        view._button.click()
        await asyncio.wait_for(stopped.wait(), HANG)

    asyncio.run(converse())
