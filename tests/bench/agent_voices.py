"""The voices of the benchmark's callers: flite's where it is installed, else the stand-in's own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from elevenlabs import ElevenLabs

from voicekit.audio import Clip
from voicekit.conversation.script import at_level

STRANGERS = ("rms", "slt", "awb", "kal16")
"""Voices of flite: statistical, cut from recordings, and diphones; none is of our engine."""
OWN = {
    "Rachel": "21m00Tcm4TlvDq8ikWAM",
    "Eric": "cjVigY5qzO86Huf0OWal",
    "Adam": "pNInz6obpgDQGcFmaJgB",
    "Jessica": "cgSgspJ2msm6clMCkdW9",
}
"""Voices of the stand-in, by their ids."""
LEVEL = -26.0
"""Loudness of every sentence, dB relative to full scale."""
RATE = 16_000


def available() -> tuple[str, ...]:
    """The names of the voices to take turns: flite's if it is on the path."""
    return STRANGERS if shutil.which("flite") else tuple(OWN)


@functools.cache
def sentences() -> dict[str, Any]:
    """What callers say, by its purpose."""
    text = resources.files("bench").joinpath("data/caller.toml").read_text("utf-8")
    return tomllib.loads(text)


class Voices:
    """Speaks sentences, each only once.

    Args:
        client: the stand-in's, for its own voices.
    """

    def __init__(self, client: ElevenLabs) -> None:
        self._client = client
        self._said: dict[tuple[str, str, str], Clip] = {}

    def say(self, text: str, voice: str, phones: str = "") -> Clip:
        """A sentence in one of the voices; flite's say `phones` instead, if there are any."""
        key = text, voice, phones
        if key not in self._said:
            clip = self._own(text, voice) if voice in OWN else _flite(text, voice, phones)
            self._said[key] = at_level(clip, LEVEL)
        return self._said[key]

    def _own(self, text: str, voice: str) -> Clip:
        chunks = self._client.text_to_speech.convert(
            OWN[voice], text=text, model_id="eleven_flash_v2_5", output_format=f"pcm_{RATE}"
        )
        return Clip.from_chunks(chunks, RATE, text)


def _flite(text: str, voice: str, phones: str) -> Clip:
    says = ["-p", f"pau {phones} pau"] if phones else ["-t", text]
    with tempfile.TemporaryDirectory(prefix="voicekit-") as folder:
        path = Path(folder, "said.wav")
        command = ["flite", "-voice", voice, *says, "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return Clip.load(path, text)
