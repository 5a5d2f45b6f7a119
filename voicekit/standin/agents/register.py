"""Things that clients make and name by id: what every collection of them can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from voicekit.standin.http.refusals import Refusal

T = TypeVar("T")


class Register(Generic[T]):
    """Things of one kind under ids that count up.

    Args:
        next_id: makes the next id of a kind.
        clock: Unix seconds.

    Attributes:
        kind: what refusals call one.
    """

    kind = ""

    def __init__(self, next_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        self._next_id = next_id
        self._clock = clock
        self._kept: dict[str, T] = {}

    def get(self, wanted: str) -> T:
        """The one of this id.

        Raises:
            Refusal: 404, there is none.
        """
        if wanted not in self._kept:
            said = f"There is no {self.kind} {wanted!r}.{self.hint()}"
            raise Refusal("elevenlabs", f"{self.kind}_not_found", said)
        return self._kept[wanted]

    def hint(self) -> str:
        """A sentence about one that is not there, which begins with a space; perhaps empty."""
        return ""

    def find(self, wanted: str) -> T | None:
        """The one of this id; None if there is none."""
        return self._kept.get(wanted)

    def delete(self, wanted: str) -> None:
        """Forget one.

        Raises:
            Refusal: 404, there is none.
        """
        self.get(wanted)
        del self._kept[wanted]

    def all(self) -> list[T]:
        """Every one, the oldest first."""
        return list(self._kept.values())
