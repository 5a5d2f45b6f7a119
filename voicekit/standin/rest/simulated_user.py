"""A simulated caller without a language model: its lines come from its prompt, by three rules.

It says its `first_message` first. Then what its prompt has between double quotes, in order; without
any, a customary phrasing of every support intent that a sentence of the prompt is near. Asked for
something that the prompt names (an order number, a date, …), it names it. Then it says goodbye.
"""

from __future__ import annotations

import re
from collections import deque

from voicekit.standin.script import retrieval, slots

RULES = (
    "Simulated without a language model: the caller's lines are its first_message, then the quoted "
    "sentences of its prompt, or else phrasings of the intents that its prompt is near."
)
GOODBYE = "That is all, goodbye."
_QUOTED = re.compile(r"[\"\u201c]([^\"\u201c\u201d]+)[\"\u201d]")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+|,? and (?:then )?")
_ASKED = {
    "order": re.compile(r"order (?:number|id)|which order", re.IGNORECASE),
    "email": re.compile(r"e-?mail", re.IGNORECASE),
    "date": re.compile(r"\b(?:which|what) (?:day|date)|\bwhen\b", re.IGNORECASE),
    "name": re.compile(r"your name|who am i", re.IGNORECASE),
}


class SimulatedUser:
    """One caller.

    Args:
        prompt: who it is and what it wants.
        first_message: what it says first; may be empty.
    """

    def __init__(self, prompt: str, first_message: str = "") -> None:
        self._facts = slots.extract(prompt)
        quoted = [line.strip() for line in _QUOTED.findall(prompt) if line.strip()]
        lines: list[str] = [first_message, *(quoted or _intended(prompt))]
        self._lines: deque[str] = deque(line for line in lines if line)
        self._named: set[str] = set()
        self._gone = False

    def answer(self, agent: str) -> str | None:
        """What it says after the agent said this; None once it has said goodbye."""
        if self._gone:
            return None
        for kind, pattern in _ASKED.items():
            if kind in self._facts and kind not in self._named and pattern.search(agent):
                self._named.add(kind)
                return f"It is {self._facts[kind][0]}."
        if self._lines:
            return self._lines.popleft()
        self._gone = True
        return GOODBYE


def _intended(prompt: str) -> list[str]:
    """The first phrasing of every intent that a sentence is near, in the prompt's order."""
    matches = (retrieval.best(sentence) for sentence in _SENTENCE.split(prompt))
    lines = [match.intent.phrasings[0] for match in matches if match]
    return [f"{line[0].upper()}{line[1:]}." for line in dict.fromkeys(lines)]
