"""The browser tests' own ground: what they would not notice, they could not judge."""

from __future__ import annotations

import pytest

from bench import browser_page
from voicekit.errors import SetupError


def test_a_missing_chromium_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="apt-get install chromium"):
        browser_page.chromium_program()


def test_a_cell_runs_below_a_hubs_prefix_and_its_error_is_raised(page) -> None:
    assert page.run("print(6 * 7)").strip() == "42"
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        page.run("1 / 0")
    assert page.server.value(page.path, "2**5") == "32"
    assert "/user/ada/" in page.page.url


def test_the_taps_hear_sound_begin_and_end_without_a_gap(page) -> None:
    page.page.evaluate(TONE)
    page.page.wait_for_function("tap.output.events.length === 2")
    (began, on), (ended, off) = page.events()
    assert (began, ended) == ("on", "off")
    assert off - on == pytest.approx(0.5, abs=0.05)
    heard = page.heard()
    assert len(heard.sound) == pytest.approx(0.5 * heard.rate, abs=128)


def test_the_taps_see_a_microphone_opened_and_closed(page) -> None:
    page.page.evaluate("async () => { await navigator.mediaDevices.getUserMedia({audio: true}) }")
    assert page.live_tracks == 1
    page.page.evaluate("tap.tracks[0].stop()")
    assert page.live_tracks == 0


TONE = """async () => {
    const context = new AudioContext();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([`
        registerProcessor('constant', class extends AudioWorkletProcessor {
            process(_, [[samples]]) {
                const sounds = currentTime >= 0.5 && currentTime < 1;
                samples.fill(sounds ? 0.5 : 0);
                return true;
            }
        });`], {type: 'text/javascript'})));
    const node = new AudioWorkletNode(context, 'constant', {numberOfInputs: 0});
    node.connect(context.destination);
}"""
