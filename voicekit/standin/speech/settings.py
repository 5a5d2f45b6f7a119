"""Voice settings, and reading what a client sent the way the vendor's FastAPI does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from voicekit.standin.catalog.elevenlabs import Model
from voicekit.standin.http.refusals import Refusal

RANGES = {
    "stability": (0.0, 1.0),
    "similarity_boost": (0.0, 1.0),
    "style": (0.0, 1.0),
    "speed": (0.7, 1.2),
    "clone_strength": (0.0, 1.0),
}
DEFAULTS: dict[str, float | bool] = {
    "stability": 0.5,
    "use_speaker_boost": True,
    "similarity_boost": 0.75,
    "style": 0.0,
    "speed": 1.0,
}

Shape = TypeVar("Shape", bound="Sent")


class Sent(BaseModel):
    """Something a client sent; fields that the stand-in does not know are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class VoiceSettings(Sent):
    """How the voice shall speak. The offline voice follows `speed` and no other setting."""

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = None
    clone_strength: float | None = None

    def check(self, model: Model) -> None:
        """Refuse what is out of range for `model`.

        Raises:
            Refusal: 400 `invalid_voice_settings`, naming the setting and its range.
        """
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                said = f"{name} must be from {low} to {high}, and not {value}."
                raise Refusal("elevenlabs", "invalid_voice_settings", said, name)
        if model.stabilities and self.stability not in (None, *model.stabilities):
            allowed = ", ".join(map(str, model.stabilities))
            said = f"With {model.id}, stability must be one of {allowed}."
            raise Refusal("elevenlabs", "invalid_voice_settings", said, "stability")

    def pace(self, model: Model) -> float:
        """How many times as fast as usual to speak; the newest models ignore `speed`."""
        return 1.0 if model.stabilities or self.speed is None else self.speed


class Invalid(Refusal):
    """A 422 with FastAPI's body: a list of what is wrong and where."""

    def __init__(self, place: str, errors: Sequence[ErrorDetails]) -> None:
        self.errors = [
            {"type": error["type"], "loc": [place, *error["loc"]], "msg": error["msg"]}
            for error in errors
        ]
        first = self.errors[0]
        said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        super().__init__("elevenlabs", "unprocessable_entity", said)

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 - FastAPI's has no id
        """`{"detail": [{"type", "loc", "msg"}, …]}`."""
        return {"detail": self.errors}


def read_json(shape: type[Shape], data: str | bytes, place: str = "body") -> Shape:
    """Read a JSON body or message.

    Raises:
        Invalid: it is not JSON, or not of this shape.
    """
    try:
        return shape.model_validate_json(data)
    except ValidationError as error:
        raise Invalid(place, error.errors(include_url=False, include_input=False)) from None


def read_query(shape: type[Shape], query: Any) -> Shape:
    """Read the query string; a parameter that the shape holds several of may come repeatedly.

    Raises:
        Invalid: a value is not of its parameter's type.
    """
    fields = shape.model_fields.items()
    lists = {name for name, field in fields if re.search("list|tuple", str(field.annotation))}
    values = {name: query.getlist(name) if name in lists else query[name] for name in dict(query)}
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        raise Invalid("query", error.errors(include_url=False, include_input=False)) from None
