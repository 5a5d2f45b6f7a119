"""The speaker that makes no sound and keeps the time."""

from __future__ import annotations

import asyncio

import pytest
from virtual_time import VirtualClock

from voicekit.audio import Clip
from voicekit.conversation.clip_speaker import ClipSpeaker
from voicekit.errors import AudioError

SECOND = b"\1\0" * 16000


def test_it_hears_at_the_pace_of_time() -> None:
    clock = VirtualClock()
    speaker = ClipSpeaker(16000, clock)
    speaker.play(SECOND * 2)
    assert speaker.played == 0
    clock.time = 0.5
    assert (speaker.played, speaker.pending) == (0.5, 1.5)
    assert speaker.clip().pcm == SECOND[:16000]


def test_draining_waits_for_the_end_and_interrupting_ends_it() -> None:
    clock = VirtualClock()
    speaker = ClipSpeaker(16000, clock)
    speaker.play(SECOND)
    asyncio.run(speaker.drain())
    assert clock.now() == pytest.approx(1.0)
    speaker.play(SECOND)
    clock.time += 0.25
    speaker.interrupt()
    assert speaker.pending == 0
    assert speaker.played == 1.25


def test_it_refuses_what_its_model_refuses() -> None:
    with pytest.raises(AudioError, match="ClipSpeaker\\(rate=22050\\)"):
        ClipSpeaker(16000).play(Clip(b"", 22050))
