"""The browser's checks with a browser of our own, with a silent one, and without any."""

from __future__ import annotations

import numpy as np
import pytest
from conversation.browser_of_ours import Browser

from voicekit import AgentAudio, Clip
from voicekit.conversation.track import Track
from voicekit.tools.doctor import echo, level, loop, page, room, tone

RATE = 16_000
FINE = {"secure": True, "microphone": True, "webview": False}


def speech(seconds: float, level: float = -25.0) -> Clip:
    samples = (
        32768 * 10 ** (level / 20) * np.random.default_rng(2).standard_normal(round(seconds * RATE))
    )
    return Clip(np.clip(samples, -32768, 32767).astype("<i2").tobytes(), RATE)


@pytest.fixture
def audio():
    made = AgentAudio()
    yield made
    made.close()


@pytest.fixture
def browser(audio):
    with Browser(audio.microphone, audio.speaker) as browser:
        assert audio.ready()
        assert audio.speaker.ready()
        yield browser


@pytest.mark.parametrize("check", [page, tone, loop, level, lambda a: echo(a, speech(1))])
def test_without_a_browser_nothing_is_checked_and_nothing_is_wrong(check, audio, monkeypatch):
    monkeypatch.setattr(room, "_ANSWER", 0.05)
    row = check(audio)
    assert (row.outcome, row.found) == ("not checked", "no browser answered")


@pytest.mark.usefixtures("browser")
def test_a_page_says_what_it_is(audio):
    assert page(audio).outcome == "ok"


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"secure": False, "microphone": False}, "ssh -L"),
        ({"secure": True, "microphone": False}, "Firefox"),
        ({"secure": True, "microphone": True, "webview": True}, "voicekit"),
    ],
)
def test_a_page_that_gets_no_microphone_is_wrong_and_says_what_to_do(audio, facts, word):
    from widgets.page import Page

    Page(audio.microphone).say("hello", **facts)
    row = page(audio)
    assert row.outcome == "wrong"
    assert word in row.fix


@pytest.mark.usefixtures("browser")
def test_a_tone_is_played(audio):
    row = tone(audio, 0.3)
    assert row.outcome == "ok"
    assert "0.3 s" in row.found


def test_a_page_that_plays_nothing_is_told_from_one_that_does(audio, browser, monkeypatch):
    monkeypatch.setattr(room, "_PLAYING", 0.3)
    monkeypatch.setattr(browser, "_obey_speaker", lambda: None)
    assert tone(audio, 0.3).outcome == "wrong"
    assert loop(audio, 1).outcome == "wrong"


@pytest.mark.usefixtures("browser")
def test_the_way_there_and_back_is_measured(audio, monkeypatch):
    monkeypatch.setattr(room, "_FAR", 60.0)  # however busy the machine is
    row = loop(audio, 3)
    assert row.outcome == "ok"
    assert row.found.count(" ms") == 2
    monkeypatch.setattr(room, "_FAR", 0.0)
    assert loop(audio, 1).outcome == "wrong"


def test_speech_over_a_quiet_room_is_fine_and_the_microphone_is_off_again(audio, browser):
    browser.say(speech(1.2))
    assert level(audio, 2.0).outcome == "ok"
    assert audio.microphone.state == "stopped"


def test_a_muted_microphone_is_noticed(audio, browser):
    browser.track = Track(noise=None)
    row = level(audio, 0.5)
    assert row.outcome == "wrong"
    assert "muted" in row.fix


def test_a_refused_microphone_says_so_in_the_widgets_words(audio, monkeypatch):
    from widgets.page import Page

    refusing = Page(audio.microphone)
    refusing.hello()
    inner = audio.microphone.start

    def start() -> None:
        inner()
        run = refusing.told("start")[-1]["run"]
        refusing.say("state", run=run, state="failed", code="denied")

    monkeypatch.setattr(audio.microphone, "start", start)
    row = level(audio, 0.5)
    assert row.outcome == "wrong"
    assert row.fix == audio.microphone.error != ""


def test_a_speaker_that_is_heard_in_the_microphone_is_an_echo(audio, browser):
    assert echo(audio, speech(0.5)).outcome == "ok"
    played = browser.speaker.heard
    inner = browser._obey_speaker

    def obey() -> None:
        before = len([1 for content, _ in played[: browser._read] if content["k"] == "pcm"])
        inner()
        blocks = [b[0] for c, b in played if c["k"] == "pcm" and b]
        for block in blocks[before:]:
            browser.say(Clip(block, RATE))  # what sounds is what the microphone hears

    browser._obey_speaker = obey
    row = echo(audio, speech(0.5))
    assert row.outcome == "wrong"
    assert "headphones" in row.fix
