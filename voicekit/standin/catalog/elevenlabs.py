"""ElevenLabs' voices and models. The lists are data: `data/voices.toml`, `data/models.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from voicekit.standin.http.refusals import Refusal

DEFAULT_MODEL = "eleven_multilingual_v2"


@dataclass(frozen=True)
class Voice:
    """One of the vendor's voices, and the offline voice that speaks for it."""

    id: str
    name: str
    gender: str
    accent: str
    age: str
    use_case: str
    offline: str

    @property
    def labels(self) -> dict[str, str]:
        """What `/v2/voices` filters by."""
        return {
            "gender": self.gender,
            "accent": self.accent,
            "age": self.age,
            "use_case": self.use_case,
            "language": "en",
        }


@dataclass(frozen=True)
class Model:
    """One of the vendor's speech models."""

    id: str
    name: str
    description: str
    limit: int
    """Characters one request may have."""
    where: tuple[str, ...]
    """`rest`, `socket`, `dialogue`, `agents`."""
    status: str
    languages: tuple[str, ...]
    cost: float
    """Credits per character."""
    group: str
    style: bool
    stabilities: tuple[float, ...] = ()
    """The values of `stability` that are allowed; empty allows all from 0 to 1."""

    def check_length(self, text: str) -> None:
        """Refuse text that is longer than the model takes in one request."""
        if len(text) > self.limit:
            raise Refusal(
                "elevenlabs",
                "max_character_limit_exceeded",
                f"The text has {len(text)} characters; {self.id} takes {self.limit} a request.",
                "text",
            )


@cache
def voices() -> tuple[Voice, ...]:
    """Every voice, in the order the listings show them."""
    return tuple(Voice(**row) for row in _table("voices")["voice"])


@cache
def models() -> tuple[Model, ...]:
    """Every model, the deprecated included."""
    table = _table("models")
    made = []
    for entry in table["model"]:
        row: dict[str, Any] = {**entry, "languages": table["languages"][entry["languages"]]}
        for name in ("languages", "where", "stabilities"):
            row[name] = tuple(row.get(name, ()))
        made.append(Model(**row))
    return tuple(made)


@cache
def language_names() -> dict[str, str]:
    """English names of the languages, by code."""
    return dict(_table("models")["language_names"])


def voice(voice_id: str) -> Voice:
    """The voice with this id. A name is not an id.

    Raises:
        Refusal: 404 `voice_not_found`; the message has the id when a name was sent.
    """
    for known in voices():
        if known.id == voice_id:
            return known
    said = f"A voice with the id {voice_id[:60]!r} does not exist."
    named = [known for known in voices() if known.name.lower() == voice_id.lower()]
    if named:
        said += f" {named[0].name}'s id is {named[0].id}."
    else:
        ids = (f"{known.id} ({known.name.partition(' ')[0]})" for known in voices())
        said += f" The stand-in has: {', '.join(ids)}."
    raise Refusal("elevenlabs", "voice_not_found", said, "voice_id")


def model(model_id: str, route: str) -> Model:
    """The model with this id, if `route` takes it.

    Raises:
        Refusal: 400 `model_not_found` or `unsupported_model`; on the sockets 403
            `model_not_allowed`, which is how the vendor's handshake fails.
    """
    for known in models():
        if known.id == model_id:
            if route in known.where:
                return known
            usable = ", ".join(other.id for other in models() if route in other.where)
            said = f"The model {model_id} cannot be used here. These can: {usable}."
            sockets = ("socket", "dialogue")
            name = "model_not_allowed" if route in sockets else "unsupported_model"
            raise Refusal("elevenlabs", name, said, "model_id")
    said = f"A model with the id {model_id[:60]!r} does not exist."
    raise Refusal("elevenlabs", "model_not_found", said, "model_id")


@cache
def _table(name: str) -> dict[str, Any]:
    text = resources.files("voicekit.standin").joinpath(f"data/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
