"""Ears that fall behind, hang or die: the call goes on, and what nobody heard is on record."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

from fake_ears import LOUD, FakeHearing
from talk import ALL_EVENTS, agent, dial, hear, hear_until, of, say, speak, utter

from voicekit.standin.conversation.inbox import LATE, MOST, TOGETHER, Inbox
from voicekit.standin.engines import Activity, Heard
from voicekit.standin.engines.worker import DiedError

GUARD = 60.0  # seconds; only a test that hangs takes as long


def test_who_hangs_up_or_pings_is_noticed_while_the_ears_hear_nothing(standin, ears, monkeypatch):
    ears("Hello?")
    hanging = asyncio.Event()

    async def feed(self: FakeHearing, pcm: bytes) -> Sequence[Activity]:  # noqa: ARG001
        await hanging.wait()
        return ()

    monkeypatch.setattr(FakeHearing, "feed", feed)
    made = agent(standin, conversation={"client_events": ALL_EVENTS})
    with dial(standin, made, {}) as socket:
        for _ in range(600):  # a minute
            speak(socket, LOUD)
        assert socket.ping().wait(GUARD), "nobody reads any more"
        say(socket, type="user_message", text="What are your opening hours?")
        heard = hear_until(socket, lambda m: m["type"] == "agent_response", GUARD)
        assert "9" in of(heard, "agent_response")[-1]["agent_response"]


def test_ears_that_die_of_everything_end_no_call(standin, ears, monkeypatch):
    ears("Where is my order?", "What are your opening hours?")
    ended = FakeHearing.end
    died: list[str] = []

    async def end(self: FakeHearing, at: float | None = None) -> Heard:
        heard = await ended(self, at)
        if not died:
            died.append(heard.text)
            raise DiedError("exit code -9")
        return heard

    monkeypatch.setattr(FakeHearing, "end", end)
    made = agent(standin, agent={"first_message": "Hello."})
    with dial(standin, made, {}) as socket:
        hear(socket, "agent_response", GUARD)
        utter(socket)  # is not understood, and asked for again
        hear(socket, "agent_response", GUARD)
        utter(socket)
        transcript = hear(socket, "user_transcript", GUARD)["user_transcription_event"]
    assert died == ["Where is my order?"]
    assert transcript["user_transcript"] == "What are your opening hours?"


def test_a_judge_that_dies_ends_no_call(standin, ears, monkeypatch):
    ears("What are your opening hours?")
    fed = FakeHearing.feed
    died: list[int] = []

    async def feed(self: FakeHearing, pcm: bytes) -> Sequence[Activity]:
        if len(died) < 3:
            died.append(len(pcm))
            raise DiedError("exit code -9")
        return await fed(self, pcm)

    monkeypatch.setattr(FakeHearing, "feed", feed)
    made = agent(standin, agent={"first_message": "Hello."})
    with dial(standin, made, {}) as socket:
        hear(socket, "agent_response", GUARD)
        utter(socket, 1.0)
        transcript = hear(socket, "user_transcript", GUARD)["user_transcription_event"]
    assert len(died) == 3
    assert transcript["user_transcript"] == "What are your opening hours?"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_sound_that_waits_for_too_long_is_given_up_the_oldest_first():
    clock = Clock()
    inbox = Inbox(100, clock)
    for second in range(60):
        clock.now = float(second)
        inbox.put(bytes([second]) * 100)
    assert inbox.given_up == 60 - 1 - LATE
    first = asyncio.run(inbox.get())
    assert first[0] == 60 - 1 - LATE


def test_a_burst_is_heard_whole_up_to_ten_minutes():
    clock = Clock()
    inbox = Inbox(100, clock)
    for _ in range(round(MOST)):
        inbox.put(bytes(100))
    assert inbox.given_up == 0
    inbox.put(bytes(100))
    assert inbox.given_up == 1


def test_what_waits_is_taken_together_up_to_a_tenth_of_a_second():
    inbox = Inbox(1000, Clock())
    for piece in range(10):
        inbox.put(bytes([piece]) * 30)
    taken = asyncio.run(inbox.get())
    assert len(taken) >= TOGETHER * 1000
    assert taken == b"".join(bytes([piece]) * 30 for piece in range(4))


def test_what_nobody_heard_is_in_the_conversations_warnings(standin, ears, monkeypatch):
    ears("Hello?")
    monkeypatch.setattr("voicekit.standin.conversation.inbox.MOST", 5.0)

    async def feed(self: FakeHearing, pcm: bytes) -> Sequence[Activity]:  # noqa: ARG001
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(FakeHearing, "feed", feed)
    made = agent(standin)
    with dial(standin, made, {}) as socket:
        for _ in range(200):
            speak(socket, LOUD)
        assert socket.ping().wait(GUARD)
    record = standin.state.conversations.all()[-1]
    assert "given up" in record.warnings["The ears fell behind"]


def test_nobody_is_asked_again_while_what_he_said_is_being_made_out(standin, ears, monkeypatch):
    ears("What are your opening hours?")
    ended, making_out, made_out = FakeHearing.end, threading.Event(), threading.Event()

    async def end(self: FakeHearing, at: float | None = None) -> Heard:
        making_out.set()
        await asyncio.to_thread(made_out.wait, GUARD)
        return await ended(self, at)

    monkeypatch.setattr(FakeHearing, "end", end)
    made = agent(standin, agent={"first_message": ""}, turn={"turn_timeout": 0.2})
    with dial(standin, made, {}) as socket:
        utter(socket)
        assert making_out.wait(GUARD)
        time.sleep(1.0)  # longer than the agent waits for a word
        made_out.set()
        hear(socket, "agent_response", GUARD)
    record = standin.state.conversations.all()[-1]
    said = [item.message for item in record.items if item.role == "user"]
    assert said[0] == "What are your opening hours?"
