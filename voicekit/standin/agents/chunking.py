"""A document cut into passages of a few sentences, each short enough to be compared and spoken."""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of a passage; a longer sentence is cut at a space."""

_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")


def split(text: str) -> list[str]:
    """The passages of a text, in order; headings stay with what follows them."""
    found: list[str] = []
    heading = ""
    for paragraph in _PARAGRAPH.split(text):
        plain = " ".join(paragraph.lstrip("# ").split())
        if not plain:
            continue
        if len(plain) < 80 and plain[-1] not in ".!?":  # a heading, or a line of its own
            heading = f"{heading} {plain}:".strip()
            continue
        found += _joined(_sentences(f"{heading} {plain}".strip()))
        heading = ""
    return found + ([heading.rstrip(":")] if heading else [])


def _sentences(paragraph: str) -> list[str]:
    sentences: list[str] = []
    for sentence in _SENTENCE.split(paragraph):
        rest = sentence
        while len(rest) > LONGEST:
            space = rest.rfind(" ", 1, LONGEST)
            end = space if space > 0 else LONGEST
            sentences.append(rest[:end])
            rest = rest[end:].lstrip()
        sentences.append(rest)
    return [sentence for sentence in sentences if sentence]


def _joined(sentences: list[str]) -> list[str]:
    """Neighbouring sentences together, as many as a passage holds."""
    passages: list[str] = []
    for sentence in sentences:
        if passages and len(passages[-1]) + 1 + len(sentence) <= LONGEST:
            passages[-1] += f" {sentence}"
        else:
            passages.append(sentence)
    return passages
