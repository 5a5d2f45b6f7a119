"""Barge-in of `bench pipeline`, in virtual time: who interrupts, and what is played after that.

A loudspeaker plays the agent, a microphone hears the room, the caller and the agent's echo; the
echo stops when the machines hold the agent. Nothing waits: a frame is a step of the simulation.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from bench.pipeline_sound import EDGE, RATE, Samples, Studio
from bench.table import Row
from voicekit.conversation.script import cough
from voicekit.standin.engines import Speech
from voicekit.turns import (
    FRAME,
    AgentHeld,
    BargeIn,
    Endpointer,
    Interruption,
    Silero,
    SpeechDismissed,
    SpeechStarted,
    TurnDetector,
    resume_at,
)
from voicekit.turns.vad import FRAME_SAMPLES

Kind = Literal["echo", "interruption", "backchannel", "cough"]

ECHO = -20.0  # dB of the agent in the microphone below what the loudspeaker plays
AGENT = -20.0  # dBFS
ROOM = -65.0  # dBFS
AFTER = 1.6  # seconds of the caller's silence that are listened to
WHO = "barge-in"
ECHOES = "false interruptions by the agent's own voice, 20 dB down"
CAUGHT, IGNORED = "real interruptions caught", "backchannels ignored"
RESUMED = "false interruptions resumed at the right word"
HOLD = Interruption(hold=0.09)
"""The agent pauses after 90 ms of speech, and is interrupted by words or by 600 ms of speech."""


@dataclass(frozen=True)
class Scene:
    """One turn of the agent, and what is to be heard over it.

    Attributes:
        agent: what the loudspeaker plays, PCM16's values at 16 kHz.
        words: of it: text, start and end in seconds.
        caller: likewise what the caller says, if anything.
        text: what that is in words, as a recogniser would tell them; "" for a cough.
        at: second at which the caller begins.
        delay: seconds by which the echo is late.
        reference: whether the judge is told what is played.
        asr: seconds from the end of the caller's sound to its text.
    """

    kind: Kind
    agent: Samples
    words: tuple[tuple[str, float, float], ...]
    caller: Samples | None = None
    text: str = ""
    at: float = 0.0
    delay: float = 0.08
    reference: bool = True
    asr: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class Heard:
    """What came of a scene.

    Attributes:
        interrupted: whether the agent lost the floor.
        silence: seconds from the caller's onset until the loudspeaker was silent; None: never.
        held: seconds for which the agent was paused for nothing.
        resumed: whether it then went on at the right word; None: it was not paused.
    """

    kind: Kind
    interrupted: bool
    silence: float | None
    held: float
    resumed: bool | None


def play(scene: Scene) -> Heard:
    """Run one scene."""
    size = round((scene.agent.size / RATE + 3.0) / FRAME) * FRAME_SAMPLES
    microphone = np.random.default_rng(scene.seed).normal(0, 32768 * 10 ** (ROOM / 20), size)
    spoken = scene.caller if scene.caller is not None else np.zeros(0)
    begin = round(scene.at * RATE)
    microphone[begin : begin + spoken.size] += spoken
    onset, end = scene.at + EDGE, scene.at + spoken.size / RATE - EDGE
    detector = TurnDetector(
        Silero(), endpointer=Endpointer("normal", barge_in=BargeIn(HOLD)), pre_roll=0.0
    )
    played = np.zeros(size + RATE)  # by the loudspeaker, silence where it was held
    position, playing, silence, held_at, held, resumed = 0, True, None, 0.0, 0.0, None
    interrupted = False
    for frame in range(0, size, FRAME_SAMPLES):
        if scene.caller is not None and frame / RATE > end + AFTER:
            break
        late = max(0, frame - round(scene.delay * RATE))
        echo = played[late : late + FRAME_SAMPLES] if frame >= round(scene.delay * RATE) else 0.0
        heard = microphone[frame : frame + FRAME_SAMPLES] + 10 ** (ECHO / 20) * echo
        talks = playing and position < scene.agent.size
        if talks:
            piece = scene.agent[position : position + FRAME_SAMPLES]
            played[frame : frame + piece.size] = piece
            position += piece.size
            if scene.reference:
                detector.play(piece.astype("<i2"), RATE)
        now = frame / RATE + FRAME
        # Words come once they are said; of an interruption the first ones are enough.
        done = (now - scene.asr - onset) / max(end - onset, 1e-6)
        words = scene.text.split()
        detector.hint(" ".join(words[: int(len(words) * min(max(done, 0.0), 1.0))]))
        events = detector.push(np.clip(heard, -32768, 32767).astype("<i2"), talks)
        for event in events:
            match event:
                case AgentHeld():
                    playing, held_at, cut = False, now, position / RATE
                    silence = silence if silence is not None else now - onset
                case SpeechDismissed(resumes=True):
                    position = round(RATE * resume_at(scene.words, cut))
                    resumed = _right_word(scene, cut, position / RATE)
                    playing, held = True, held + now - held_at
                case SpeechStarted() if talks or not playing:
                    playing, interrupted = False, True
                    silence = silence if silence is not None else now - onset
    return Heard(scene.kind, interrupted, silence, held, resumed)


def _right_word(scene: Scene, cut: float, goes_on: float) -> bool:
    """Whether every word that was heard to its end is behind, and none of the others."""
    unheard = [word for word in scene.words if word[2] > cut]
    due = unheard[0][1] if unheard else cut
    return abs(goes_on - due) < 1 / RATE * 2


def scenes(studio: Studio, lines: dict[str, Any], turns: int, seed: int) -> list[Scene]:
    """Return `turns` scenes of each kind."""
    chance = random.Random(seed)
    answer = " ".join(lines["answer"].split())
    agents = [_agent(studio.speech(answer, voice)) for voice in ("alto", "tenor", "british")]
    found = []
    for number in range(turns):
        agent, words = agents[number % len(agents)]
        first = chance.randrange(len(words) - 14)  # begin anywhere, at a word
        sound, rest = _from(agent, words, first)
        scene = Scene("echo", sound, rest, delay=chance.uniform(0.02, 0.3), seed=number)
        voice = studio.voices[number % len(studio.voices)]
        back, phones = lines["backchannels"][number % len(lines["backchannels"])]
        cut = lines["interruptions"][number % len(lines["interruptions"])]
        noise = cough(seed=number).sound
        assert noise is not None
        for kind, text, caller in (
            ("echo", "", None),
            ("backchannel", back, studio.say(back, voice, phones)),
            ("interruption", cut, studio.say(cut, voice)),
            ("cough", "", studio.trimmed(noise)),
        ):
            at = chance.uniform(0.6, 2.0)
            found.append(replace(scene, kind=kind, text=text, caller=caller, at=at))
    return found


def run(scenes: list[Scene]) -> list[Heard]:
    """Play scenes in as many processes as there are cores."""
    with ProcessPoolExecutor() as processes:
        return list(processes.map(play, scenes, chunksize=8))


def rows(heard: Sequence[Heard]) -> list[Row]:
    """What came of the scenes."""

    def of(kind: Kind) -> list[Heard]:
        return [each for each in heard if each.kind == kind]

    def shares(flags: Iterable[bool]) -> list[float]:
        return [100.0 * flag for flag in flags]

    stopped = [1000 * each.silence for each in of("interruption") if each.silence is not None]
    resumed = [each.resumed for each in heard if each.resumed is not None]
    paused = [1000 * each.held for each in heard if each.resumed is not None]
    return [
        Row(WHO, ECHOES, "%", shares(e.interrupted or e.silence is not None for e in of("echo"))),
        Row(WHO, CAUGHT, "%", shares(each.interrupted for each in of("interruption"))),
        Row(WHO, IGNORED, "%", shares(not each.interrupted for each in of("backchannel"))),
        Row(WHO, "coughs ignored", "%", shares(not each.interrupted for each in of("cough"))),
        Row(WHO, RESUMED, "%", shares(resumed)),
        Row(WHO, "interruption's onset to silence", "ms", stopped),
        Row(WHO, "paused for nothing", "ms", paused),
    ]


def verdicts(rows: Sequence[Row]) -> list[str]:
    """A line for each goal of barge-in."""
    goals = ((ECHOES, 0, 0), (CAUGHT, 98, 100), (IGNORED, 95, 100), (RESUMED, 100, 100))
    lines = []
    for metric, least, most in goals:
        row = next(row for row in rows if row.metric == metric)
        if row.samples:
            mean = sum(row.samples) / len(row.samples)
            word = "pass" if least <= mean <= most else "FAIL"
            wanted = f"at least {least}" if most else "none"
            lines.append(f"{word}  {metric}: {mean:.1f} % of {len(row.samples)}, {wanted}")
    return lines


def _agent(speech: Speech) -> tuple[Samples, list[tuple[str, float, float]]]:
    """An answer at `AGENT` dBFS, with its words."""
    sound = Studio.at_rate(speech)
    sound *= 32768 * 10 ** (AGENT / 20) / np.sqrt(np.mean(sound[np.abs(sound) > 300] ** 2))
    words, begin = [], 0
    for word in speech.text.split():
        begin = speech.text.index(word, begin)
        words.append((word, speech.starts[begin], speech.ends[begin + len(word) - 1]))
        begin += len(word)
    return sound, words


def _from(
    sound: Samples, words: list[tuple[str, float, float]], first: int
) -> tuple[Samples, tuple[tuple[str, float, float], ...]]:
    """What follows a word, up to 14 words of it."""
    few = words[first : first + 14]
    start, end = few[0][1], few[-1][2]
    moved = tuple((word, begin - start, stop - start) for word, begin, stop in few)
    return sound[round(start * RATE) : round(end * RATE)], moved
