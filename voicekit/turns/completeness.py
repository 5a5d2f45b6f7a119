"""Whether a speaker who pauses has finished, as far as the words tell. English.

The rules are data: `data/unfinished.toml`. They look at the last words alone, so a new word costs
microseconds, and a text in another language is finished wherever it pauses.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any

_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|\d+")


class Completeness(Enum):
    """How much a text looks like all that a speaker wanted to say."""

    FINISHED = "finished"
    OPEN = "open"
    """More may follow: a greeting, a number that may have more digits."""
    UNFINISHED = "unfinished"
    """More must follow: "my number is", "and", "um"."""


UNLIKELY = -1.3
"""Logarithm of the probability of a sentence's end below which the text goes on. Of 172 whole
utterances on which it was chosen 1 is below, those that hold a question left out."""


def completeness(
    text: str, *, dictation: bool = True, ends: Callable[[str], float] | None = None
) -> Completeness:
    """Judge a partial transcript.

    Args:
        text: what was understood so far, with or without punctuation.
        dictation: whether to wait for more digits while a number is being dictated.
        ends: gives the logarithm, to base 10, of the probability that a sentence ends there, such
            as `SentenceEnds()`; None: the rules decide alone.
    """
    words = _words(text)
    if not words:
        return Completeness.FINISHED
    if text.rstrip().endswith(("...", "…", ",", "-", "—")) or _must_go_on(words):
        return Completeness.UNFINISHED
    if dictation and (digits := _dictated(words)):
        cues = _rules()["digits"]["cues"]
        wanted = max((number for cue, number in cues.items() if cue in words), default=0)
        if digits < min(wanted, 7):
            return Completeness.UNFINISHED
        if digits < wanted:  # a telephone number may come without its area
            return Completeness.OPEN
        return Completeness.FINISHED if wanted or digits >= 4 else Completeness.OPEN
    if all(word in _set("openings") for word in words):
        return Completeness.OPEN
    if ends and not _asks(words) and ends(text) < UNLIKELY:
        return Completeness.UNFINISHED
    return Completeness.FINISHED


def is_backchannel(text: str) -> bool:
    """Tell whether a text says no more than that its speaker listens: "mm-hm, yes, okay".

    A partial transcript that ends in the middle of one counts, too: "I" may become "I see".
    """
    known = _rules()["backchannels"]["words"].split()
    phrases = [word for word in known if "-" in word]  # "I see", "mm-hm"
    rest = " ".join(words := _words(text))
    for phrase in phrases:
        rest = re.sub(rf"\b{phrase.replace('-', '[ -]')}\b", " ", rest)
    begun = {phrase.partition("-")[0] for phrase in phrases}
    *others, last = rest.split() or [""]
    return bool(words) and all(w in known for w in others) and last in {"", *known, *begun}


def same_words(one: str, other: str) -> bool:
    """Tell whether two transcripts say the same, whatever their case and punctuation."""
    return re.findall(r"\w+", one.lower()) == re.findall(r"\w+", other.lower())


def _must_go_on(words: list[str]) -> bool:
    """Whether no sentence ends in these words."""
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    pair = f"{before}-{last}"
    if last in _set("particles") and before in _set("before_particle"):
        return False
    if not _set("open").isdisjoint((last, pair)) or last in _set("fillers"):
        return pair not in _set("whole_pairs")
    if (last == "please" and before in {"i", "you", "we"}) or last.endswith("'s"):
        return True
    if last in _set("auxiliaries"):
        answer = not _set("short_answers").isdisjoint(words[:-1]) or last.endswith("n't")
        return not (before in _set("pronouns") and answer) and not _asks_within(words[:-1])
    if last == "you" and before in _set("askers"):
        return f"{(['', *words])[-3]}-{before}" not in _set("whole_with_you")
    if before == "to" and last in _set("to_verbs"):
        return True
    if last in _set("verbs") and before in _set("before_verb"):
        return _set("question_words").isdisjoint(words[-4:-2])  # but: "not what I ordered"
    if last in _set("numbered") and before not in _set("owners"):
        return True
    return pair in _set("numbered") or _asks_without_verb(words) or _clause_without_verb(words)


def _asks_within(words: list[str]) -> bool:
    """Whether these words are a question up to its verb: "(tell me) how much shipping"."""
    asked = [n for n, word in enumerate(words) if word in _set("question_words")]
    return bool(asked) and not _set("degrees").issuperset(words[asked[-1] + 1 :])


def _asks(words: list[str]) -> bool:
    """Whether this holds a question, which ends in its verb: other sentences seldom do."""
    return not _set("question_words").isdisjoint(words[:-2])


def _asks_without_verb(words: list[str]) -> bool:
    """Whether this is a question up to its subject: "how long does it", "will the jacket"."""
    asked = [n for n, word in enumerate(words) if word in _set("question_auxiliaries")]
    if not asked or (asked[0] and _set("question_words").isdisjoint(words[: asked[0]])):
        return False
    return _is_subject(words[asked[0] + 1 :])


def _clause_without_verb(words: list[str]) -> bool:
    """Whether a clause has only begun: "because it", "if my order", "is it"."""
    if len(words) == 2 and words[0] in {"is", "are", "was", "were"}:
        return words[1] in _set("subjects")
    begun = [n for n, word in enumerate(words) if word in _set("conjunctions")]
    if not begun or words[-2:] == ["and", "you"]:
        return False
    *_, last = begun
    noun_too = words[last] not in {"and", "or", "that", "what"}
    clause = words[last + 1 :]
    return _is_subject(clause) and (noun_too or len(clause) == 1)


def _is_subject(words: list[str]) -> bool:
    """Whether these are a pronoun, or a noun with what stands before it, and nothing else."""
    if len(words) == 1:
        return words[0] in _set("subjects")
    return len(words) == 2 and words[0] in _set("subjects") - _set("pronouns")


def _dictated(words: list[str]) -> int:
    """How many digits, or letters one by one, the text ends in; 0 when it ends in words."""
    count = 0
    for word in reversed(words):
        if word.isdigit():
            count += len(word)
        elif word in _rules()["digits"]["words"].split() or (len(word) == 1 and word not in "ai"):
            count += 1
        else:
            break
    if count == 1 and words[-1] == "one" and words[-2:-1] != ["number"]:
        return 0  # "the blue one"
    return count


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(_rules()[name].split())


@cache
def _rules() -> dict[str, Any]:
    file = resources.files("voicekit.turns").joinpath("data/unfinished.toml")
    return tomllib.loads(file.read_text("utf-8"))
