"""What clients send about agents, read and merged the way the vendor does it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from voicekit.standin.http import bodies
from voicekit.standin.speech.settings import Invalid

Shape = TypeVar("Shape", bound=BaseModel)


async def json_object(request: Request) -> dict[str, Any]:
    """The body, a JSON object; an empty body is an empty object.

    Raises:
        Invalid: 422, it is not JSON or no object.
    """
    data = await bodies.read_json(request, "elevenlabs")
    if not data.strip():
        return {}
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise wrong("json_invalid", (), f"JSON decode error: {error}") from None
    if not isinstance(value, dict):
        raise wrong("model_attributes_type", (), "Input should be a JSON object.")
    return value


async def body(request: Request, shape: type[Shape]) -> Shape:
    """The body as a `shape`.

    Raises:
        Invalid: 422, it is something else.
    """
    return checked(shape, await json_object(request))


def checked(shape: type[Shape], value: object) -> Shape:
    """`value` as a `shape`.

    Raises:
        Invalid: 422, listing what is wrong and where.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise Invalid("body", error.errors(include_url=False, include_input=False)) from None


def wrong(kind: str, where: tuple[int | str, ...], said: str, place: str = "body") -> Invalid:
    """A 422 about one field."""
    return Invalid(place, [ErrorDetails(type=kind, loc=where, msg=said, input=None)])


def merged(old: Any, new: Any) -> Any:
    """`old` with everything that `new` says: objects field by field, all else replaced."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return deepcopy(new)
    kept = {name: deepcopy(value) for name, value in old.items() if name not in new}
    return kept | {name: merged(old.get(name), value) for name, value in new.items()}
