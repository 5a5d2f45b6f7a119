"""How fast is the browser as an audio device? JupyterLab and Chromium, started for this alone.

Both ends run on one machine and so on one clock. Times on the page's side come from a tap on the
audio graph, not from the widgets. `output` means rendered by the audio graph: the sound card's own
delay comes on top. With `--mode` the cell blocks, awaits or computes meanwhile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.table import Progress, Row
from voicekit.audio import Clip
from voicekit.errors import SetupError, VoicekitError

if TYPE_CHECKING:
    from bench.browser_page import NotebookPage

AIMS = {  # metric → p50, p95 in ms
    "microphone frame end to callback": (5, 25),
    "play to first sample": (12, 30),
    "interrupt to silence": (12, 35),
    "10 s at once, interrupt to silence": (None, 50),
    "loud onset to silence by VAD": (60, 120),
}
FRAME, PLAY, STOP, BURST, ONSET = AIMS
_SILENT = "tap.output.events.at(-1)?.event === 'off'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much, and beside what."""
    parser.add_argument("--turns", type=int, default=20, help="per figure (default 20)")
    parser.add_argument(
        "--mode",
        choices=("blocks", "awaits", "computes"),
        default="blocks",
        help="what the cell does",
    )
    parser.add_argument("--frame", type=float, choices=(0.02, 0.1), default=0.02)
    parser.add_argument("--seconds", type=int, default=20, help="of microphone (default 20)")


def measure(options: argparse.Namespace) -> list[Row]:
    """Measure each figure on one page, one after the other.

    Raises:
        SetupError: Playwright or Chromium is missing.
        VoicekitError: the browser's side went wrong.
    """
    try:
        from playwright.sync_api import Error

        from bench.browser_page import NotebookPage, chromium, visitor
        from bench.browser_server import jupyter
    except ImportError as error:
        raise SetupError(
            f"{error.name} is missing. Install it: pip install 'voicekit[test]'"
        ) from error
    rows = {metric: Row(f"cell {options.mode}", metric) for metric in AIMS}
    progress = Progress(len(AIMS))
    with tempfile.TemporaryDirectory() as folder:
        bursts = _bursts(Path(folder) / "bursts.wav", options.turns)
        try:
            with jupyter() as server, chromium(bursts) as browser, visitor(browser) as profile:
                page = NotebookPage(server, server.write("bench.ipynb", ""), profile.new_page())
                for metric, samples in _figures(page.open(), options):
                    rows[metric].samples = [1000 * sample for sample in samples]
                    progress.step()
        except (Error, ValueError) as error:
            raise VoicekitError(f"The browser's side went wrong: {error}") from error
    return list(rows.values())


def conclude(rows: list[Row]) -> list[str]:
    """Each figure against its aim, in words."""
    lines = []
    for row in rows:
        for percent, aim in zip((50, 95), AIMS[row.metric], strict=True):
            if aim is not None:
                verdict = "met" if row.percentile(percent) <= aim else "missed"
                found = f"{row.percentile(percent):.0f} ms"
                lines.append(f"{row.metric}, p{percent}: {found}, aim {aim} ms: {verdict}")
    return lines


def _figures(page: NotebookPage, options: argparse.Namespace) -> Iterator[tuple[str, list[float]]]:
    """Each metric with its samples in seconds."""
    turns = options.turns
    long = 120 + 10 * turns + options.seconds
    page.run("from bench.browser_cells import Bench")
    page.run(f"bench = Bench({options.frame}, {options.mode!r})", timeout=90)

    page.clear()
    came = json.loads(page.run(f"await bench.frames({options.seconds})", timeout=long))
    yield FRAME, _delays(page, came)

    page.page.evaluate("tap.keep = false")  # only when sound began and ended, from here on
    for metrics, rate, seconds in (((PLAY, STOP), 16000, 1), ((None, BURST), 44100, 10)):
        page.run(f"bench.open({rate})", timeout=90)
        page.clear()
        given = page.run(f"await bench.turns({turns}, {seconds})", timeout=long)
        page.settle(_SILENT)
        for metric, kind, asked in zip(metrics, ("on", "off"), json.loads(given), strict=True):
            if metric:
                yield metric, _after(asked, [at for found, at in page.events() if found == kind])

    page.run("bench.open(16000)", timeout=90)
    page.clear()
    stopped = json.loads(page.run(f"await bench.barge_ins({turns})", timeout=long))
    page.settle(_SILENT)
    loud = np.array([at for kind, at in page.events("input") if kind == "on"])
    onsets = [float(loud[loud < at][-1]) for at in stopped if (loud < at).any()]
    yield ONSET, _after(onsets, [at for kind, at in page.events() if kind == "off"])


def _delays(page: NotebookPage, came: list[float]) -> list[float]:
    """From the moment the page's audio graph had a frame's last sample until Python had it.

    The tap heard the same samples, so that a search finds which of its blocks ended a frame.
    """
    tapped, heard = page.heard("input"), Clip.load(page.folder / "heard.wav")
    at, odd = divmod(tapped.pcm.astype("<i2").tobytes().find(heard.pcm), 2)
    if odd or at < 0:
        raise VoicekitError("Python did not get what the microphone gave; the tests say more.")
    size = len(heard.samples) // len(came)
    ends = at + size * np.arange(1, len(came) + 1)
    return list(np.array(came) - tapped.times[(ends - 1) // 128])


def _after(causes: list[float], effects: list[float]) -> list[float]:
    """From each cause to the first effect after it."""
    sorted_effects = np.array(effects)
    found = []
    for cause, following in zip(causes, [*causes[1:], np.inf], strict=True):
        inside = sorted_effects[(sorted_effects >= cause - 0.003) & (sorted_effects < following)]
        if inside.size:  # page and kernel read one clock, in whole milliseconds
            found.append(float(inside[0] - cause))
    return found


def _bursts(path: Path, turns: int) -> Path:
    """What the microphone hears: noise of 0.4 s each 2 s, with a voice's loudness."""
    noise = np.random.default_rng(1).normal(0, 0.2, 6400).clip(-1, 1)
    turn = np.concatenate([noise, np.zeros(25600)])
    pcm = (np.tile(turn, 8 * turns) * 32767).astype("<i2").tobytes()
    return Clip(pcm, 16000).save(path)
