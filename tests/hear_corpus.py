"""Judge the stand-in's ears by the whole corpus: `python hear_corpus.py [options] [voice …]`.

The sound goes the way an agent's caller does: voice activity, endpointer, recogniser. For each
voice, of the utterances in `held_out` and `off_topic` (`data/utterances.toml`): how many get the
answer of their intent, another one, or "I did not catch that"; how many of the first two name an
order number that was not said; how many off-topic ones are answered, and how many have a number.

Noise is so many dB below the voice's active level after ITU-T P.56 (method B: the mean power while
somebody speaks, pauses over 0.2 s left out), over the whole band of 8 kHz. flite's voices rms and
awb are strangers to everything here; slt, kal16 and our own voices are among those that the noise's
network was learned from (`learn_noise.py`) and that thresholds were chosen on, with `tuning` and
`paraphrases.toml`. `--tuning` hears those sentences in place of the held-out ones.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import soxr
from noises import FULL, active_level, babble, noise
from standin.test_ears import (
    CORPUS,
    HELD_OUT,
    LISTENING_RATE,
    OFF_TOPIC,
    STRANGERS,
    finds,
    flite,
    listen,
)

from voicekit.standin.engines import Heard
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.standin.engines.tts import WorkerSynthesiser
from voicekit.standin.script import dialogue, slots
from voicekit.standin.script.itn import written

OURS = ("tenor", "alto", "baritone", "soprano", "bass", "british")
NOISES = ("white", "pink", "speech", "babble")
LEVEL, ROOM = -26.0, -65.0  # dBFS


async def spoken(text: str, voice: str, synthesiser: WorkerSynthesiser, folder: Path) -> np.ndarray:
    if voice in STRANGERS:
        return flite(text, voice, folder)
    made = await synthesiser.say(text, voice)
    samples = np.frombuffer(made.pcm, "<i2").astype(np.float32)
    return np.asarray(soxr.resample(samples, made.rate, LISTENING_RATE))


def talkers(folder: Path) -> list[np.ndarray]:
    return [flite(" and ".join(OFF_TOPIC[:6]), voice, folder) for voice in STRANGERS]


def judged(intent: str, said: str, heard: list[Heard]) -> list[str]:
    """What came of an utterance; no `intent` is off topic."""
    text = " ".join(each.text for each in heard if each.source == "grammar")
    meant = {
        each.replace("-", "") for each in slots.extract(written(said.lower())).get("order", [])
    }
    numbers = {each.replace("-", "") for each in slots.extract(text).get("order", [])}
    answered = bool(text) and dialogue.decide([text], []).layer != "fallback"
    found = ["made-up order"] if numbers - meant else []
    if intent and text and finds(intent, text):
        return ["right", *found]
    return ["answered" if answered else "not caught", *found]


async def main(options: argparse.Namespace) -> None:
    ears, synthesiser = WorkerEars(), WorkerSynthesiser()
    corpus = {**CORPUS, **({"held_out": CORPUS["tuning"]} if options.tuning else {})}
    file = Path(__file__).parent / "data/paraphrases.toml"
    paraphrases = tomllib.loads(file.read_text("utf-8"))
    said = [(intent, text) for intent, all_ in corpus["held_out"].items() for text in all_]
    said = said if options.tuning else HELD_OUT
    said += [("", text) for text in (paraphrases["off_topic"] if options.tuning else OFF_TOPIC)]
    turns = asyncio.Semaphore(2)

    async def one(voice: str, intent: str, text: str, folder: Path) -> list[str]:
        async with turns:
            samples = await spoken(text, voice, synthesiser, folder)
            speech = samples * 10 ** ((LEVEL - active_level(samples)) / 20)
            padded = np.pad(speech, (LISTENING_RATE, 3 * LISTENING_RATE // 2))
            seed = int(hashlib.md5((voice + text).encode()).hexdigest()[:6], 16)
            chance = np.random.default_rng(seed)
            padded += chance.normal(0, FULL * 10 ** (ROOM / 20), padded.size)
            if options.noise is not None:
                loud = FULL * 10 ** ((LEVEL - options.noise) / 20)
                if options.kind == "babble":
                    padded += loud * babble(talkers(folder), padded.size, chance)
                else:
                    padded += loud * noise(options.kind, padded.size, chance)
            pcm = np.clip(np.rint(padded), -FULL, FULL - 1).astype("<i2").tobytes()
            hearing = await ears.open()
            heard = [each async for each in listen(hearing, pcm)]
            hearing.close()
            if options.verbose:
                print(voice, intent, "|", text, "|", [(h.text, h.source) for h in heard])
            return judged(intent, text, heard)

    with tempfile.TemporaryDirectory() as folder:
        for voice in options.voices or [*STRANGERS, *OURS[:2]]:
            found = await asyncio.gather(*(one(voice, i, t, Path(folder)) for i, t in said))
            parts = list(zip((intent for intent, _ in said), found, strict=True))
            known = Counter(word for intent, words in parts if intent for word in words)
            other = Counter(word for intent, words in parts if not intent for word in words)
            total = sum(1 for intent, _ in said if intent)
            print(
                f"{voice:8} right {known['right']}/{total}, wrong {known['answered']}, "
                f"not caught {known['not caught']}, wrong number {known['made-up order']}; "
                f"off topic {other['answered']}/{len(said) - total} answered, "
                f"{other['made-up order']} made-up orders",
                flush=True,
            )
    synthesiser.close()
    ears.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("voices", nargs="*", metavar="voice")
    parser.add_argument("--noise", type=float, help="dB below the voice; without it, a quiet room")
    parser.add_argument("--kind", choices=NOISES, default="white")
    parser.add_argument("--tuning", action="store_true", help="not the held-out sentences")
    parser.add_argument("--verbose", action="store_true", help="print what was heard")
    asyncio.run(main(parser.parse_args()))
