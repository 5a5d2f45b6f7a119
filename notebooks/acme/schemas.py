"""A function's signature and docstring as the tool schema that OpenAI's API takes."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ARGUMENT = re.compile(r"^(\w+): (.+)$")


def schema(function: Callable[..., Any]) -> dict[str, Any]:
    """The tool: its name, the docstring's first paragraph, and the parameters with theirs.

    Parameters are plain types, `Literal`s of text, or either with None; a docstring in Google's
    style describes them.

    Raises:
        TypeError: a parameter has another type, or none.
    """
    text = inspect.getdoc(function) or ""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters
    told = _arguments(text)
    properties = {
        name: {**_type(name, hints.get(name)), "description": told[name]}
        if name in told
        else _type(name, hints.get(name))
        for name in parameters
    }
    required = [name for name, one in parameters.items() if one.default is one.empty]
    return {
        "type": "function",
        "function": {
            "name": function.__name__,
            "description": " ".join(text.partition("\n\n")[0].split()),
            "parameters": {"type": "object", "properties": properties, "required": required},
        },
    }


def _type(name: str, hint: Any) -> dict[str, Any]:
    if get_origin(hint) in (Union, types.UnionType):
        options = [one for one in get_args(hint) if one is not types.NoneType]
        hint = options[0] if len(options) == 1 else None
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if hint not in _TYPES:
        known = ", ".join(one.__name__ for one in _TYPES)
        raise TypeError(f"The parameter {name!r} must be one of {known}, or a Literal of text.")
    return {"type": _TYPES[hint]}


def _arguments(text: str) -> dict[str, str]:
    """What the section `Args:` says of each parameter."""
    found: dict[str, str] = {}
    name = ""
    for line in text.partition("Args:\n")[2].partition("\n\n")[0].splitlines():
        match = _ARGUMENT.match(line.strip())
        if match and line.startswith("    ") and not line.startswith("     "):
            name, found[match[1]] = match[1], match[2]
        elif name:
            found[name] += f" {line.strip()}"
    return found
