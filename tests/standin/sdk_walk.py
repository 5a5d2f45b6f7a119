"""Every public method of an official SDK, called with arguments made from its signature."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import pydantic
from typing_extensions import is_typeddict

DEEPEST = 6  # types that hold themselves end in an empty list
PLAIN: dict[Any, Any] = {str: "x", int: 1, float: 1.0, bool: True, bytes: b"x", object: {}}


class Method(NamedTuple):
    """A method by its dotted name; `call` runs it and takes whatever it gives, to the end."""

    name: str
    call: Callable[[], Any]


def methods(client: Any, package: str, values: Mapping[str, Any], at: str = "") -> Iterator[Method]:
    """Each public method of a client, and of the clients that are its attributes.

    Args:
        client: made and ready.
        package: where the SDK has the classes that are gone through.
        values: what to pass for a parameter of this name; others are made from their types.
        at: the client's own dotted name, with a dot behind it.
    """
    for name, member in inspect.getmembers(type(client)):
        if name.startswith(("_", "with_")) or inspect.isclass(member):
            continue
        if inspect.isfunction(member):
            if member.__module__.startswith(package):
                yield Method(at + name, _call(getattr(client, name), values))
        elif type(inner := getattr(client, name)).__module__.startswith(package):
            yield from methods(inner, package, values, f"{at}{name}.")


def _call(method: Any, values: Mapping[str, Any]) -> Callable[[], Any]:
    def call() -> Any:
        shape = next(iter(typing.get_overloads(method.__func__)), method)
        hints = typing.get_type_hints(shape)
        needed = [
            one.name
            for one in inspect.signature(shape).parameters.values()
            if one.default is one.empty
            and one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        asked = [name for name in needed if name != "self"]
        return _taken(method(**{name: _field(name, hints[name], values, 0) for name in asked}))

    return call


def _field(name: str, hint: Any, values: Mapping[str, Any], depth: int) -> Any:
    return values[name] if name in values else _made(hint, values, depth)


def _made(hint: Any, values: Mapping[str, Any], depth: int) -> Any:
    """A value of a type, as small as it gets."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return inside[0]
    if origin in (typing.Union, types.UnionType):
        choices = [one for one in inside if one is not type(None)]
        return _made(bytes if bytes in choices else choices[0], values, depth)
    if origin is tuple:
        return tuple(_made(one, values, depth) for one in inside if one is not ...)
    if origin is not None and not inspect.isclass(origin):  # Annotated, Required
        return _made(inside[0], values, depth)
    if origin is not None and issubclass(origin, Mapping):
        return {}
    if origin is not None or hint is list:
        return [_made(inside[0], values, depth + 1)] if inside and depth < DEEPEST else []
    if hint in PLAIN:
        return PLAIN[hint]
    if is_typeddict(hint):
        hints = typing.get_type_hints(hint)
        return {one: _field(one, hints[one], values, depth + 1) for one in hint.__required_keys__}
    if not inspect.isclass(hint):
        return "x"
    if issubclass(hint, enum.Enum):
        return next(iter(hint))
    if issubclass(hint, datetime | date):
        return hint(2026, 1, 1)
    if issubclass(hint, pydantic.BaseModel):  # as JSON has it: the SDKs take that as well
        return {
            name: _field(name, field.annotation, values, depth + 1)
            for name, field in hint.model_fields.items()
            if field.is_required() or typing.get_origin(field.annotation) is typing.Literal
        }
    return "x"


def _taken(result: Any) -> Any:
    if isinstance(result, Iterator):
        return list(result)
    if hasattr(result, "__enter__"):
        with result as entered:
            return _heard(entered) if hasattr(entered, "recv_bytes") else _taken(entered)
    return result


def _heard(connection: Any) -> bytes:
    """The first message of a socket.

    Raises:
        ConnectionError: it is an error event.
    """
    message: bytes = connection.recv_bytes()
    if b'"type":"error"' in message.replace(b" ", b""):
        raise ConnectionError(message.decode())
    return message
