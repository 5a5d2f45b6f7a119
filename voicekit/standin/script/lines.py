"""The set lines: what the lessons' script answers, and what an agent says without a model.

Read from `data/script.toml` and `data/agent_lines.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

SILENCE = "..."
"""What a model is told that the caller said, when the caller said nothing in time (seen in
transcripts of hosted conversations)."""
_LONGEST = 2_000


def answer_to(text: str) -> str | None:
    """Return what the script answers to this sentence, whatever its case and punctuation."""
    return _answers().get(_bare(text))


def fixed(name: str) -> str:
    """Return one of the script's own sentences: `opening`, `fallback` or `silent`."""
    return str(_table("script")[name])


def agents(name: str) -> str:
    """Return one of the agent's own sentences, such as `still_there`."""
    return str(_table("agent_lines")[name])


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text[:_LONGEST].lower()))


@cache
def _answers() -> dict[str, str]:
    return {_bare(entry["user"]): entry["answer"] for entry in _table("script")["line"]}


@cache
def _table(name: str) -> dict[str, Any]:
    file = resources.files("voicekit.standin").joinpath(f"data/{name}.toml")
    return tomllib.loads(file.read_text("utf-8"))
