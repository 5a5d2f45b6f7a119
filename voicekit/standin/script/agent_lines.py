"""What the agent says without a language model, read from `data/agent_lines.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

SILENCE = "..."
"""What a model is told that the caller said, when the caller said nothing in time (seen in
transcripts of hosted conversations)."""


def say(name: str) -> str:
    """One of the agent's own sentences."""
    return _table()[name]


@cache
def _table() -> dict[str, str]:
    file = resources.files("voicekit.standin").joinpath("data/agent_lines.toml")
    return tomllib.loads(file.read_text("utf-8"))
