"""Whether a caller who has begun to speak still does: likely speech, and about as loud as before.

The model's likelihood stays up for some 80 ms after the voice has gone. How loud it is tells that
sooner where the room is quiet; in a noisy one the likelihood decides alone.
"""

from __future__ import annotations

from voicekit.standin.engines import Activity
from voicekit.standin.engines.sound import QUIETEST

STAY = 0.35  # likelihood with which speech goes on
DROP = 30.0  # dB below the loudest frame so far in which there is no voice any more


class GoingOn:
    """One utterance as it goes on, frame after frame."""

    def __init__(self) -> None:
        self._loudest = QUIETEST

    def with_(self, activity: Activity) -> bool:
        """Whether the next frame goes on with it."""
        if activity.probability < STAY:
            return False
        self._loudest = max(self._loudest, activity.level)
        return activity.level >= self._loudest - DROP
