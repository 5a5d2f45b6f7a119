"""A recogniser that judges whether a voice says its words: pocketsphinx with a phrase grammar."""

from __future__ import annotations

import functools
import re
import warnings
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

SPEECH_DBFS, FLOOR_DBFS = -30.0, -65.0
WORD = re.compile(r"[a-z']+")


def words(text: str) -> list[str]:
    """Split text into the words that count, without case and punctuation."""
    return WORD.findall(text.lower())


def hear(pcm16_16k: bytes, phrases: list[str]) -> str:
    """Tell what PCM16 mono at 16 kHz says, in words of `phrases`; "" when none is near.

    The result depends on nothing that was heard before. Skips the test on a Python for which
    pocketsphinx has no wheel.
    """
    decoder = _decoder(tuple(phrases))
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(_as_from_a_microphone(pcm16_16k), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


def word_errors(said: str, heard: str) -> int:
    """Count the words to replace, insert and delete to turn `said` into `heard`."""
    reference, guess = words(said), words(heard)
    row = list(range(len(guess) + 1))
    for i, word in enumerate(reference, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(guess, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


@functools.cache
def _decoder(phrases: tuple[str, ...]) -> Any:
    with warnings.catch_warnings():
        # It imports sounddevice, which complains where there is no PortAudio.
        warnings.simplefilter("ignore")
        pocketsphinx = pytest.importorskip("pocketsphinx")
    decoder = pocketsphinx.Decoder(lm=None, cmn="batch", loglevel="FATAL")
    unknown = {word for word in chain(*map(words, phrases)) if not decoder.lookup_word(word)}
    assert not unknown, f"the recogniser's dictionary lacks {sorted(unknown)}"
    grammar = " | ".join(" ".join(words(phrase)) for phrase in phrases)
    decoder.add_jsgf_string("phrases", f"#JSGF V1.0; grammar g; public <phrase> = {grammar};")
    decoder.activate_search("phrases")
    return decoder


def _as_from_a_microphone(pcm: bytes) -> bytes:
    """Bring speech to a usual level over a seeded noise floor, with quiet on both sides.

    Digital silence would spoil the recogniser's mean over the utterance.
    """
    speech = np.frombuffer(pcm, "<i2").astype(np.float64)
    loud = speech[np.abs(speech) > 100]
    level = np.sqrt(np.mean(loud**2)) if loud.size else 1.0
    padded = np.pad(speech * _amplitude(SPEECH_DBFS) / level, 4800)
    noise = np.random.default_rng(7).normal(0, _amplitude(FLOOR_DBFS), padded.size)
    mixed: npt.NDArray[np.int16] = np.clip(np.rint(padded + noise), -32768, 32767).astype("<i2")
    return mixed.tobytes()


def _amplitude(dbfs: float) -> float:
    return 32768 * float(10 ** (dbfs / 20))
