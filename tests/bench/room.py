"""One stand-in for a room: callers at once, each with a key of its own, and what a kernel holds.

The delay is from a caller's last audible sample to the agent's first one, as in `bench agent`; all
callers share one process, which renders and judges the sound too. A kernel's memory is resident
memory (RSS) of the kernel and the processes it started, after one spoken conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import httpx
import psutil
from elevenlabs import ElevenLabs
from jupyter_client.manager import start_new_kernel

from bench.agent import World
from bench.agent_listening import QUIET
from bench.agent_phone import in_parallel
from bench.agent_turns import EAGER, Turn, answered, reply
from bench.agent_voices import Voices, available, sentences
from bench.speech_turns import stage
from bench.table import Progress, Row
from voicekit.audio import Clip
from voicekit.errors import VoicekitError

CELL = """
import time
from elevenlabs.conversational_ai.conversation import Conversation
from voicekit import Clip, ClipAudio, connect
world = connect({profile!r}, offline=True)
client = world.elevenlabs()
made = client.conversational_ai.agents.create(
    conversation_config={{"agent": {{"first_message": ""}}}})
said = Clip.from_chunks(client.text_to_speech.convert(
    "21m00Tcm4TlvDq8ikWAM", text="How much is shipping?", model_id="eleven_flash_v2_5",
    output_format="pcm_16000"), 16000)
heard = []
audio = ClipAudio([said])
conversation = Conversation(client, made.agent_id, requires_auth=False, audio_interface=audio,
    callback_agent_response=heard.append)
conversation.start_session()
for _ in range(600):
    if audio.played and heard:
        break
    time.sleep(0.1)
conversation.end_session()
conversation.wait_for_session_end()
assert audio.played and heard, "the agent said nothing within a minute"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many call."""
    parser.add_argument("--callers", type=int, default=30, help="at once (default 30)")
    parser.add_argument("--rounds", type=int, default=3, help="calls of each (default 3)")
    parser.add_argument("--alone", type=int, default=30, help="calls one by one (default 30)")


def measure(options: argparse.Namespace) -> list[Row]:
    """Call one by one, then all at once; then hold a conversation in two kernels."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    with stage(options.profile) as standin, ExitStack() as stack:
        url = standin.elevenlabs_url
        worlds = [stack.enter_context(_world(url)) for _ in range(options.callers)]
        alone, together = asyncio.run(_call(worlds, options.alone, options.rounds))
        variants = {"1 caller": alone, f"{options.callers} callers at once": together}
        rows = [row for name, turns in variants.items() for row in _delays(name, turns)]
        rows += [
            Row(name, "answered in turn", "%", [100.0 * (turn.delay is not None) for turn in turns])
            for name, turns in variants.items()
        ]
        address = url.removesuffix("/elevenlabs")
        held = {"a stand-in of its own": _kernel(options.profile, None)}
        held["the room's stand-in"] = _kernel(options.profile, address)
    return rows + [Row(name, "kernel, RSS", "MB", [size]) for name, size in held.items()]


def _delays(name: str, turns: list[Turn]) -> list[Row]:
    """The response delay and its stages."""
    rows: dict[str, Row] = {}
    for turn in turns:
        if turn.delay is not None:
            for metric, seconds in {"response delay": turn.delay, **turn.stages()}.items():
                row = rows.setdefault(metric, Row(name, metric))
                row.samples.append(1000 * seconds)
    return list(rows.values())


@contextmanager
def _world(url: str) -> Iterator[World]:
    """The stand-in, seen with a key of its own."""
    key = f"room-{secrets.token_hex(16)}"
    with httpx.Client(
        base_url=url, trust_env=False, timeout=120, headers={"xi-api-key": key}
    ) as http:
        yield World(ElevenLabs(base_url=url, api_key=key, httpx_client=http), http)


async def _turn(world: World, agent_id: str, question: Clip) -> Turn:
    turn = await answered(world.client, agent_id, EAGER, question, 0.45)
    turn.metrics = await asyncio.to_thread(world.metrics, turn.conversation_id)
    return turn


async def _call(worlds: list[World], alone: int, rounds: int) -> tuple[list[Turn], list[Turn]]:
    voices, said = Voices(worlds[0].client), sentences()
    names = available()
    agents = [world.agent(EAGER) for world in worlds]

    def turn(caller: int, number: int) -> partial[Coroutine[Any, Any, Turn]]:
        question = said["questions"][number % len(said["questions"])]
        clip = voices.say(question, names[number % len(names)])
        return partial(_turn, worlds[caller], agents[caller], clip)

    warm = partial(
        reply, worlds[0].client, agents[0], voices.say(said["doubtful"], names[0]), QUIET, 0
    )  # loads all models, in every decoder
    await in_parallel([warm] * 4, 4, lambda: None)
    many = range(len(worlds))
    progress = Progress(alone + rounds * len(worlds))
    one_by_one = [turn(n % len(worlds), n) for n in range(alone)]
    at_once = [turn(caller, caller + n) for n in range(rounds) for caller in many]
    return (
        await in_parallel(one_by_one, 1, progress.step),
        await in_parallel(at_once, len(worlds), progress.step),
    )


def _kernel(profile: str, standin: str | None) -> float:
    """MB that a kernel and the processes it started hold after a conversation.

    Raises:
        VoicekitError: its cell failed.
    """
    where = {"VOICEKIT_STANDIN": standin} if standin else {}
    environment = {k: v for k, v in os.environ.items() if k != "VOICEKIT_STANDIN"}
    manager, client = start_new_kernel(kernel_name="python3", env={**environment, **where})
    try:
        answer = client.execute_interactive(
            CELL.format(profile=profile), timeout=300, output_hook=lambda _: None
        )
        if answer["content"]["status"] != "ok":
            raise VoicekitError(f"The kernel's cell failed: {answer['content']}")
        kernel = psutil.Process(manager.provisioner.pid)
        every = [kernel, *kernel.children(recursive=True)]
        return sum(process.memory_info().rss for process in every) / 1e6
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
