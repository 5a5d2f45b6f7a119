"""How text is said: right per kind and language, how fast, and when a first fragment is ready.

A case is right when what is said is one of the ways in which people say it; hyphens, marks, "and"
and "oh" for "zero" do not count. First audio is on a virtual clock, from declared figures.
"""

from __future__ import annotations

import argparse
import re
import time
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.table import Row
from voicekit.text import Preparer, prepare, speakable
from voicekit.timeline import simulate

DATA = Path(__file__).parent.parent / "data"
LANGUAGES = ("en", "de", "es")
WRONG = 2.0
"""Percent of a language's cases that may be said wrong."""
LATER = 1.2
"""First audio of another script, against English."""
_PROSE = (
    "Thank you for calling the support desk, my name is Sam and I am happy to help you today. "
    "Your parcel left our warehouse in Leeds yesterday evening, and the courier says that it "
    "should be with you tomorrow before noon. If you are not at home then, the driver leaves it "
    "with a neighbour or takes it to the nearest shop, where it is kept for a week. Would you "
    "like me to change the address? Maria in our returns team looks after refunds; she'll call. "
)


class Case(NamedTuple):
    """A written form and the ways in which people say it."""

    language: str
    kind: str
    written: str
    accepted: list[str]

    @property
    def right(self) -> bool:
        """Tell whether it is said in one of these ways."""
        said = loose(speakable(self.written, self.language), self.language)
        return said in (loose(one, self.language) for one in self.accepted)


def groups(name: str) -> list[dict[str, Any]]:
    """Return the groups of a file of `tests/data`, spoken_<name>.toml."""
    text = (DATA / f"spoken_{name}.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["group"]
    return found


def corpus(language: str) -> Iterator[Case]:
    """Return the cases of a language, in the order of its file."""
    for group in groups(language):
        for written, *accepted in group["cases"]:
            yield Case(group.get("language", language), group["name"], written, accepted)


def loose(text: str, language: str) -> str:
    """Reduce a spoken text to what is heard: no marks, hyphens, capitals, spaces."""
    words = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text).lower()).split()
    if language.startswith("en"):
        words = ["zero" if word in ("oh", "o") else word for word in words if word != "and"]
    return "".join(words)


def first_audio() -> dict[str, list[float]]:
    """Return, per language, the seconds to the first audio of each reply, on a virtual clock."""
    text = (DATA / "replies_in_scripts.toml").read_text(encoding="utf-8")
    return {
        language: [_first_audio(language, reply.split("|")) for reply in replies]
        for language, replies in tomllib.loads(text).items()
    }


def _first_audio(language: str, tokens: list[str]) -> float:
    turn = simulate(
        tokens,
        llm_first_token=0.2,
        tokens_per_second=50,
        tts_first_chunk=0.075,
        preparer=lambda: Preparer(language, normalise=language in LANGUAGES),
    )
    return turn.marks["first_byte"] - turn.marks["request"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often to time each piece of work."""
    parser.add_argument("--rounds", type=int, default=15, help="of each timing (default 15)")


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """Say the corpus, then time prose and short fragments beside a floor, in turns."""
    for language in LANGUAGES:
        kinds: dict[str, list[bool]] = defaultdict(list)
        for case in corpus(language):
            kinds[case.kind].append(case.right)
        every = [right for rights in kinds.values() for right in rights]
        yield _accuracy(language, "all kinds", every)
        yield from (_accuracy(language, kind, rights) for kind, rights in kinds.items())
    yield from _speeds(options.rounds)
    for language, seconds in first_audio().items():
        yield Row(language, "first audio, virtual", "ms", [1000 * one for one in seconds])


def conclude(rows: list[Row]) -> list[str]:
    """Hold the figures against the goals."""
    lines = []
    for row in rows:
        if row.metric == "all kinds":
            wrong = 100 - row.percentile(50)
            held = "held" if wrong <= WRONG else "missed"
            lines.append(f"{held}: {row.variant} says {wrong:.1f} % wrong, at most {WRONG} %")
    audio = {row.variant: row.samples for row in rows if "virtual" in row.metric}
    for language in ("zh", "ja", "hi"):
        ratio = max(one / base for one, base in zip(audio[language], audio["en"], strict=True))
        held = "held" if ratio <= LATER else "missed"
        lines.append(
            f"{held}: first audio in {language} at {ratio:.2f} of English, {LATER} allowed"
        )
    return lines


def _accuracy(language: str, kind: str, rights: list[bool]) -> Row:
    percent = 100 * sum(rights) / len(rights)
    return Row(language, kind, "%", [percent] * len(rights))  # so that n is the number of cases


def _speeds(rounds: int) -> Iterator[Row]:
    prose = _PROSE * 20
    fragments = [case.written for case in corpus("en")]
    words = re.compile(r"\w+|\W")
    timed: dict[tuple[str, str, str], tuple[Callable[[], object], Callable[[float], float]]] = {
        ("floor: split into words", "prose", "MB/s"): (
            lambda: words.findall(prose),
            lambda seconds: len(prose) / seconds / 1e6,
        ),
        ("speakable", "prose", "MB/s"): (
            lambda: speakable(prose),
            lambda seconds: len(prose) / seconds / 1e6,
        ),
        ("Preparer, word by word", "prose", "MB/s"): (
            lambda: _fed(prose),
            lambda seconds: len(prose) / seconds / 1e6,
        ),
        ("floor: split into words", "a fragment", "ms"): (
            lambda: [words.findall(fragment) for fragment in fragments],
            lambda seconds: 1000 * seconds / len(fragments),
        ),
        ("prepare", "a fragment", "ms"): (
            lambda: [prepare(fragment) for fragment in fragments],
            lambda seconds: 1000 * seconds / len(fragments),
        ),
    }
    rows = {key: Row(*key) for key in timed}
    for _ in range(rounds):
        for key, (work, figure) in timed.items():
            begun = time.process_time()
            work()
            rows[key].samples.append(figure(time.process_time() - begun))
    yield from rows.values()


def _fed(text: str) -> None:
    preparer = Preparer()
    for word in re.findall(r"\s*\S+", text):
        preparer.feed(word)
    preparer.finish()
