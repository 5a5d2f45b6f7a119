"""What threads share stays whole: a reader is held up in the middle until a writer has tried."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_agent import tone
from virtual_time import VirtualClock

from voicekit import AgentAudio, ClipAudio, ClipSpeaker, ConversationView
from voicekit.conversation import tape, view

SOUND = tone(0.1)


class Held(deque):
    """A deque that stops whoever goes through it after the first item, until `write` was tried."""

    write: Callable[[], object] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self._slowly(super().__iter__())

    def __reversed__(self) -> Iterator[Any]:
        return self._slowly(super().__reversed__())

    def _slowly(self, items: Iterator[Any]) -> Iterator[Any]:
        for number, item in enumerate(items):
            yield item
            if number == 0 and Held.write is not None:
                write, Held.write = Held.write, None
                writer = threading.Thread(target=write)
                writer.start()
                writer.join(0.3)  # one that is kept out waits for us


@pytest.fixture(autouse=True)
def held(monkeypatch):
    monkeypatch.setattr(tape, "deque", Held)
    monkeypatch.setattr(view, "deque", Held)
    yield
    assert Held.write is None, "nobody went through what was written to"


def hear(audio: AgentAudio, seqs: range) -> None:
    for seq in seqs:
        audio._hearing.frame(SOUND, seq, 100 + 0.1 * seq)


@pytest.mark.parametrize("ask", ["turns", "sent"])
def test_a_microphone_writes_while_the_view_asks(ask):
    audio = AgentAudio()
    hear(audio, range(5))
    Held.write = lambda: hear(audio, range(5, 10))
    getattr(audio, ask)()
    audio.close()


def test_an_agent_is_heard_while_its_clip_is_asked_for():
    audio = ClipAudio(clock=VirtualClock())
    audio._open()
    for _ in range(5):
        audio.output(SOUND)
    audio.clock.time = 0.2
    Held.write = lambda: audio.output(SOUND)
    audio.clip()


@pytest.mark.parametrize("ask", ["turns", "sent"])
def test_clips_are_sent_while_the_view_asks(ask):
    audio = ClipAudio(noise=-20.0)
    audio._open()
    for _ in range(5):
        audio._cut()
    Held.write = audio._cut
    getattr(audio, ask)()


def test_a_speaker_plays_in_one_thread_and_is_asked_in_another():
    speaker = ClipSpeaker(clock=VirtualClock())
    for _ in range(5):
        speaker.play(SOUND)
    speaker._clock.time = 0.2
    Held.write = lambda: speaker.play(SOUND)
    speaker.clip()


def test_rows_come_while_the_view_is_printed():
    shown = ConversationView(ClipAudio())
    say = shown.callbacks["callback_agent_response"]
    for _ in range(3):
        say("Yes.")
    Held.write = lambda: say("No.")
    str(shown)
