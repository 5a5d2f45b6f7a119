"""The OpenAI models that the stand-in knows by name. The list is data.

A model past its shutdown date is neither listed nor answered, as at the vendor.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from typing import Any

from voicekit.standin.http.refusals import Refusal


@dataclass(frozen=True)
class Model:
    """One model id, and what the model behind it would refuse."""

    id: str
    created: int
    """Seconds since 1970."""
    owned_by: str
    context: int
    """Tokens."""
    unsupported: frozenset[str]
    unsupported_reasoning: frozenset[str]
    """Parameters refused while the model reasons."""
    efforts: tuple[str, ...]
    """The values of `reasoning_effort`, the default first; empty for a model that cannot reason."""
    shutdown: date | None

    @property
    def reasons(self) -> bool:
        """Whether it reasons when nobody says how much."""
        return bool(self.efforts) and self.efforts[0] != "none"

    @property
    def on_responses(self) -> Model:
        """The model as the Responses API has it, where tools and reasoning go together."""
        refused = self.unsupported_reasoning - {"tools"}
        return replace(self, unsupported_reasoning=refused)

    def gone(self, today: date) -> bool:
        """Whether the vendor has switched it off by `today`."""
        return self.shutdown is not None and today >= self.shutdown

    def record(self) -> dict[str, Any]:
        """The model as `/v1/models` lists it."""
        return {
            "id": self.id,
            "object": "model",
            "created": self.created,
            "owned_by": self.owned_by,
            "shutdown_date": None if self.shutdown is None else self.shutdown.isoformat(),
        }


def find(model_id: str, today: date) -> Model:
    """The model called `model_id`.

    Raises:
        Refusal: 404, there is none, or it was switched off; the message says what to use.
    """
    model = table().get(model_id)
    if model is None:
        raise Refusal(
            "openai",
            "model_not_found",
            f"The model {model_id[:100]!r} does not exist or you do not have access to it. "
            f"The stand-in knows: {', '.join(known.id for known in living(today))}.",
        )
    refuse_if_gone(model_id, today)
    return model


def refuse_if_gone(model_id: str, today: date) -> None:
    """See that a model was not switched off, whatever it is for.

    Raises:
        Refusal: 404, it was; the message names what follows it.
    """
    end = shutdowns().get(model_id)
    if end is None or today < end["date"]:
        return
    message = (
        f"The model `{model_id}` has been deprecated, learn more here: "
        f"https://platform.openai.com/docs/deprecations (shut down on {end['date']}"
    )
    message += f"; its successor is {end['successor']})" if "successor" in end else ")"
    raise Refusal("openai", "model_not_found", message)


def transcription() -> dict[str, list[str]]:
    """The models that transcribe, each with the formats that it gives."""
    formats: dict[str, list[str]] = _data("standin/data/openai_models.toml")["transcription"]
    return formats


def living(today: date) -> list[Model]:
    """Every model that is not switched off by `today`, in the order of the data file."""
    return [model for model in table().values() if not model.gone(today)]


def reasoning_tokens(effort: str) -> int:
    """Tokens that a model reasons for before its first word, at an effort that some model has."""
    return int(_data("standin/data/openai_models.toml")["reasoning"][effort])


@cache
def shutdowns() -> dict[str, dict[str, Any]]:
    """For each id that a vendor has announced the end of: `date`, `vendor`, perhaps `successor`."""
    return {name: one for one in _data("timeline/models.toml")["shutdown"] for name in one["ids"]}


@cache
def table() -> dict[str, Model]:
    """Every known model by id, in the order of the data file."""
    return {
        model_id: Model(
            id=model_id,
            created=int(datetime.combine(family["released"], time(), UTC).timestamp()),
            owned_by=family["owned_by"],
            context=family["context"],
            unsupported=frozenset(family.get("unsupported", ())),
            unsupported_reasoning=frozenset(family.get("unsupported_reasoning", ())),
            efforts=tuple(family.get("efforts", ())),
            shutdown=shutdowns().get(model_id, {}).get("date"),
        )
        for family in _data("standin/data/openai_models.toml")["family"]
        for model_id in family["ids"]
    }


@cache
def _data(path: str) -> dict[str, Any]:
    file = resources.files("voicekit").joinpath(path)
    return tomllib.loads(file.read_text("utf-8"))
