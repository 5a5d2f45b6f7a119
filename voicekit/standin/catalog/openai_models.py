"""The OpenAI models that the stand-in knows by name. The list is data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, time
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

    def record(self) -> dict[str, Any]:
        """The model as `/v1/models` lists it."""
        return {
            "id": self.id,
            "object": "model",
            "created": self.created,
            "owned_by": self.owned_by,
        }


def find(model_id: str) -> Model:
    """The model called `model_id`.

    Raises:
        Refusal: 404, naming those there are.
    """
    known = table()
    if model_id not in known:
        raise Refusal(
            "openai",
            "model_not_found",
            f"The model {model_id[:100]!r} does not exist or you do not have access to it. "
            f"The stand-in knows: {', '.join(known)}.",
        )
    return known[model_id]


@cache
def table() -> dict[str, Model]:
    """Every known model by id, in the order of the data file."""
    file = resources.files("voicekit.standin").joinpath("data/openai_models.toml")
    return {
        model_id: Model(
            id=model_id,
            created=int(datetime.combine(family["released"], time(), UTC).timestamp()),
            owned_by=family["owned_by"],
            context=family["context"],
            unsupported=frozenset(family.get("unsupported", ())),
        )
        for family in tomllib.loads(file.read_text("utf-8"))["family"]
        for model_id in family["ids"]
    }
