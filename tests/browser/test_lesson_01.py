"""The first lesson in a real page: a person speaks, reads, hears the agent and interrupts it."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from playwright.sync_api import Locator, expect

from bench.browser_page import NotebookPage
from voicekit.audio import Clip
from voicekit.conversation.script import at_level
from voicekit.standin.engines.tts import WorkerSynthesiser

RATE = 16_000
QUESTION, INTERRUPTION = "Explain the refund policy in detail.", "Never mind."
SCRIPT = ((4.5, QUESTION), (5.0, INTERRUPTION))
"""Seconds of silence, then what is said; the answer to the question lasts for half a minute."""
SOON = 1.5  # seconds from the interruption's first sound; a busy machine needs some of them
REPLY = 4.5  # seconds; what the agent says to the interruption is shorter
LEARNER = """
import os, sys
os.environ["VOICEKIT_OFFLINE"] = "1"  # whatever keys there are
sys.modules["pyaudio"] = None  # the lesson's last way to talk is for another machine than this
"""
QUIET = "(last => last.event === 'off' && Date.now() - last.at > 1500)(tap.output.events.at(-1))"


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake microphone of this module's browser says, in a quiet room."""
    synthesiser = WorkerSynthesiser()
    sound = b""
    try:
        for pause, text in SCRIPT:
            said = asyncio.run(synthesiser.say(text, "alto"))
            samples = soxr.resample(Clip(said.pcm, said.rate).samples, said.rate, RATE)
            spoken = at_level(Clip(samples.tobytes(), RATE), -26)
            sound += bytes(2 * round(pause * RATE)) + spoken.pcm
    finally:
        synthesiser.close()
    samples = np.frombuffer(sound, "<i2")
    room = np.rint(np.random.default_rng(1).normal(0, 18, samples.size))  # -65 dBFS
    path = tmp_path_factory.mktemp("caller") / "caller.wav"
    return Clip((samples + room).astype("<i2").tobytes(), RATE).save(path)


def test_the_first_lesson_is_talked_to_from_top_to_bottom(lab, profile, root: Path) -> None:
    book = json.loads((root / "notebooks" / "01-managed-agent.ipynb").read_text("utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    path = lab.write("lesson/one.ipynb", LEARNER, *("".join(cell["source"]) for cell in code))
    page = NotebookPage(lab, path, profile.new_page()).open()
    printed: dict[str, str] = {}
    try:
        for number, name in enumerate(["learner", *(cell["id"] for cell in code)]):
            page.clear()
            page.repeat(number)
            if name == "live-talk":
                talk(page, page.cell(number))
            printed[name] = page.end(number, 60)
        assert printed["check"] == "passed\n"
        assert "PyAudio is not installed" in printed["script"]
        assert printed["clean-up-run"].startswith("deleted: everything")
        # The callbacks print in a thread of the SDK's, beside a page that sends all the time.
        assert "Heard: Here is our refund policy" in printed["barge"]
        assert "Tool:  find_order 4217" in printed["tool-agent"]
        assert page.live_tracks == 0
    finally:
        lab.end_kernels()


def talk(page: NotebookPage, cell: Locator) -> None:
    """Ask, be answered, interrupt, be answered, press Stop."""
    shown = cell.get_by_role("log")
    expect(shown).to_contain_text("No problem", timeout=45_000)
    assert page.live_tracks == 1, shown.inner_text()
    page.page.wait_for_timeout(1000)  # its sound has begun
    page.settle(QUIET)
    rows = [row.split("\t") for row in shown.locator("tr").all_inner_texts()]
    assert [who for who, _ in rows] == ["Agent", "You", "Agent", "You heard", "You", "Agent"]
    _, asked, answer, cut, interruption, _ = (text for _, text in rows)
    assert "refund policy" in asked.lower()
    assert "never mind" in interruption.lower()
    begun = cut.rstrip(".… ")
    assert answer.startswith(begun)
    assert 0 < len(begun) < len(answer) / 2
    expect(shown).to_contain_text("answered after")

    question_ends, interrupted = longest(silences(page.events("input")))
    heard = page.heard("output")
    blocks = heard.samples.reshape(-1, 128)
    sounding = np.abs(blocks).max(axis=1) > 0
    answer_sounds = sounding & (heard.times > question_ends) & (heard.times < interrupted)
    seconds = 128 / heard.rate
    assert seconds * answer_sounds.sum() > 1
    assert 20 * np.log10(np.sqrt(np.mean(blocks[answer_sounds] ** 2))) > -45
    # The longest silence from then on is the one before the reply.
    after = [(end, begin) for end, begin in silences(page.events()) if begin > interrupted]
    assert longest(after)[0] - interrupted < SOON
    # And what the answer had still to say, for many seconds, is never heard.
    assert seconds * (sounding & (heard.times > interrupted)).sum() < SOON + REPLY

    cell.get_by_role("button", name="Stop").click()
    expect(shown).to_contain_text("ended")
    page.settle("tap.live() === 0")


def silences(events: list[tuple[str, float]]) -> list[tuple[float, float]]:
    """When each sound ended and the next one began."""
    return [(end, begin) for (what, end), (_, begin) in pairwise(events) if what == "off"]


def longest(silences: list[tuple[float, float]]) -> tuple[float, float]:
    return max(silences, key=lambda silence: silence[1] - silence[0])
