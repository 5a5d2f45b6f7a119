"""Latency profiles: how fast the simulated vendors answer. The figures are data."""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Profile:
    """One named set of delays, in seconds."""

    name: str
    note: str
    first_chunk: dict[str, float]
    transcript: dict[str, float]
    speed: float
    """Seconds of audio produced per second; 0 is as fast as it can."""
    llm_first_token: float
    tokens_per_second: float
    """0 is as fast as it can."""
    reasoning_tokens_per_second: float
    """Likewise, for the tokens that nobody sees."""

    def tts_first_chunk(self, model_id: str) -> float:
        """Seconds from a request for `model_id` to its first audio."""
        return self.first_chunk.get(model_id, self.first_chunk["default"])

    def audio_due(self, model_id: str, sent: float) -> float:
        """Seconds after the request at which audio following `sent` seconds of audio may leave."""
        first = self.tts_first_chunk(model_id)
        return first + sent / self.speed if self.speed else first

    def transcript_after(self, model_id: str) -> float:
        """Seconds from sound to its text, or from a commit to the committed text."""
        return self.transcript.get(model_id, self.transcript["default"])

    def token_due(self, index: int) -> float:
        """Seconds after the request at which token `index` (from 0) may leave."""
        pace = index / self.tokens_per_second if self.tokens_per_second else 0.0
        return self.llm_first_token + pace

    def reasoning(self, tokens: int) -> float:
        """Seconds that a model reasons before its first word."""
        pace = self.reasoning_tokens_per_second
        return tokens / pace if pace else 0.0


async def wait_until(deadline: float) -> None:
    """Sleep until the loop's clock reads `deadline`: absolute, so that lateness never adds up."""
    delay = deadline - asyncio.get_running_loop().time()
    if delay > 0:
        await asyncio.sleep(delay)


def load(name: str) -> Profile:
    """The profile called `name`.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    known = _tables()
    if name not in known:
        raise ValueError(f"There is no latency profile {name!r}. Known: {', '.join(known)}.")
    return Profile(name=name, **known[name])


@cache
def _tables() -> dict[str, dict[str, Any]]:
    text = resources.files("voicekit.standin").joinpath("data/profiles.toml").read_text("utf-8")
    return tomllib.loads(text)
