"""A talk with one's own voice, for as long as one likes, and what a reload leaves of it.

`VOICEKIT_TALK_SECONDS` says how long: 580 for the figures of a talk of ten minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soxr
from playwright.sync_api import expect
from waiting import until

from bench.browser_page import NotebookPage
from voicekit.audio import Clip
from voicekit.conversation.script import at_level
from voicekit.standin.engines.tts import WorkerSynthesiser

RATE = 16_000
# The agent itself ends a conversation after ten minutes, as the platform's do.
SECONDS = min(float(os.environ.get("VOICEKIT_TALK_SECONDS", "45")), 580.0)
PERIOD = 15.0  # seconds from one question to the next
QUESTION = "What are your opening hours?"
TALK = """
    import logging, threading, time, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import Conversation
    import voicekit
    from voicekit.conversation import tape
    troubles, draws, looked = [], [], [0]
    class Troubles(logging.Handler):
        def emit(self, record):
            troubles.append(record.getMessage())
    logging.getLogger().addHandler(Troubles(logging.WARNING))
    threading.excepthook = lambda hook: troubles.append(repr(hook.exc_value))
    def counting(samples, loud, real=tape._audible):
        looked[0] += samples.size
        return real(samples, loud)
    tape._audible = counting
    def timed(self, item=None, real=voicekit.ConversationView._draw):
        looked[0], start = 0, time.thread_time()
        real(self, item)
        draws.append((time.monotonic(), 1000 * (time.thread_time() - start), looked[0]))
    voicekit.ConversationView._draw = timed
    world = voicekit.connect("instant", offline=True)
    audio = voicekit.AgentAudio()
    display(audio)
    assert audio.ready(15)
"""
START = """
    view = voicekit.ConversationView(audio, world.profile)
    call = voicekit.session(Conversation(
        world.elevenlabs(), "agent_standin", requires_auth=False, audio_interface=audio,
        **view.callbacks))
    view.on_stop(call.end)
    call.start()
    display(view)
"""
WITHIN_THE_CELL = """
    from pathlib import Path
    from voicekit.conversation import calls
    view = voicekit.ConversationView(audio, world.profile)
    conversation = Conversation(
        world.elevenlabs(), "agent_standin", requires_auth=False, audio_interface=audio,
        **view.callbacks)
    view.on_stop(conversation.end_session)
    display(view)
    with voicekit.session(conversation):
        Path("begun").touch()
        while not Path("reloaded").exists():
            time.sleep(0.05)
        Path("calls").write_text(str(len(calls._running)))
"""
REPORT = """
    import json, statistics
    def minute(part):
        return {
            "draws": len(part),
            "cpu_ms_p50": round(statistics.median(ms for _, ms, _ in part), 3),
            "cpu_ms_p95": round(statistics.quantiles([ms for _, ms, _ in part], n=20)[-1], 3),
            "samples_max": max(samples for *_, samples in part),
        }
    begin, end = draws[0][0], draws[-1][0]
    span = min(60, (end - begin) / 3)
    print(json.dumps({
        "seconds": round(end - begin),
        "first": minute([d for d in draws if d[0] - begin < span]),
        "last": minute([d for d in draws if end - d[0] < span]),
        "said": len(view._rows), "turns": len(audio.turns()), "troubles": troubles,
    }))
"""


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same question again and again, in a quiet room."""
    synthesiser = WorkerSynthesiser()
    try:
        said = asyncio.run(synthesiser.say(QUESTION, "alto"))
    finally:
        synthesiser.close()
    samples = soxr.resample(Clip(said.pcm, said.rate).samples, said.rate, RATE)
    spoken = at_level(Clip(samples.tobytes(), RATE), -26).samples
    turn = np.zeros(round(PERIOD * RATE), np.int16)
    turn[8 * RATE : 8 * RATE + spoken.size] = spoken
    sound = np.tile(turn, round(SECONDS / PERIOD) + 1)
    room = np.rint(np.random.default_rng(1).normal(0, 18, sound.size))  # -65 dBFS
    path = tmp_path_factory.mktemp("caller") / "caller.wav"
    return Clip((sound + room).astype("<i2").tobytes(), RATE).save(path)


def test_a_talk_goes_on_without_trouble_and_costs_the_same_all_along(page: NotebookPage) -> None:
    page.run(TALK, timeout=60)
    number = page.start(START)
    page.end(number, 60)
    expect(page.cell(number).get_by_role("log")).to_contain_text("You", timeout=60_000)
    page.page.wait_for_timeout(1000 * SECONDS)
    report = json.loads(page.run(REPORT))
    print(json.dumps(report))
    assert report["troubles"] == []
    assert report["said"] >= 2 * (SECONDS / PERIOD - 1)
    assert report["turns"] >= SECONDS / PERIOD - 1
    # Half a second of both sides comes between two redraws; a busy machine's are further apart.
    assert report["last"]["samples_max"] <= max(2 * report["first"]["samples_max"], 4 * RATE)

    page.cell(number).get_by_role("button", name="Stop").click()
    expect(page.cell(number).get_by_role("log")).to_contain_text("ended")
    page.settle("tap.live() === 0")
    assert page.run("print(call.conversation_id)").startswith("conv_")


def test_after_a_reload_the_call_is_still_shown_and_can_be_stopped(page: NotebookPage) -> None:
    page.run(TALK, timeout=60)
    number = page.start(START)
    page.end(number, 60)
    page.save()
    page.page.reload()
    page.ready()
    cell = page.cell(number)
    expect(cell.get_by_role("button", name="Stop")).to_be_enabled(timeout=15_000)
    cell.get_by_role("button", name="Stop").click()
    expect(cell.get_by_role("log")).to_contain_text("ended")
    assert page.run(
        "print(call.conversation_id is not None, len(voicekit.conversation.calls._running))"
    )


def test_a_reload_while_the_cell_runs_shows_the_widgets_once_it_has_ended(
    page: NotebookPage,
) -> None:
    page.run(TALK, timeout=60)
    number = page.start(WITHIN_THE_CELL)
    expect(page.cell(number).get_by_role("log")).to_be_visible(timeout=60_000)
    until((page.folder / "begun").exists)
    page.save()
    page.page.reload()
    cell = page.cell(number)
    expect(cell).to_contain_text("Loading widget", timeout=60_000)
    (page.folder / "reloaded").touch()
    expect(cell.get_by_role("log")).to_contain_text("ended", timeout=60_000)
    assert (page.folder / "calls").read_text("utf-8") == "1"  # the call went on meanwhile
    page.ready()
