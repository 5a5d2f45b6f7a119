"""ElevenLabs' own controls within a text: pauses, phonemes, audio tags, and who reads them.

`<break time="1s"/>` is a pause to all models before v3, `<phoneme …>` a pronunciation to three
English ones, `[laughs]` a direction to v3 and later. A model that does not read a control would say
it, so it is left out there; which model reads which is data/controls.toml, with source and date.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _data() -> dict[str, dict[str, Any]]:
    source = resources.files("voicekit.text").joinpath("data", "controls.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


@cache
def read_by(model: str | None) -> frozenset[str]:
    """Return the controls that a model reads, of "break", "phoneme" and "audio_tag".

    Args:
        model: the vendor's id; None, and one that is not known, reads none.
    """
    return frozenset(name for name, control in _data().items() if model in control["models"])


def is_direction(words: str) -> bool:
    """Tell whether words in square brackets direct a voice, "laughs softly", or are to be said."""
    known = str(_data()["audio_tag"]["words"]).split()
    return not set(re.findall(r"[a-z]+", words.lower())).isdisjoint(known)
