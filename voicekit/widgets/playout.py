"""The account of what a speaker was given: waiting, on its way, played, thrown away. No I/O.

Sound waits here and not in the browser, since a stop must overtake it: the browser gets `lead`
seconds, in blocks of at least `BLOCK`, because every message costs the same.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

BLOCK = 0.1  # seconds
_LONGEST_LEAD = 1.5  # seconds; a stop waits behind every message that is on its way
_KEPT = 600.0  # seconds of what was played that stay available


class Block(NamedTuple):
    """Sound for the browser, of one generation; `seq` counts up over all of them."""

    gen: int
    seq: int
    pcm: bytes


class Playout:
    """Counts in samples. `limit` is how many seconds may wait; what is beyond is dropped.

    Args:
        rate: samples a second.
        lead: seconds that the browser may hold ahead of what sounds, at first.
        limit: seconds that may wait here.
    """

    def __init__(self, rate: int, lead: float, limit: float) -> None:
        self.rate, self.lead, self._limit = rate, lead, limit
        self.gen = self.seq = 0
        self.played = self.dropped = self.underruns = 0
        self.sounding = False
        self._waiting = bytearray()
        self._sent: deque[Block] = deque()
        self._ahead = 0  # samples on their way or in the browser
        self._at = 0.0  # when `played` was last reported
        self._base = 0  # what earlier pages had played
        self._heard = bytearray()
        self._page_underruns = 0

    @property
    def pending(self) -> int:
        """Samples that were given and neither played nor thrown away yet."""
        return len(self._waiting) // 2 + self._ahead

    def give(self, pcm: bytes) -> None:
        """Queue sound; the newest is dropped where the limit is reached."""
        room = max(0, 2 * int(self._limit * self.rate) - len(self._waiting))
        self._waiting += pcm[:room]
        self.dropped += (len(pcm) - len(pcm[:room])) // 2

    def take(self, now: float) -> Block | None:
        """The next block to send, or None while the browser has enough."""
        elapsed = int((now - self._at) * self.rate) if self.sounding else 0
        in_browser = max(0, self._ahead - elapsed)  # the report is as old as its way here
        if not self._waiting or in_browser >= self.lead * self.rate:
            return None
        size = 2 * int(BLOCK * self.rate)
        pcm = bytes(self._waiting[:size])
        del self._waiting[:size]
        block = Block(self.gen, self.seq, pcm)
        self.seq += 1
        self._sent.append(block)
        self._ahead += len(pcm) // 2
        return block

    def report(self, gen: int, played: int, underruns: int, sounding: bool, now: float) -> None:
        """The browser has rendered `played` samples since its page came.

        Each time that sound ran out, the way to the browser is longer than the lead: it grows.
        """
        if underruns > self._page_underruns:
            self.underruns += underruns - self._page_underruns
            self.lead = max(self.lead, min(1.5 * self.lead, _LONGEST_LEAD))
        self._page_underruns = underruns
        fresh = self._base + played - self.played
        self.played += fresh
        self.sounding, self._at = sounding, now
        while fresh > 0 and self._sent:
            block = self._sent.popleft()
            samples = len(block.pcm) // 2
            done = min(samples, fresh)
            fresh -= done
            self._ahead -= done
            self._heard += block.pcm[: 2 * done]
            if done < samples:
                self._sent.appendleft(block._replace(pcm=block.pcm[2 * done :]))
        while self._sent and self._sent[0].gen < gen:  # flushed before they sounded
            self._ahead -= len(self._sent.popleft().pcm) // 2
        del self._heard[: -2 * int(_KEPT * self.rate)]

    def refuse(self, first: int, last: int) -> None:
        """The browser did not take the blocks from `first` up to `last`, or never got them."""
        gone = [block for block in self._sent if first <= block.seq < last]
        self._sent = deque(block for block in self._sent if block not in gone)
        samples = sum(len(block.pcm) // 2 for block in gone)
        self.dropped += samples
        self._ahead -= samples

    def interrupt(self, gen: int = 0) -> int:
        """Throw away what waits; return the new generation, at least `gen`."""
        self.gen = max(self.gen + 1, gen)
        self._waiting.clear()
        return self.gen

    def abandon(self) -> None:
        """No page plays any more: everything that is pending is dropped."""
        self.dropped += self.pending
        self._waiting.clear()
        self._sent.clear()
        self._ahead, self.sounding = 0, False

    def meet(self) -> None:
        """A page that is new here counts from zero."""
        self._base = self.played

    def heard(self, start: int = 0, end: int | None = None) -> bytes:
        """What was really played, of the last ten minutes; throwing away leaves no gap.

        Args:
            start: only what was played after so many samples.
            end: only what was played before, likewise; None is all.
        """
        first = self.played - len(self._heard) // 2  # the number of the oldest sample that is kept
        last = self.played if end is None else end
        return bytes(self._heard[2 * max(0, start - first) : 2 * max(0, last - first)])
