"""Judge the stand-in's ears by all of the corpus: `python hear_corpus.py [dB of noise] [voice …]`.

Prints, for each of flite's voices and two of ours, how many held-out utterances get the answer of
their intent, and how many off-topic ones get any. Without a number there is a faint noise floor
only. Takes some minutes; `tests/standin/test_ears.py` hears a quarter of it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import numpy as np
import soxr
from standin.test_ears import (
    HELD_OUT,
    LISTENING_RATE,
    OFF_TOPIC,
    SPEECH_DBFS,
    STRANGERS,
    finds,
    flite,
    from_a_microphone,
)

from voicekit.standin import dialogue, slots
from voicekit.standin.engines import Heard
from voicekit.standin.engines.ears import WorkerEars
from voicekit.standin.engines.process import WorkerSynthesiser

OURS = ("tenor", "alto")


async def spoken(text: str, voice: str, synthesiser: WorkerSynthesiser, folder: Path) -> np.ndarray:
    if voice in STRANGERS:
        return flite(text, voice, folder)
    made = await synthesiser.say(text, voice)
    samples = np.frombuffer(made.pcm, "<i2").astype(np.float32)
    return np.asarray(soxr.resample(samples, made.rate, LISTENING_RATE))


async def main(snr: float | None, voices: list[str]) -> None:
    ears, synthesiser = WorkerEars(), WorkerSynthesiser()
    floor = -65.0 if snr is None else SPEECH_DBFS - snr
    said = [text for _, text in HELD_OUT] + OFF_TOPIC
    with tempfile.TemporaryDirectory() as folder:
        for voice in voices or [*STRANGERS, *OURS]:
            turns = asyncio.Semaphore(4)

            async def one(text: str, voice: str, turns: asyncio.Semaphore) -> Heard:
                samples = await spoken(text, voice, synthesiser, Path(folder))
                async with turns:
                    return await ears.transcribe(
                        from_a_microphone(samples, floor=floor), LISTENING_RATE
                    )

            heard = await asyncio.gather(*(one(text, voice, turns) for text in said))
            pairs = list(zip(HELD_OUT, heard, strict=False))
            right = sum(finds(i, h.text) and h.source == "grammar" for (i, _), h in pairs)
            off = [h for h in heard[len(HELD_OUT) :] if h.source == "grammar"]
            answered = sum(dialogue.decide([h.text], []).layer != "fallback" for h in off)
            orders = sum("order" in slots.extract(h.text) for h in off)
            print(
                f"{voice:6} right intent {right}/{len(HELD_OUT)}; "
                f"off topic {answered}/{len(OFF_TOPIC)} answered, {orders} made-up orders",
                flush=True,
            )
    synthesiser.close()
    ears.close()


if __name__ == "__main__":
    noise = [float(word) for word in sys.argv[1:] if word.isdecimal()]
    names = [word for word in sys.argv[1:] if word in (*STRANGERS, *OURS)]
    asyncio.run(main(noise[0] if noise else None, names))
