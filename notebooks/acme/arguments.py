"""A tool's arguments as a model writes them: JSON text from anywhere, checked before a tool runs.

Whatever is wrong with them is a `ValueError` in words, which the model reads and mends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import MethodType
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, ValidationError, validate_call

T = TypeVar("T")
_STRICT = ConfigDict(strict=True)  # true is no number, and "42" is none either


def call(method: Callable[..., T], text: str) -> T:
    """Call a method with arguments in JSON.

    Raises:
        ValueError: they are no JSON object, or do not fit the signature; says where and why.
    """
    bound = cast(MethodType, method)
    checked = _checked(bound.__func__)
    try:
        return cast(T, checked(bound.__self__, **read(text)))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:3])
        raise ValueError("; ".join(told)) from None


def read(text: str) -> dict[str, Any]:
    """The arguments by name.

    Raises:
        ValueError: the text is no JSON object, names a thing twice, or nests too deeply.
    """
    try:
        given = json.loads(text or "{}", object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("they are nested too deeply") from None
    if not isinstance(given, dict):
        raise ValueError("they must be a JSON object")
    return given


def replayed(text: str) -> str:
    """Arguments as a history may hold them: servers that parse theirs fail on what is no JSON."""
    try:
        read(text)
    except ValueError:
        return "{}"
    return text or "{}"


def printable(text: str) -> str:
    """The text as UTF-8 can carry it: halves of a surrogate pair joined, or replaced if alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@cache
def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    return validate_call(config=_STRICT)(function)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
