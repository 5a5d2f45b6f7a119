"""Dynamic variables: `{{name}}` in prompts, first messages and tools becomes its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from voicekit.standin.conversation.ending import CLIENT, Ended

_PLACE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def fill(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with its placeholders filled: a text, or whatever holds texts.

    Raises:
        Ended: 1008 `missing_dynamic_variable`, naming what is missing.
    """
    if isinstance(value, str):
        missing = sorted({name for name in _PLACE.findall(value) if name not in variables})
        if missing:
            names = ", ".join(missing)
            raise Ended(
                CLIENT,
                f"Missing required dynamic variables: {names}. Send them as dynamic_variables.",
                "missing_dynamic_variable",
            )
        return _PLACE.sub(lambda place: _text(variables[place[1]]), value)
    if isinstance(value, dict):
        return {name: fill(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [fill(part, variables) for part in value]
    return value


def _text(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
