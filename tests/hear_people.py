"""Words wrong, by the ears for people and by the closed ones: `python hear_people.py [voice …]`.

Without voices, it hears people: every recording of somebody speaking English that the package
registries bring and that has a reference.

- Debian's `pocketsphinx-testdata` (BSD-2): card names, LibriVox's "Sense and Sensibility", digits.
- the wheel of moonshine-voice 0.0.73 (MIT), which brings the weights, too: Beckett and Dickens.
  Its maker shows them as samples, so that they may be easy, or have been seen.

With voices, it hears fifty sentences of the corpus, thirty of a support desk and twenty off topic,
by flite's (`rms`, `slt`, `awb`, `kal16`) or festival's (`festival:kal_diphone`,
`festival:cmu_us_slt_arctic_hts`). Both ears get the same sound by the way of an agent's caller:
voice activity, endpointer, recogniser.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soxr
from standin.test_ears import HELD_OUT, OFF_TOPIC, flite, from_a_microphone, listen

from voicekit.standin.engines import LISTENING_RATE
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.standin.script.itn import to_digits

TESTDATA = Path("/usr/share/pocketsphinx/test/data")
CITIES = """It was the best of times, it was the worst of times, it was the age of wisdom, it was
the age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the
season of light, it was the season of darkness, it was the spring of hope, it was the winter of
despair, we had everything before us, we had nothing before us, we were all going direct to Heaven,
we were all going direct the other way. In short, the period was so far like the present period,
that some of its noisiest authorities insisted on its being received, for good or for evil, in the
superlative degree of comparison only."""
BECKETT = "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better."


def recordings() -> Iterator[tuple[str, np.ndarray, str]]:
    """Name, samples at `LISTENING_RATE` and what is said, of each recording that is here."""
    for listed in ("cards/cards.transcription", "librivox/transcription"):
        for line in (TESTDATA / listed).read_text().splitlines():
            text, name = re.fullmatch(r"<s> (.*?) *</s> \((.*)\)", line.strip()).groups()
            yield name, samples((TESTDATA / listed).with_name(f"{name}.wav")), text
    for name, text in (
        ("goforward", "go forward ten meters"),
        ("tidigits/dhd.2934z", "two nine three four zero"),
    ):
        raw = np.frombuffer((TESTDATA / f"{name}.raw").read_bytes(), "<i2")
        yield name, raw.astype(np.float32), text
    package = importlib.util.find_spec("moonshine_voice")
    assets = Path(package.submodule_search_locations[0]) / "assets"
    yield "beckett", samples(assets / "beckett.wav"), BECKETT
    yield "two_cities", samples(assets / "two_cities.wav"), CITIES


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        mono = data[:: file.getnchannels()].astype(np.float32)
        return np.asarray(soxr.resample(mono, file.getframerate(), LISTENING_RATE))


def spoken(voice: str) -> Iterator[tuple[str, np.ndarray, str]]:
    with tempfile.TemporaryDirectory() as folder:
        for text in [*(text for _, text in HELD_OUT[:30]), *OFF_TOPIC[:20]]:
            if voice.startswith("festival:"):
                path = Path(folder, "spoken.wav")
                command = ["text2wave", "-eval", f"(voice_{voice[9:]})", "-o", str(path)]
                subprocess.run(command, input=text.encode(), check=True)
                yield text, samples(path), text
            else:
                yield text, flite(text, voice, Path(folder)).astype(np.float32), text


def words(text: str) -> list[str]:
    plain = to_digits(text.lower().replace("-", " ").replace("mister", "mr"))
    return re.findall(r"[a-z']+|\d", plain)


def wrong(said: str, heard: str) -> int:
    """Words to change, add and take away (Levenshtein)."""
    a, b = words(said), words(heard)
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


def report(score: Sequence[int]) -> str:
    total, people, closed = score
    return f"{total:4} words, {people:3} wrong by people's ears, {closed:3} by the closed ones"


async def main(voices: list[str]) -> None:
    ears = WorkerEars(decoders=1)
    for voice in voices or [""]:
        total = np.zeros(3, int)
        for name, sound, text in spoken(voice) if voice else recordings():
            texts = []
            for person in (True, False):
                hearing = await ears.open()
                if person:
                    await hearing.hear_a_person()
                pcm = from_a_microphone(sound, 0.5, 1.0)
                texts.append(" ".join([each.text async for each in listen(hearing, pcm)]))
                hearing.close()
            score = [len(words(text)), *(wrong(text, each) for each in texts)]
            total += score
            if not voice:
                print(f"{name:32} {report(score)}\n    {texts[0]}\n    {texts[1]}", flush=True)
        print(f"{voice or 'all':32} {report(total)}", flush=True)
    ears.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
