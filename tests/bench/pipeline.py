"""A pipeline of one's own: how soon it answers, how often it cuts a caller off, what interrupts it.

Virtual time: callers' sound and its voice activity are real, the machines are `voicekit.turns`,
and everything else is added up. An utterance counts as cut off when the agent is heard in one of
its pauses; an answer that is not heard yet when the caller goes on is taken back. What was said
is given to the machines word by word, `--asr` seconds after each word (50 ms is what
`voicekit.Budget` allows; ElevenLabs advertises about 150 ms for Scribe v2 Realtime). The hosted
LLM's first token is drawn from the log-normal distribution through 540 ms (p50) and 1,950 ms (p95).
"""

from __future__ import annotations

import argparse
import functools
import math
import random
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import NormalDist

from bench import pipeline_barge_in
from bench.pipeline_curve import REFERENCES, Point, drawing, percentile, points_of, share
from bench.pipeline_curve import table as lines_of
from bench.pipeline_sound import Recording, Studio, in_room, record
from bench.pipeline_turns import Outcome, ends, outcome
from bench.table import Row
from voicekit.standin.catalog.profiles import load
from voicekit.standin.script import tokens
from voicekit.standin.script.intents import intents
from voicekit.timeline import simulate
from voicekit.turns import EAGERNESS, Activity, Eagerness, Framer, SentenceEnds, Silero

DATA = Path(__file__).parent / "data" / "pauses.toml"
ROOMS = (-65.0, -41.0)
"""dBFS of the pink noise: 39 and 15 dB below the callers."""
VOICES = 4
"""Voices in which each sentence is said."""
HANGOVERS = (0.2, 0.35, 0.4, 0.5, 0.7, 1.0, 1.5)
RULES, OURS = "words, speculative", "words, trigrams, speculative"
STRATEGIES = ("silence", "words", RULES, OURS)
TELL, WHOLE, ALL = "words tell", "whole", "all"
ADVERTISED, HOSTED, INDEPENDENT = "advertised", "LLM 540/1950 ms", "independent"
MODEL = "eleven_flash_v2_5"
P50, P95 = 0.48, 0.7
MOST = 2.0  # % of utterances cut off
REFERENCES_TOLD = [
    *(f"{name}: {1000 * delay:.0f} ms at {cut:g} % cut off" for name, delay, cut in REFERENCES),
    "best response of a whole voice agent, live, tau-voice: 1150 ms",
    "The last three are others' figures, of people's voices and real networks.",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to measure: some minutes by default, under one with `--quick`."""
    parser.add_argument("--asr", type=float, default=0.05, help="seconds to a word's text")
    parser.add_argument("--turns", type=int, default=200, help="for each kind of barge-in")
    parser.add_argument("--seed", type=int, default=5, help="of pauses and moments (default 5)")
    parser.add_argument("--svg", type=Path, help="also draw the curve into this file")
    parser.add_argument("--quick", action="store_true", help="a small sample of everything")


def measure(options: argparse.Namespace) -> list[Row]:
    """Let every strategy answer every utterance, then talk over the agent."""
    lines = tomllib.loads(DATA.read_text("utf-8"))
    studio = Studio()
    try:
        recordings = _recordings(studio, lines, options)
        turns = 12 if options.quick else options.turns
        scenes = pipeline_barge_in.scenes(studio, lines["over"], turns, options.seed)
    finally:
        studio.close()
    with ProcessPoolExecutor() as processes:
        judged = list(processes.map(judge, recordings, chunksize=8))
    points = [
        _point(strategy, hangover, recordings, judged, options)
        for strategy in STRATEGIES
        for hangover in HANGOVERS
    ]
    if options.svg:
        options.svg.write_text(drawing(points, TELL, ADVERTISED), "utf-8")
    rows = [row for point in points for row in point.rows()]
    return [*rows, *pipeline_barge_in.rows(pipeline_barge_in.run(scenes))]


def table(_profile: str, rows: list[Row]) -> str:
    """The curve, then barge-in; every figure names its own profile."""
    points = points_of(rows)
    count = len(points[0].begun)
    lines = [
        f"{count} recordings, pauses of 0.4 to 1.5 s, {len(ROOMS)} rooms; simulated vendors.",
        lines_of(points),
        "",
    ]
    for row in rows:
        if " @ " not in row.variant and row.samples:
            mean = sum(row.samples) / len(row.samples)
            figure = f"{mean:.1f} %"
            if row.unit == "ms":
                figure = f"p50 {row.percentile(50):.0f} ms, p95 {row.percentile(95):.0f} ms"
            lines.append(f"{row.variant}: {row.metric}: {figure} (n = {len(row.samples)})")
    return "\n".join(lines)


def conclude(rows: list[Row]) -> list[str]:
    """The goals, and others' figures beside them."""
    points = [point for point in points_of(rows) if point.strategy == OURS]
    usual = next(p for p in points if p.hangover == EAGERNESS["attentive"].finished)
    cut = share(usual.cut[TELL])
    lines = [_verdict(cut <= MOST, f"cut off where words tell: {cut:.1f} %, at most {MOST:g}")]
    for percent, limit in ((50, P50), (95, P95)):
        delay = percentile(usual.delays[ADVERTISED], percent)
        wanted = f"p{percent} {1000 * delay:.0f} ms, at most {1000 * limit:.0f}"
        lines.append(_verdict(delay <= limit, f"response delay ({ADVERTISED}): {wanted}"))
    polite = next((point for point in points if share(point.cut[TELL]) <= MOST), None)
    if polite and polite is not usual:
        delay = 1000 * percentile(polite.delays[ADVERTISED], 50)
        lines.append(f"At most {MOST:g} % from {polite.hangover:g} s on: p50 {delay:.0f} ms.")
    return [*lines, *pipeline_barge_in.verdicts(rows), *REFERENCES_TOLD]


def _verdict(met: bool, text: str) -> str:
    return f"{'pass' if met else 'FAIL'}  {text} (eagerness 'attentive', simulated)"


def judge(recording: Recording) -> list[Activity]:
    """The voice activity of one recording."""
    return [activity for activity, _ in Framer(Silero()).push(recording.pcm)]


def _recordings(
    studio: Studio, lines: dict[str, list[str]], options: argparse.Namespace
) -> list[Recording]:
    """Every sentence in `VOICES` voices, with its pauses, in every room."""
    chance = random.Random(options.seed)
    recordings = []
    listed = [(kind, line) for kind in ("searching", "dictating", WHOLE) for line in lines[kind]]
    for number, (kind, line) in enumerate(listed[::4] if options.quick else listed):
        parts = [part.strip() for part in line.split("|")]
        for turn in range(1 if options.quick else VOICES):
            voice = studio.voices[(number + 3 * turn) % len(studio.voices)]
            pauses = [chance.uniform(0.4, 1.5) for _ in parts[1:]]
            sound, placed = record(studio, parts, pauses, voice)
            for room in ROOMS:
                pcm = in_room(sound, room, len(recordings))
                recordings.append(Recording(pcm, placed, kind, voice))
    return recordings


def _point(
    strategy: str,
    hangover: float,
    recordings: Sequence[Recording],
    judged: Sequence[list[Activity]],
    options: argparse.Namespace,
) -> Point:
    """What one setting does with every recording."""
    usual = EAGERNESS["attentive"]
    eagerness = Eagerness(hangover, hangover, hangover, usual.pause)
    if strategy != "silence":
        longer = usual.open - usual.finished
        unfinished = max(hangover, usual.unfinished)
        eagerness = Eagerness(hangover, hangover + longer, unfinished, usual.pause)
    point = Point(strategy, hangover, {TELL: [], WHOLE: [], ALL: []})
    sentence_ends = SentenceEnds() if strategy == OURS else None
    replies = {name: _replies(name, options.seed) for name in (ADVERTISED, HOSTED, INDEPENDENT)}
    for recording, activities in zip(recordings, judged, strict=True):
        decided, begun = ends(
            recording,
            activities,
            eagerness,
            asr=None if strategy == "silence" else options.asr,
            speculative=strategy in (RULES, OURS),
            sentence_ends=sentence_ends if strategy == OURS else None,
        )
        outcomes: dict[str, Outcome] = {
            name: outcome(recording, decided, reply) for name, reply in replies.items()
        }
        point.begun.append(begun)
        for name, each in outcomes.items():
            point.delays.setdefault(name, []).append(each.delay)
        cut = outcomes[ADVERTISED].cut_off
        point.cut[WHOLE if recording.kind == WHOLE else TELL].append(cut)
        point.cut[ALL].append(cut)
    return point


def _replies(name: str, seed: int) -> Callable[[], float]:
    """Seconds from a question to the first sample of its answer, drawn anew for each question.

    The answers are the scripted support desk's, cut into fragments as `voicekit.speak` does.
    """
    profile = load(INDEPENDENT if name == INDEPENDENT else ADVERTISED)
    chance = random.Random(seed)
    answers = [intent.answer for intent in intents()]
    spread = math.log(1.95 / 0.54) / NormalDist().inv_cdf(0.95)

    def reply() -> float:
        first = profile.llm_first_token
        if name == HOSTED:
            first = chance.lognormvariate(math.log(0.54), spread)
        return (
            first
            + _after_first_token(chance.choice(answers), profile.tokens_per_second)
            + (profile.tts_first_chunk(MODEL))
        )

    return reply


@functools.cache
def _after_first_token(answer: str, tokens_per_second: float) -> float:
    """Seconds from the first token to the first fragment."""
    turn = simulate(
        tokens.split(answer),
        llm_first_token=0.0,
        tokens_per_second=tokens_per_second,
        tts_first_chunk=0.0,
    )
    return turn.delay
