"""`bench agent --soak`: whether anything grows in a long conversation, in real time or faster.

The caller asks, hears the answer or cuts it short, and asks again. To go faster, both sides run on
loops whose clock is ahead; the voice and the ears take the time they take, so answers come later
on that clock. The recording is off: it grows by design, up to its own limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import selectors
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from elevenlabs import ElevenLabs

from bench.agent_chaos import Chaos
from bench.agent_phone import BLOCK, Phone, call
from bench.agent_turns import EAGER
from bench.agent_voices import Voices, available, sentences
from bench.memory import give_back, held
from bench.table import Progress, Row
from voicekit.errors import VoicekitError
from voicekit.standin import Standin
from voicekit.standin.engines.asr_pool import MOST_DECODERS

WARM = 400.0
"""Seconds that do not count: in the first five minutes this process comes to hold some 13 MB more,
the two minutes of sound that a phone keeps among them."""
REST = 1.0
"""Seconds of quiet after an answer, before things are counted."""
CUT = 4
"""One answer of so many is interrupted."""
FAST_BLOCK = 0.1
"""Seconds of microphone in one message when time passes faster: few enough to keep up with."""
FLAT = 2.0
"""MB that the transcript and its events may add in half an hour."""
_MEMORY, _TASKS, _THREADS = "memory between turns", "tasks", "threads"
_TURNS, _VARIANT = "answered", "long conversation"


class _Selector(selectors.DefaultSelector):
    """Waits a fraction of what it is asked to."""

    speed = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / self.speed if timeout else timeout)


class _Loop(asyncio.SelectorEventLoop):
    """A loop on which time passes `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        selector = _Selector()
        selector.speed = self._speed = speed
        super().__init__(selector)

    def time(self) -> float:
        return time.monotonic() * self._speed


class _Clock:
    """The same time for the caller's microphone and loudspeaker."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def now(self) -> float:
        return time.monotonic() * self._speed

    def wait(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(max(seconds, 0.0) / self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))


def soak(minutes: float, speed: float, profile: str, chaos: int | None = None) -> list[Row]:
    """Talk for so many minutes of the conversation's own time.

    Args:
        minutes: how long, at least.
        speed: of the clock.
        profile: the stand-in's.
        chaos: the seed of the moments at which the engines' processes are struck; None: never.

    Raises:
        VoicekitError: this system tells no process's memory.
    """
    if not Path("/proc/self/status").exists():
        raise VoicekitError("--soak reads memory from /proc: use Linux.")
    loop = partial(_Loop, speed)
    with mock.patch("asyncio.SelectorEventLoop", loop):
        standin = Standin(profile)
    blows = Chaos(standin, chaos) if chaos is not None else None
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            rows, ended = runner.run(_talk(standin, minutes * 60, speed, blows))
        return [*rows, *(blows.close(standin.stop, ended) if blows else ())]
    finally:
        standin.stop()


async def _talk(
    standin: Any, seconds: float, speed: float, blows: Chaos | None
) -> tuple[list[Row], bool]:
    """The figures, and whether the call ended before it should."""
    rows = {name: Row(_VARIANT, name, unit) for name, unit in _UNITS.items()}
    plain = httpx.Client(trust_env=False, timeout=60)  # asked from threads, as the SDK wants one
    client = ElevenLabs(
        base_url=standin.elevenlabs_url, api_key=standin.elevenlabs_key, httpx_client=plain
    )
    config = EAGER.config()
    config["conversation"]["max_duration_seconds"] = round(seconds) + 600
    agent = await asyncio.to_thread(
        client.conversational_ai.agents.create,
        conversation_config=config,
        platform_settings={"privacy": {"record_voice": False}},
    )
    voices, said = Voices(client), sentences()
    doubtful = await asyncio.to_thread(voices.say, said["doubtful"], available()[0])
    await asyncio.gather(  # what is doubtful loads all models, in every decoder
        *(standin.state.ears.transcribe(doubtful.pcm, doubtful.rate) for _ in range(MOST_DECODERS))
    )
    texts = (*said["questions"], *said["long"], *said["interruptions"])
    for text, voice in itertools.product(texts, available()):  # they are kept, which is no leak
        await asyncio.to_thread(voices.say, text, voice)
    progress = Progress(round(seconds))
    phone = Phone([], clock=_Clock(speed), block=BLOCK if speed == 1 else FAST_BLOCK)
    index, control = f"{standin.control_url}/", {"authorization": f"Bearer {standin.control_token}"}
    striking = asyncio.create_task(blows.run()) if blows else None
    async with call(client, agent.agent_id, phone):
        for number in itertools.count():
            voice = available()[number % len(available())]
            answered = await _turn(phone, partial(voices.say, voice=voice), said, number)
            if phone.now > seconds or phone.state == "stopped":
                break
            while progress.done < phone.now:
                progress.step()
            if phone.now < min(WARM, seconds / 2):
                continue
            tasks = (await asyncio.to_thread(plain.get, index, headers=control)).json()["tasks"]
            rows[_TURNS].samples.append(100.0 * answered)
            rows[_TASKS].samples.append(tasks + len(asyncio.all_tasks()))
            rows[_THREADS].samples.append(_threads())
            rows[_MEMORY].samples.append(_megabytes())
        ended = phone.state == "stopped"
        if striking:
            striking.cancel()
    await asyncio.to_thread(plain.close)
    return list(rows.values()), ended


async def _turn(phone: Phone, say: Callable[[str], Any], said: dict[str, Any], number: int) -> bool:
    """Ask, listen, perhaps interrupt, and wait until it is quiet: whether there was an answer."""
    cuts = number % CUT == CUT - 1
    questions = said["long"] if cuts else said["questions"]
    phone.forget()
    phone.say(await asyncio.to_thread(say, questions[number % len(questions)]))
    answered = await phone.until(lambda: phone.arrived)
    if cuts and answered:
        before = len(phone.answers)
        await phone.clock.sleep(1.0)
        phone.say(await asyncio.to_thread(say, said["interruptions"][number % 5]))
        answered = await phone.until(lambda: len(phone.answers) > before)
    while phone.quiet < REST and phone.state == "started":
        await phone.clock.sleep(0.1)
    return answered


def _threads() -> int:
    """The threads there are, less those of a loop's pool, which is bounded and stays."""
    return sum(not each.name.startswith("asyncio_") for each in threading.enumerate())


def _megabytes() -> float:
    """What this process and those of its voice and ears hold."""
    give_back()
    processes = {mine := os.getpid()}
    for thread in Path(f"/proc/{mine}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it ended meanwhile, and has no process
            processes |= {*map(int, (thread / "children").read_text("utf-8").split())}
    megabytes = 0.0
    for process in processes:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it was just killed
            megabytes += held(process)
    return megabytes


def verdicts(rows: list[Row]) -> list[str]:
    """A line for each figure: whether its lowest grew from the first quarter to the last.

    The lowest, since what is there for a moment is no leak, and what stays is always there.
    """
    lines = []
    for row in rows:
        if row.variant != _VARIANT or row.metric == _TURNS or not row.samples:
            continue
        quarter = max(1, len(row.samples) // 4)
        before, after = min(row.samples[:quarter]), min(row.samples[-quarter:])
        limit = FLAT if row.metric == _MEMORY else 0
        word = "flat " if after - before <= limit else "GROWS"
        lines.append(
            f"{word}  {row.metric}: at least {before:.1f} {row.unit} in the first quarter, "
            f"{after:.1f} in the last of {len(row.samples)} turns"
        )
    return lines


_UNITS = {_TURNS: "%", _TASKS: "", _THREADS: "", _MEMORY: "MB"}
