"""An answer that is begun before the turn is over, and heard only if the words stay the same.

    guess ─┬─ released   the turn ended with these words: what was held is heard and done
           └─ dropped    it did not: gone without a trace

What may be begun is what leaves no trace: a language model's text, its sound. A tool call acts on
the world, so it waits for `Guess.released`, whatever the guess is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from voicekit.turns.completeness import Completeness, completeness, same_words

Work = TypeVar("Work")


@dataclass
class Guess(Generic[Work]):
    """What the turn seems to say, and the work on an answer to it.

    Attributes:
        text: the words.
        work: whatever prepares the answer, such as a task; the machine never looks at it.
    """

    text: str
    work: Work
    state: Literal["held", "released", "dropped"] = "held"

    @property
    def released(self) -> bool:
        """Whether it may be heard, and its tools called."""
        return self.state == "released"


class Speculation(Generic[Work]):
    """Holds one guess at most, and says what becomes of it.

    The loop asks `wants` when speech stops, begins the work and hands it to `hold`; it cancels
    every guess that `drop` returns.

    Args:
        unfinished: guess also after words that must go on, such as "my number is": an answer to
            those is hardly ever used, and costs as much.
    """

    def __init__(self, unfinished: bool = False) -> None:
        self._unfinished = unfinished
        self.guess: Guess[Work] | None = None

    def wants(self, text: str) -> bool:
        """Tell whether an answer to `text` should be begun now."""
        if not text.strip() or (self.guess and same_words(self.guess.text, text)):
            return False
        return self._unfinished or completeness(text) is not Completeness.UNFINISHED

    def hold(self, text: str, work: Work) -> Guess[Work]:
        """Hold a guess; the one before must have been dropped.

        Raises:
            ValueError: there is one, whose work would go on unseen.
        """
        if self.guess:
            raise ValueError(f"A guess at {self.guess.text!r} is held; drop it first.")
        self.guess = Guess(text, work)
        return self.guess

    def drop(self) -> Guess[Work] | None:
        """Give the guess up, as the caller goes on; return it, so that its work can be ended."""
        guess, self.guess = self.guess, None
        if guess:
            guess.state = "dropped"
        return guess

    def release(self, text: str) -> Guess[Work] | None:
        """Return the guess if the turn ended with its words, now released; else None.

        A guess at other words stays held: drop it.
        """
        if self.guess is None or not same_words(self.guess.text, text):
            return None
        guess, self.guess = self.guess, None
        guess.state = "released"
        return guess
