"""What the fake microphone says is what Python hears, whatever the cell is doing."""

from __future__ import annotations

import json

import numpy as np
from cells import BUSY, LISTEN
from likeness import likeness
from playwright.sync_api import expect

from voicekit.audio import Clip


def test_speech_arrives_whole_while_the_cell_blocks_awaits_and_computes(page, speech) -> None:
    assert "it is listening" in page.run(LISTEN)
    for doing, code in BUSY.items():
        busy = code.format(seconds=2.8)
        came = int(page.run(f"before = len(heard)\n{busy}\nprint(len(heard) - before)"))
        assert came > 70, doing  # of 140; on the wrong thread, all would come after the cell

    page.run("mic.stop(); time.sleep(0.3)")
    page.settle("tap.live() === 0")
    numbers, lost, dropped, settings = json.loads(
        page.run(
            "clip = Clip(b''.join(frame.pcm for frame in heard), 16000)\n"
            "clip.save('heard.wav')\n"
            "facts = [frame.seq for frame in heard], mic.lost, mic.dropped, mic.settings\n"
            "print(json.dumps(facts))"
        )
    )
    assert numbers == list(range(len(numbers)))
    assert (lost, dropped) == (0, 0)
    assert settings["echoCancellation"] is False

    heard = Clip.load(page.folder / "heard.wav").samples
    passed = page.heard("input")
    assert passed.rate == 16000
    whole = passed.pcm.tobytes().find(heard.tobytes()) >= 0
    assert whole  # not one sample lost, doubled or changed
    assert likeness(heard, np.trim_zeros(Clip.load(speech).samples)) >= 0.97


def test_muting_sends_silence_and_the_count_goes_on(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.run(SOUND)
    page.run("mic.mute = True\nfound = until(silent)")
    expect(page.page.get_by_role("status").first).to_contain_text("muted")
    numbers, lost = json.loads(
        page.run(
            "first = len(heard)\n"
            "assert found and until(lambda: len(heard) > first + 10)\n"
            "quiet = heard[first:]\n"
            "assert not any(any(frame.pcm) for frame in quiet)\n"
            "print(json.dumps([[frame.seq for frame in quiet], mic.lost]))"
        )
    )
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert lost == 0
    page.run("mic.mute = False\nassert until(lambda: not silent())")


def test_frames_do_not_make_the_page_draw_a_busy_kernel(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.run("assert mic.ready(15)\ntime.sleep(1.5)")  # the page has been greeted
    page.page.evaluate(COUNT_STATUSES)
    came = page.run("print(len(heard))")
    page.page.wait_for_timeout(1500)
    statuses = page.page.evaluate("statuses")
    more = int(page.run("print(len(heard))")) - int(came)
    assert more > 40
    assert statuses < 10


COUNT_STATUSES = """() => {
    window.statuses = 0;
    const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
    kernel.iopubMessage.connect((_, message) => {
        window.statuses += message.header.msg_type === "status";
    });
}"""


SOUND = """
    def silent():  # 0.2 s without the least noise
        return not any(any(frame.pcm) for frame in heard[-10:])

    def until(condition):
        deadline = time.monotonic() + 10
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        return condition()

    assert until(lambda: not silent())
"""


def test_a_recorded_clip_arrives_as_sound_and_the_microphone_is_let_go(page) -> None:
    page.run(
        "mic = Microphone(processing=False)\ndisplay(mic)\nmic.ready(15)\nclip = mic.record(2.0)"
    )
    seconds, level, rate = json.loads(page.run("print([clip.seconds, clip.level, clip.rate])"))
    assert 1 < seconds < 4
    assert level > -45
    assert rate == 16000
    page.settle("tap.live() === 0")


def test_a_refused_microphone_is_told_to_python_and_to_the_reader(page, profile) -> None:
    profile.clear_permissions()
    try:
        assert "it is failed" in page.run(LISTEN)
    finally:
        profile.grant_permissions(["microphone"])
    assert "refused the microphone" in page.run("print(mic.error)")
    expect(page.page.get_by_role("status").first).to_contain_text("refused the microphone")
    # Once it is allowed, the same widget works.
    page.page.get_by_role("button", name="Start microphone").click()
    expect(page.page.get_by_role("status").first).to_contain_text("Listening")
    assert page.run("print(mic.state)").strip() == "listening"


def test_a_device_that_is_not_there_is_told_to_python_and_to_the_reader(page) -> None:
    code = LISTEN.replace("processing=False", 'processing=False, device="unplugged"')
    assert "it is failed" in page.run(code)
    assert "no such microphone" in page.run("print(mic.error)")
    expect(page.page.get_by_role("status").first).to_contain_text("no such microphone")
    assert page.live_tracks == 0


def test_a_sound_engine_that_stays_asleep_is_told_and_lets_the_device_go(page) -> None:
    page.page.evaluate(ASLEEP)
    try:
        assert "it is failed" in page.run(LISTEN)
    finally:
        page.page.evaluate("() => { AudioContext.prototype.resume = window.resume }")
    assert "does not start" in page.run("print(mic.error)")
    assert page.live_tracks == 0


ASLEEP = """() => {
    window.resume = AudioContext.prototype.resume;
    AudioContext.prototype.resume = () => new Promise(() => {});
}"""


def test_the_keyboard_alone_starts_mutes_and_stops(page) -> None:
    page.run("mic = Microphone(processing=False)\ndisplay(mic)\nmic.ready(15)")
    keyboard, status = page.page.keyboard, page.page.get_by_role("status").first

    def tab_to(name: str) -> None:
        focused = ""
        for _ in range(40):
            keyboard.press("Tab")
            focused = page.page.evaluate("document.activeElement.textContent")
            if focused == name:
                return
        raise AssertionError(f"Tab does not reach {name!r}, but {focused!r}")

    page.cell(0).locator(".cm-content").click()
    keyboard.press("Escape")
    tab_to("Start microphone")
    keyboard.press("Enter")
    expect(status).to_contain_text("Listening")
    tab_to("Mute")
    keyboard.press("Space")
    expect(status).to_contain_text("muted")
    keyboard.press("Shift+Tab")
    keyboard.press("Space")
    expect(status).to_contain_text("Stopped")
    page.settle("tap.live() === 0")


def test_a_sound_engine_that_is_put_to_sleep_is_woken_and_the_gap_is_counted(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.page.evaluate(
        "Promise.all(tap.contexts.filter(it => it.state === 'running').map(it => it.suspend()))"
    )
    page.settle("tap.contexts.some(it => it.state === 'running')")
    told = page.run(
        "count = len(heard); deadline = time.monotonic() + 10\n"
        "while len(heard) < count + 20 and time.monotonic() < deadline: time.sleep(0.05)\n"
        "print(mic.state, len(heard) >= count + 20)"
    )
    assert told.split() == ["listening", "True"]


def test_a_sound_engine_that_does_not_wake_is_told(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.page.evaluate(
        "window.resume = AudioContext.prototype.resume;"
        "AudioContext.prototype.resume = () => new Promise(() => {});"
        "tap.contexts.filter(it => it.state === 'running').forEach(it => it.suspend())"
    )
    try:
        told = page.run(
            "deadline = time.monotonic() + 15\n"
            "while mic.state == 'listening' and time.monotonic() < deadline: time.sleep(0.05)\n"
            "print(mic.state, mic.error)"
        )
    finally:
        page.page.evaluate("() => { AudioContext.prototype.resume = window.resume; }")
    assert told.startswith("stopped")
    assert "sound engine" in told
    page.settle("tap.live() === 0")
