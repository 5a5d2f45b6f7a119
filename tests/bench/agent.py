"""A managed agent by the official SDK, spoken to: response delay, barge-in, and being understood.

Everything is found in the sound: a delay is from the caller's last audible sample to the agent's
first one in what was rendered. The caller is silent until the answer begins, then hangs up, so
every turn is a conversation of its own. The stand-in has a process of its own, one for each
latency profile; the settings take turns, a few calls at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
from elevenlabs import ElevenLabs

from bench import agent_chaos, agent_soak, agent_verdict
from bench.agent_listening import QUIET, listen
from bench.agent_phone import in_parallel
from bench.agent_turns import EAGER, SETTINGS, BargeIn, Setting, Turn, answered, interrupted, reply
from bench.agent_voices import Voices, available, sentences
from bench.speech_turns import stage
from bench.table import Progress, Row

WARM = 4
"""Calls that do not count, on each stand-in: as many as it has decoders at most."""
FIRST, LAST = 0.3, 3.5
"""Seconds of the agent's answer between which the caller cuts in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to measure: under ten minutes by default, under one with `--quick`."""
    parser.add_argument(
        "--turns", type=int, default=100, help="per setting with a goal (default 100)"
    )
    parser.add_argument("--barge-ins", type=int, default=100, help="(default 100)")
    names = [setting.name for setting in SETTINGS]
    parser.add_argument("--only", choices=names, action="append", help="this setting (repeatable)")
    parser.add_argument("--at-once", type=int, default=3, help="calls at a time (default 3)")
    parser.add_argument("--seed", type=int, default=5, help="of the random moments (default 5)")
    parser.add_argument(
        "--listen", action="store_true", help="instead: who is understood, and what interrupts"
    )
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="instead: one long call")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="of the long call's clock (default 1: real time)"
    )
    parser.add_argument(
        "--chaos", action="store_true", help="kill and stop the engines' processes in the long call"
    )
    parser.add_argument("--quick", action="store_true", help="a small sample of everything")


def measure(options: argparse.Namespace) -> list[Row]:
    """Call, again and again."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    if options.soak:
        chaos = options.seed if options.chaos else None
        return agent_soak.soak(options.soak, options.speed, options.profile, chaos)
    with world(options.profile) as base:
        if options.listen:
            return listen(base, options)
        if options.quick:
            options.turns, options.barge_ins = 6, 6
        with world("instant") as instant:
            worlds = {
                setting: instant if setting.profile else base
                for setting in SETTINGS
                if setting.name in (options.only or setting.name)
            }
            turns, barge_ins = asyncio.run(_measure(worlds, options))
            for turn in turns:
                if turn.delay is not None:
                    turn.metrics = worlds[turn.setting].metrics(turn.conversation_id)
    return [*_rows(turns), *_barge_in_rows(barge_ins)]


def conclude(rows: list[Row]) -> list[str]:
    """What the figures say, goal by goal, and who called."""
    voices = ", ".join(available())
    return [
        *agent_verdict.verdicts(rows),
        *agent_soak.verdicts(rows),
        *agent_chaos.verdicts(rows),
        f"The callers' voices: {voices}.",
    ]


@dataclass(frozen=True, eq=False)
class World:
    """One stand-in in a process of its own."""

    client: ElevenLabs
    http: httpx.Client

    def agent(self, setting: Setting) -> str:
        """A new agent with these settings; its id."""
        made = self.client.conversational_ai.agents.create(conversation_config=setting.config())
        agent_id: str = made.agent_id
        return agent_id

    def metrics(self, conversation_id: str) -> dict[str, float]:
        """Seconds by the vendor's names: of the first turn on each side."""
        found = self.http.get(f"/v1/convai/conversations/{conversation_id}").json()
        metrics: dict[str, float] = {}
        for item in reversed(found["transcript"]):
            measured = (item["conversation_turn_metrics"] or {}).get("metrics", {})
            metrics |= {name: value["elapsed_time"] for name, value in measured.items()}
        return metrics


@contextmanager
def world(profile: str) -> Iterator[World]:
    """Start a stand-in, and stop it."""
    with stage(profile) as standin, httpx.Client(trust_env=False, timeout=60) as plain:
        url, key = standin.elevenlabs_url, standin.elevenlabs_key
        with httpx.Client(
            trust_env=False, timeout=60, base_url=url, headers={"xi-api-key": key}
        ) as http:
            client = ElevenLabs(base_url=url, api_key=key, httpx_client=plain)
            yield World(client, http)


async def _measure(
    worlds: dict[Setting, World], options: argparse.Namespace
) -> tuple[list[Turn], list[BargeIn]]:
    chance = random.Random(options.seed)
    agents = {setting: world.agent(setting) for setting, world in worlds.items()}
    any_world = next(iter(worlds.values()))
    voices, said = Voices(any_world.client), sentences()
    names = available()

    def turn(number: int, setting: Setting) -> partial[Coroutine[Any, Any, Turn]]:
        voice = names[number % len(names)]
        question = voices.say(said["questions"][number % len(said["questions"])], voice)
        pause = chance.uniform(0.4, 0.5)
        client = worlds[setting].client
        return partial(answered, client, agents[setting], setting, question, pause)

    def barge_in(number: int) -> partial[Coroutine[Any, Any, BargeIn]]:
        voice = names[number % len(names)]
        question = voices.say(said["long"][number % len(said["long"])], voice)
        cuts = said["interruptions"]
        words = voices.say(cuts[number % len(cuts)], voice)
        after = chance.uniform(FIRST, LAST)
        return partial(interrupted, worlds[EAGER].client, agents[EAGER], question, words, after)

    doubtful = voices.say(said["doubtful"], names[0])  # loads all models, in every decoder
    for world, setting in {world: setting for setting, world in worlds.items()}.items():
        call = partial(reply, world.client, agents[setting], doubtful, QUIET, 0)
        await in_parallel([call] * WARM, WARM, lambda: None)
    turns = [
        turn(n, setting)
        for n in range(options.turns)
        for setting in worlds
        if n % setting.share == 0
    ]
    cuts = [barge_in(n) for n in range(options.barge_ins if EAGER in worlds else 0)]
    progress = Progress(len(turns) + len(cuts))
    return (
        await in_parallel(turns, options.at_once, progress.step),
        await in_parallel(cuts, options.at_once, progress.step),
    )


def _rows(turns: list[Turn]) -> list[Row]:
    rows: dict[tuple[str, str], Row] = {}
    for turn in sorted(turns, key=lambda turn: SETTINGS.index(turn.setting)):
        name = turn.setting.name
        if turn.delay is not None:
            for metric, seconds in {"response delay": turn.delay, **turn.stages()}.items():
                row = rows.setdefault((metric, name), Row(name, metric))
                row.samples.append(1000 * seconds)
        row = rows.setdefault(("answered in turn", name), Row(name, "answered in turn", "%"))
        row.samples.append(100.0 * (turn.delay is not None))
    metrics = list(dict.fromkeys(metric for metric, _ in rows))
    return sorted(rows.values(), key=lambda row: metrics.index(row.metric))


def _barge_in_rows(cuts: list[BargeIn]) -> list[Row]:
    if not cuts:
        return []
    silences = [1000 * cut.silence for cut in cuts if cut.silence is not None]
    return [
        Row(EAGER.name, "barge-in to silence", "ms", silences),
        Row(EAGER.name, "barge-ins obeyed", "%", [100.0 * (c.silence is not None) for c in cuts]),
        Row(EAGER.name, "corrected to what was heard", "%", [100.0 * cut.true for cut in cuts]),
    ]
