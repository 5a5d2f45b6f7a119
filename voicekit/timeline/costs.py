"""What a turn costs: speech by the character, an LLM by the token. Prices are data with a date."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Protocol

from voicekit.timeline.tables import Table


class _World(Protocol):
    """What `voicekit.connect` gives, as far as it matters here."""

    @property
    def live(self) -> Mapping[str, bool]: ...


def announce(
    world: _World,
    *,
    characters: int = 0,
    minutes: float = 0.0,
    requests: int = 0,
    model: str = "eleven_flash_v2_5",
) -> None:
    """Print in one line what comes next will cost; of a vendor that is not live, nothing.

    Args:
        world: what `voicekit.connect` gave.
        characters: sent to text to speech, about.
        minutes: of conversation with an agent, about.
        requests: to the LLM, whose price is its server's, and so not guessed.
        model: the voice's model.

    Raises:
        ValueError: no price is known for the model.
    """
    voices, price = _prices()["elevenlabs"], _price("elevenlabs", model)["per_1000_characters"]
    parts, notes = [], []
    if characters and world.live["elevenlabs"]:
        dollars = characters * price / 1000
        parts.append(f"{characters:,} characters of speech, {dollars:.3f} dollars")
        notes.append(f"{voices['date']}, {voices['source']}")
    if minutes and world.live["elevenlabs"]:
        agents = voices["agents"]
        dollars = minutes * agents["per_minute"]
        parts.append(f"{minutes:g} min of conversation, {dollars:.3f} dollars and its LLM")
        notes.append(f"{agents['date']}, {agents['source']}")
    if requests and world.live["openai"]:
        parts.append(f"{requests} request{'s' * (requests > 1)} to your LLM")
    if parts:
        prices = f" (prices of {'; '.join(notes)}; your plan's may differ)" if notes else ""
        print(f"Live, this costs about: {'; '.join(parts)}{prices}.")  # noqa: T201  said to the person who pays


def speech_cost(text: str, model: str) -> float:
    """Dollars for saying `text`, given as it is sent: numbers written out count as written out.

    Raises:
        ValueError: no price is known for the model.
    """
    return len(text) * float(_price("elevenlabs", model)["per_1000_characters"]) / 1000


def llm_cost(model: str, prompt_tokens: int, completion_tokens: int) -> float:
    """Dollars for one completion, with the counts that its `usage` has.

    Raises:
        ValueError: no price is known for the model.
    """
    price = _price("openai", model)
    return float(prompt_tokens * price["prompt"] + completion_tokens * price["completion"]) / 1e6


def prices() -> Table:
    """All prices, each with the month it is from; the sources are in `prices.toml`."""
    speech, llm = _prices()["elevenlabs"], _prices()["openai"]
    rows = [  # without dollar signs: a notebook would typeset what is between two of them
        [name, f"{price['per_1000_characters']:.2f}", "1,000 characters", speech["date"]]
        for name, price in speech["models"].items()
    ] + [
        [name, f"{p['prompt']:.2f} in, {p['completion']:.2f} out", "million tokens", llm["date"]]
        for name, p in llm["models"].items()
    ]
    caption = f"Sources: {speech['source']}; {llm['source']}. Your plan may have other prices."
    return Table(["model", "dollars", "for", "as of"], rows, "<>><", caption)


def _price(vendor: str, model: str) -> dict[str, Any]:
    models: dict[str, Any] = _prices()[vendor]["models"]
    if model not in models:
        known = ", ".join(models)
        raise ValueError(f"No price for {model!r}. Known: {known}. Add it to timeline/prices.toml.")
    return dict(models[model])


@cache
def _prices() -> dict[str, Any]:
    file = resources.files("voicekit.timeline").joinpath("prices.toml")
    return tomllib.loads(file.read_text("utf-8"))
