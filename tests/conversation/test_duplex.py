"""One loop by hand over each device: frames in, sound out, stopped at once, and what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browser_of_ours import Browser
from fake_agent import tone
from virtual_time import VirtualClock
from waiting import HANG

from voicekit import AgentAudio, Caller, Clip, ClipAudio, Duplex, Line
from voicekit.errors import AudioError
from voicekit.speech import Chunk
from voicekit.widgets import Microphone

RATE = 16_000
QUESTION = Clip(tone(0.4, hertz=220), RATE, "a question")


def is_loud(pcm: bytes) -> bool:
    return bool(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max() > 1000)


async def loop(audio: Duplex, answers: int, cut_after: float | None = None) -> list[float]:
    """Answer each question with two seconds of a tone; return how much of each was heard."""
    heard, spoke, quiet, last = [], False, 0.0, 0.0
    async with asyncio.timeout(HANG), audio:
        async for frame in audio.frames():
            assert frame.at == last or (frame.at > last and isinstance(audio, AgentAudio))
            last = frame.end
            if is_loud(frame.pcm):
                spoke, quiet = True, 0.0
            quiet += frame.end - frame.at
            if spoke and not audio.playing and quiet > 0.2:
                spoke = False
                audio.begin()
                assert audio.played == 0
                for start in range(0, 64_000, 6400):  # as a voice sends it
                    audio.play(Chunk(tone(2.0)[start : start + 6400], RATE))
            if audio.playing and cut_after is not None and audio.played >= cut_after:
                heard.append(audio.flush())
                await audio.drain()
            elif audio.played == pytest.approx(2.0) and not audio.playing:
                heard.append(audio.played)
                audio.begin()
            if len(heard) == answers:
                break
    return heard


def clips() -> Duplex:
    return ClipAudio([QUESTION, QUESTION], pause=3.0, block=0.02, clock=VirtualClock())


def caller() -> Duplex:
    lines = [Line("one", sound=QUESTION), Line("two", sound=QUESTION)]
    return Caller(lines, clock=VirtualClock(), noise=None)


@pytest.mark.parametrize("make", [clips, caller])
def test_the_same_loop_hears_and_answers_by_clips_and_by_a_caller(make: Callable[[], Duplex]):
    audio = make()
    assert asyncio.run(loop(audio, 2)) == pytest.approx([2.0, 2.0])
    assert audio.clip().pcm == 2 * tone(2.0)
    assert [round(turn.delay, 1) for turn in audio.turns()] == [0.2, 0.2]


def test_the_same_loop_runs_on_a_browser() -> None:
    audio = AgentAudio(block=0.02)
    with Browser(audio.microphone, audio.speaker) as browser:
        browser.say(QUESTION)
        assert asyncio.run(loop(audio, 1)) == pytest.approx([2.0])
        assert audio.clip().pcm == tone(2.0)
        assert len(audio.turns()) == 1
    audio.close()


def test_flushing_tells_what_was_heard_of_this_answer() -> None:
    audio = clips()
    heard = asyncio.run(loop(audio, 2, cut_after=0.7))
    assert heard == pytest.approx([0.7, 0.7], abs=0.021)  # a frame
    assert audio.clip().seconds == pytest.approx(sum(heard))


def test_in_a_browser_no_more_is_told_than_was_rendered() -> None:
    audio = AgentAudio(block=0.02)
    with Browser(audio.microphone, audio.speaker) as browser:
        browser.say(QUESTION)
        (heard,) = asyncio.run(loop(audio, 1, cut_after=0.5))
        assert 0.5 <= heard <= browser.rendered.played < 2.0
    audio.close()


def test_a_script_ends_the_frames() -> None:
    async def listen() -> None:
        async with asyncio.timeout(HANG), audio:
            async for _ in audio.frames():
                pass

    audio = Caller([Line("anybody?", sound=QUESTION)], clock=VirtualClock(), patience=2.0)
    asyncio.run(listen())
    assert audio.finished
    assert [line.text for line in audio.unanswered] == ["anybody?"]
    assert audio.state == "stopped"


def on(audio: Duplex, act: Callable[[Duplex], Any]) -> Any:
    async def within() -> Any:
        async with audio:
            return act(audio)

    return asyncio.run(within())


def test_an_utterance_counts_from_the_end_of_what_is_queued() -> None:
    clock = VirtualClock()

    def act(audio: Duplex) -> list[float]:
        played = []
        audio.play(tone(1.0))
        for step in (audio.begin, lambda: audio.play(tone(1.0)), audio.flush, audio.begin):
            step()
            clock.time += 0.7
            played.append(audio.played)
        return played

    # 0.7 of the first second, 0.4 of the second one, and then silence.
    assert on(ClipAudio(clock=clock), act) == pytest.approx([0.0, 0.4, 0.4, 0.0])


def test_what_a_page_took_with_it_was_not_heard() -> None:
    def act(audio: Duplex) -> float:
        audio.begin()
        audio.play(tone(20.0))
        audio.speaker._lost("page-gone")
        assert not audio.playing
        return audio.played

    audio = AgentAudio()
    with Browser(audio.microphone, audio.speaker):
        assert on(audio, act) < 1.0
    audio.close()


@pytest.mark.parametrize(
    ("sound", "error", "remedy"),
    [
        (Chunk(b"\0\0", 22_050), AudioError, r"22050 Hz.*rate=16000"),
        (Clip(b"\0\0", 44_100), AudioError, "44100 Hz"),
        ("Hello.", TypeError, "Pass PCM16, a Clip, or a chunk"),
        (np.zeros(4, np.int16), TypeError, "Pass PCM16"),
    ],
)
def test_sound_of_another_kind_is_refused(sound, error, remedy) -> None:
    with pytest.raises(error, match=remedy):
        on(ClipAudio(clock=VirtualClock()), lambda audio: audio.play(sound))


def test_a_device_that_was_not_opened_says_how() -> None:
    with pytest.raises(AudioError, match=r"async with audio:"):
        ClipAudio().play(b"")
    with pytest.raises(AudioError, match=r"async with audio:"):
        asyncio.run(anext(ClipAudio().frames()))


def test_sound_that_comes_after_the_end_is_left() -> None:
    audio = ClipAudio(clock=VirtualClock())
    on(audio, lambda _: None)
    audio.play(tone(1.0))
    assert (audio.pending, audio.played, audio.flush()) == (0, 0, 0)


def test_two_tasks_do_not_share_a_microphone() -> None:
    async def both() -> None:
        async with ClipAudio() as audio:
            await asyncio.gather(anext(audio.frames()), anext(audio.frames()))

    with pytest.raises(AudioError, match=r"asyncio\.Queue"):
        asyncio.run(both())


def test_a_newer_microphone_ends_the_loop() -> None:
    async def listen() -> int:
        count = 0
        async with asyncio.timeout(HANG), audio:
            async for _ in audio.frames():
                if count == 2:
                    Microphone().close()  # the audio's cell is run again
                count += 1
        return count

    audio = AgentAudio(block=0.02)
    with Browser(audio.microphone, audio.speaker):
        assert asyncio.run(listen()) >= 3
    assert audio.state == "stopped"
    with pytest.raises(AudioError, match="closed"):
        on(audio, lambda _: None)
    assert audio.state == "stopped"
    audio.close()


def test_a_loop_without_a_microphone_is_told_why(monkeypatch) -> None:
    monkeypatch.setattr("voicekit.widgets.microphone.GRACE", 0.05)
    audio = AgentAudio()
    with pytest.raises(AudioError, match=r"browser|page|front end"):
        on(audio, lambda _: None)
    assert audio.microphone.state == "failed"
    audio.close()
