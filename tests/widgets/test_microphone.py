from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from page import Page
from waiting import HANG, until

from voicekit.errors import AudioError
from voicekit.widgets import Frame, Microphone, link, microphone

FRAME = b"\1\0" * 320


@pytest.fixture
def mic() -> Iterator[Microphone]:
    made = Microphone()
    yield made
    made.close()


@pytest.fixture
def page(mic: Microphone) -> Page:
    return Page(mic)


def listening(page: Page) -> int:
    """Start and let the page say that it listens; the run's number."""
    page.hello()
    page.widget.start()
    run = page.told("start")[-1]["run"]
    page.say("state", run=run, state="listening", settings={"echoCancellation": True})
    return run


def pcm(page: Page, run: int, seq: int) -> None:
    page.say("pcm", FRAME, run=run, seq=seq, t=1000.0)


def test_without_a_front_end_nothing_hangs_and_the_error_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(microphone, "GRACE", 0.1)
    mic = Microphone()
    assert not mic.ready(0.01)
    mic.start()
    assert mic.state == "starting"
    until(lambda: mic.state == "failed")
    assert "JupyterLab" in mic.error
    with pytest.raises(AudioError, match="No front end"):
        mic.record(1)
    mic.close()


def test_its_repr_is_the_same_everywhere(mic: Microphone) -> None:
    assert repr(mic) == "<Microphone>"
    assert mic._repr_mimebundle_()[0]["text/plain"] == "<Microphone>"


def test_frames_reach_callbacks_in_a_thread_of_their_own(page: Page, mic: Microphone) -> None:
    got: list[tuple[Frame, str]] = []
    unsubscribe = mic.on_frame(lambda frame: got.append((frame, threading.current_thread().name)))
    run = listening(page)
    pcm(page, run, 0)
    pcm(page, run, 1)
    pcm(page, run, 2)
    until(lambda: len(got) == 3)
    assert [frame.seq for frame, _ in got] == [0, 1, 2]
    assert {frame.pcm for frame, _ in got} == {FRAME}
    assert {name for _, name in got} == {"voicekit-microphone"}
    assert mic.elapsed == pytest.approx(0.06)
    assert mic.settings == {"echoCancellation": True}
    unsubscribe()
    pcm(page, run, 3)
    time.sleep(0.05)
    assert len(got) == 3


def test_a_callback_that_fails_does_not_stop_the_others(
    page: Page, mic: Microphone, caplog
) -> None:
    got: list[Frame] = []
    mic.on_frame(lambda frame: frame.seq / 0)
    mic.on_frame(got.append)
    run = listening(page)
    pcm(page, run, 0)
    pcm(page, run, 1)
    until(lambda: len(got) == 2)
    assert "ZeroDivisionError" in caplog.text


def test_what_a_page_says_of_itself_is_known_before_it_is_answered(page, mic) -> None:
    known: list[dict[str, bool]] = []
    mic.send = lambda content, buffers=None: known.append(dict(mic.front_end))  # noqa: ARG005
    page.say("hello", secure=True, microphone=True)
    assert known[0] == {"secure": True, "microphone": True, "webview": False}


def test_lost_frames_are_counted_and_those_of_an_earlier_run_ignored(page, mic) -> None:
    first = listening(page)
    pcm(page, first, 0)
    second = listening(page)
    assert second > first
    pcm(page, first, 1)
    assert mic.elapsed == 0
    pcm(page, second, 0)
    pcm(page, second, 5)
    assert mic.lost == 4


def test_a_slow_listener_loses_the_oldest_frames_and_is_told_how_many(page, mic) -> None:
    async def listen() -> list[int]:
        frames = mic.frames()
        asyncio.get_running_loop().call_soon(speak)
        first = await anext(frames)
        return [first.seq, *[frame.seq async for frame in frames]]

    def speak() -> None:
        run = page.told("start")[-1]["run"]
        page.say("state", run=run, state="listening")
        for seq in range(300):
            pcm(page, run, seq)
        mic.stop()

    page.hello()
    assert asyncio.run(listen()) == list(range(50, 300))
    assert mic.dropped == 50


def test_the_browsers_refusal_is_said_in_words_and_ends_the_iterator(page, mic) -> None:
    async def listen() -> int:
        frames = mic.frames()
        asyncio.get_running_loop().call_soon(refuse)
        return len([frame async for frame in frames])

    def refuse() -> None:
        run = page.told("start")[-1]["run"]
        page.say("state", run=run, state="failed", code="denied", detail="NotAllowedError")

    page.hello()
    assert asyncio.run(listen()) == 0
    assert mic.state == "failed"
    assert "Allow it" in mic.error
    assert mic.detail == "NotAllowedError"


def test_a_second_microphone_closes_the_first(mic: Microphone) -> None:
    page = Page(mic)
    listening(page)
    second = Microphone()
    assert mic.state == "closed"
    assert "newer" in mic.error
    assert page.told("stop")
    with pytest.raises(AudioError, match="newer"):
        mic.start()
    second.close()
    second.close()


def test_only_one_page_has_the_microphone_and_the_other_is_told(page: Page, mic) -> None:
    other = Page(mic, "page-2")
    run = listening(page)
    assert not other.hello()
    other.say("pcm", FRAME, run=run, seq=0, t=0.0)
    assert mic.elapsed == 0
    assert other.hello("claim")
    assert page.told("ack")[-1]["lease"] is False
    assert mic.state == "ready"  # taken over, not started
    assert other.told("start") == []
    pcm(page, run, 0)
    assert mic.elapsed == 0


def test_a_reloaded_page_does_not_go_on_by_itself(page: Page, mic) -> None:
    listening(page)
    page.say("bye")
    assert (mic.state, mic.connected) == ("stopped", False)
    assert "closed" in mic.error
    again = Page(mic, "page-2")
    assert again.hello()
    assert again.hello("ping")
    assert again.told("start") == []
    assert mic.state == "ready"


def test_a_page_that_vanishes_without_a_word_is_noticed(page, mic, monkeypatch) -> None:
    listening(page)
    monkeypatch.setattr(link, "LEASE", 0.1)
    until(lambda: mic.state == "stopped")
    assert "closed" in mic.error


def test_a_start_waits_for_a_page_that_comes_late_but_not_for_ever(mic, monkeypatch) -> None:
    page = Page(mic)
    mic.start()
    page.hello()
    assert len(page.told("start")) == 1
    mic.stop()
    page.say("bye")
    monkeypatch.setattr(microphone, "GRACE", 0.05)
    mic.start()
    until(lambda: mic.state == "failed")
    late = Page(mic, "page-2")
    late.hello()
    assert late.told("start") == []


def test_a_clip_comes_in_parts_and_is_joined(page: Page, mic) -> None:
    run = listening(page)
    got = []
    thread = threading.Thread(target=lambda: got.append(mic.record(0.2)))
    thread.start()
    take = page.until("record")[0]["take"]
    page.say("recording", take=take)
    page.until("recorded")
    page.say("clip", FRAME, take=take, part=0, parts=2)
    page.say("clip", FRAME, take=take, part=1, parts=2)
    thread.join(HANG)
    assert got == mic.clips
    assert got[0].pcm == 2 * FRAME
    assert mic.state == "listening"
    assert page.told("stop") == []
    assert run


def test_a_clip_that_cannot_be_decoded_is_an_error_with_words(page: Page, mic) -> None:
    listening(page)
    failures = []

    def record() -> None:
        try:
            mic.record(0.2)
        except AudioError as error:
            failures.append(str(error))

    thread = threading.Thread(target=record)
    thread.start()
    take = page.until("record")[0]["take"]
    page.say("recording", take=take)
    page.say("clip", take=take, code="undecodable")
    thread.join(HANG)
    assert failures == [link.WORDS["undecodable"]]


def test_mute_and_device_go_to_the_page(page: Page, mic) -> None:
    listening(page)
    page.say("devices", devices=[{"label": "Headset", "id": "abc"}])
    assert mic.devices == ["Headset"]
    mic.mute = True
    assert page.told("mute")[-1]["on"] is True
    page.say("ask", what="device", device="abc")
    assert page.told("start")[-1]["device"] == "abc"
    assert page.told("start")[-1]["muted"] is True


def test_only_two_lengths_of_frames_are_offered() -> None:
    with pytest.raises(ValueError, match=r"0\.02 or 0\.1"):
        Microphone(frame=0.05)
