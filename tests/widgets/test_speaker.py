from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from page import Page
from waiting import HANG, until

from voicekit.audio import Clip
from voicekit.errors import AudioError
from voicekit.widgets import Speaker, link, speaker

TENTH = b"\1\0" * 1600


@pytest.fixture
def player() -> Iterator[Speaker]:
    made = Speaker()
    yield made
    made.close()


@pytest.fixture
def page(player: Speaker) -> Page:
    page = Page(player)
    page.hello()
    return page


def played(page: Page, samples: int, *, gen: int = 0, sounding: bool = True) -> None:
    page.say("played", played=samples, gen=gen, underruns=0, sounding=sounding)


def test_without_a_front_end_sound_is_dropped_and_nothing_hangs(monkeypatch) -> None:
    monkeypatch.setattr(speaker, "GRACE", 0.1)
    player = Speaker()
    player.play(TENTH)
    assert player.wait(HANG)
    asyncio.run(asyncio.wait_for(player.drain(), HANG))
    player.interrupt()
    assert (player.played, player.dropped) == (0, pytest.approx(0.1))
    assert "No front end" in player.error
    assert player.clip().seconds == 0
    player.close()
    with pytest.raises(AudioError, match="newer"):
        player.play(TENTH)


def test_what_is_played_goes_in_blocks_and_in_order(page: Page, player: Speaker) -> None:
    sound = bytes(range(256)) * 25  # 0.2 s
    for start in range(0, len(sound), 333):  # chunks that split samples
        player.play(sound[start : start + 333])
    # How many blocks it takes depends on who is quicker.
    until(lambda: len(b"".join(page.blocks())) >= len(sound))
    assert b"".join(page.blocks()) == sound
    assert [block["seq"] for block in page.told("pcm")] == list(range(len(page.blocks())))


def test_wait_ends_when_everything_was_rendered(page: Page, player: Speaker) -> None:
    times: list[float] = []
    player.on_played(times.append)
    player.play(TENTH * 2)
    page.until("pcm", 2)
    played(page, 100)
    assert player.state == "playing"
    assert not player.wait(0.02)
    played(page, 3200, sounding=False)
    assert player.wait(HANG)
    assert page.told("rest")
    assert player.played == pytest.approx(0.2)
    assert player.clip() == Clip(TENTH * 2, 16000)
    time.sleep(0.05)
    assert times[-1] == pytest.approx(0.2)


def test_drain_is_woken_from_the_handlers_thread(page: Page, player: Speaker) -> None:
    async def play() -> None:
        player.play(TENTH)
        threading.Timer(0.1, played, (page, 1600), {"sounding": False}).start()
        await asyncio.wait_for(player.drain(), HANG)

    asyncio.run(play())
    assert player.pending == 0


def test_an_interrupt_overtakes_what_waits(page: Page, player: Speaker) -> None:
    player.play(TENTH * 100)
    page.until("pcm", 3)
    player.interrupt()
    assert page.told("flush") == [{"k": "flush", "cid": "page-1", "gen": 1}]
    played(page, 800, gen=1, sounding=False)
    assert player.wait(HANG)
    assert player.clip().seconds == pytest.approx(0.05)
    count = len(page.blocks())
    player.play(TENTH)
    page.until("pcm", count + 1)
    assert page.told("pcm")[-1]["gen"] == 1


def test_the_stop_button_interrupts_in_python_too(page: Page, player: Speaker) -> None:
    player.play(TENTH * 100)
    page.until("pcm")
    page.say("ask", what="interrupt", gen=7)
    assert page.told("flush")[-1]["gen"] == 7
    played(page, 0, gen=7, sounding=False)
    assert player.wait(HANG)


def test_sound_is_dropped_while_the_browser_blocks_it(page: Page, player: Speaker) -> None:
    page.say("state", state="blocked", code="blocked")
    assert "Enable sound" in player.error
    player.play(TENTH)
    assert player.wait(HANG)
    assert player.dropped == pytest.approx(0.1)
    page.say("state", state="open")
    assert player.error == ""
    player.play(TENTH)
    page.until("pcm")


def test_a_page_that_vanishes_while_it_plays_is_noticed(page, player, monkeypatch) -> None:
    player.play(TENTH * 20)
    page.until("pcm")
    monkeypatch.setattr(link, "LEASE", 0.1)
    assert player.wait(HANG)
    assert "closed" in player.error


def test_a_newer_speaker_silences_the_former(page: Page, player: Speaker) -> None:
    player.play(TENTH * 20)
    page.until("pcm")
    newer = Speaker()
    assert page.told("flush")
    assert page.told("close")
    newer.close()


def test_a_clip_of_another_rate_says_what_to_do(player: Speaker) -> None:
    with pytest.raises(AudioError, match="rate=22050"):
        player.play(Clip(b"", 22050))


def test_its_repr_is_the_same_everywhere(player: Speaker) -> None:
    assert repr(player) == "<Speaker>"


@pytest.mark.parametrize("given", [{"rate": 10}, {"lead": 0.01}, {"lead": 60}])
def test_what_no_browser_does_is_refused(given: dict) -> None:
    with pytest.raises(ValueError, match=r"use|browsers take"):
        Speaker(**given)
