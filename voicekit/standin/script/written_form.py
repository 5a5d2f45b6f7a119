"""Spoken words as they are written: order numbers in digits, names with a capital."""

from __future__ import annotations

import re

from voicekit.standin.script.phrasings import proper_names
from voicekit.standin.script.spoken_numbers import to_digits

_SPELT = re.compile(r"\b([a-z])\.? (?:(?:dash|hyphen|minus) )?(?=\d{3})")
_NOON = re.compile(r"\b([ap])\. m\.")
_LETTER = re.compile(r"\b([a-z])\.(?=\s|$)")
_I = re.compile(r"\bi(?=$|[ '])")


def written(spoken: str) -> str:
    """`spoken`, lower-case words as the recogniser gives them, in written form.

    >>> written("where is order a. one zero four two")
    'Where is order A-1042'
    """
    text = _SPELT.sub(lambda match: f"{match[1].upper()}-", to_digits(spoken))
    text = _NOON.sub(r"\1m", text)
    text = _LETTER.sub(lambda match: match[1].upper(), text)
    text = _I.sub("I", text)
    text = proper_names().sub(lambda match: match[0].title(), text)
    return text[:1].upper() + text[1:]
