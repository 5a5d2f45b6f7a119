"""`bench agent --listen`: whether callers are understood, and what makes an agent stop."""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import tomllib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.agent_phone import in_parallel
from bench.agent_turns import EAGER, PATIENT, reply, talked_on
from bench.agent_voices import LEVEL, OWN, Voices, available, sentences
from bench.table import Progress, Row
from voicekit.conversation import cough
from voicekit.errors import VoicekitError
from voicekit.standin.script.intents import intents

if TYPE_CHECKING:
    from bench.agent import World

CORPUS = Path(__file__).parents[1] / "standin" / "data" / "utterances.toml"
QUIET = -65.0
"""Level of a quiet room, dB relative to full scale."""
NOISY = LEVEL - 15
OURS = 1
"""Own voices among the callers, beside flite's."""


def listen(world: World, options: argparse.Namespace) -> list[Row]:
    """Say the held-out sentences, talk of other things, hum, and cough.

    Raises:
        VoicekitError: the sentences are not there.
    """
    return asyncio.run(_listen(world, options))


def right(intent: str, answer: str) -> bool:
    """Whether an answer is the one that an intent gets, whatever number it names."""
    wanted = next(each for each in intents() if each.name == intent)
    patterns = (re.sub(r"\\\{\w+\\\}", ".*", re.escape(a)) for a in (wanted.answer, wanted.ask))
    return any(re.fullmatch(pattern, answer) for pattern in patterns if pattern)


def _corpus() -> dict[str, Any]:
    if not CORPUS.exists():
        raise VoicekitError(
            "The sentences to be understood come with the clone, in tests/standin/data: run this "
            "in a clone of the repository."
        )
    found: dict[str, Any] = tomllib.loads(CORPUS.read_text("utf-8"))
    return found


async def _listen(world: World, options: argparse.Namespace) -> list[Row]:
    chance = random.Random(options.seed)
    voices, corpus, said = Voices(world.client), _corpus(), sentences()
    names = (*available(), *tuple(OWN)[:OURS])
    known = [(intent, text) for intent, all_ in corpus["held_out"].items() for text in all_]
    other = list(corpus["off_topic"]["held_out"])
    chance.shuffle(known)
    if options.quick:
        known, other = known[:10], other[:4]
    trials = 3 if options.quick else 24
    eager, patient = world.agent(EAGER), world.agent(PATIENT)

    async def understood(number: int, noise: float) -> tuple[str, bool]:
        intent, text = known[number]
        clip = voices.say(text, names[number % len(names)])
        heard = await reply(world.client, eager, clip, noise, number)
        metric = "right answer in quiet" if noise == QUIET else NOISE_METRIC
        return metric, right(intent, heard)

    async def misled(number: int) -> tuple[str, bool]:
        clip = voices.say(other[number], names[number % len(names)])
        heard = await reply(world.client, eager, clip, QUIET, number)
        return "no order made up of other talk", not re.search(r"\d|order number", heard)

    async def hummed(number: int) -> tuple[str, bool]:
        voice = names[number % len(names)]
        text, phones = said["backchannels"][number % len(said["backchannels"])]
        noise = voices.say(text, voice, phones)
        return "agent talks on through a mm-hm", await _through(noise, voice)

    async def coughed(number: int) -> tuple[str, bool]:
        noise = cough(seed=number).sound
        assert noise is not None
        voice = names[number % len(names)]
        return "agent talks on through a cough", await _through(noise, voice)

    async def _through(noise: Any, voice: str) -> bool:
        question = voices.say(said["long"][0], voice)
        after = chance.uniform(0.5, 3.0)
        return await talked_on(world.client, patient, question, noise, after)

    jobs: list[Callable[[], Awaitable[tuple[str, bool]]]] = [
        *(partial(understood, n, noise) for noise in (QUIET, NOISY) for n in range(len(known))),
        *(partial(misled, n) for n in range(len(other))),
        *(partial(hummed, n) for n in range(trials)),
        *(partial(coughed, n) for n in range(trials)),
    ]
    await understood(0, QUIET)  # the first call loads the models
    progress = Progress(len(jobs))
    rows: dict[str, Row] = {}
    for metric, good in await in_parallel(jobs, options.at_once, progress.step):
        rows.setdefault(metric, Row("", metric, "%")).samples.append(100.0 * good)
    return list(rows.values())


NOISE_METRIC = "right answer, noise 15 dB below the voice"
