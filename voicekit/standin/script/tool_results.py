"""A tool's result as a sentence to say: fields read out, errors apologised for."""

from __future__ import annotations

import json
import re
from typing import Any

from voicekit.standin.script.itn import words
from voicekit.standin.script.tool_parameters import name_words

_SAID = ("message", "answer", "text", "summary", "result", "response")
_FAILED = {"error", "failed", "failure"}
_ISO_DATE = re.compile(r"^(\d{4})-(\d\d)-(\d\d)")
_LONGEST = 400
_FIELDS = 6
_ENTRIES = 3


def read(content: str) -> Any:
    """The result as JSON if it is, else as text."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content


def failed(result: Any) -> bool:
    """Whether the tool says that it did not work."""
    if isinstance(result, dict):
        status = str(result.get("status", "")).lower()
        no = result.get("success") is False or result.get("ok") is False
        return bool(result.get("error") or result.get("errors") or no or status in _FAILED)
    return result is False or (isinstance(result, str) and result.lower().startswith("error"))


def spoken(result: Any) -> str:
    """One or two sentences that say what a tool returned, and nothing it did not return."""
    if failed(result):
        reason = _reason(result)
        return "I am sorry, that did not work" + (f": {reason}." if reason else ".")
    if result is None or result is True or result in ("", {}):
        return "Done."
    if isinstance(result, dict):
        said = next((result[key] for key in _SAID if isinstance(result.get(key), str)), None)
        return _sentence(said) if said and len(result) <= 2 else f"I found this: {_fields(result)}."
    if isinstance(result, list):
        return _entries(result)
    return _sentence(_value(result))


def _reason(result: Any) -> str:
    if not isinstance(result, dict):
        return "" if result is False else _short(re.sub(r"(?i)^error:?\s*", "", result))
    told = result.get("error") or result.get("errors") or result.get("message") or ""
    if isinstance(told, dict):
        told = told.get("message", "")
    if isinstance(told, list):
        told = next(iter(told), "")
    return _short(told) if isinstance(told, str) else _short(str(result.get("message", "")))


def _entries(result: list[Any]) -> str:
    if not result:
        return "I found nothing."
    if len(result) == 1:
        return spoken(result[0])
    more = f" And {len(result) - _ENTRIES} more." if len(result) > _ENTRIES else ""
    told = "; ".join(
        _fields(entry) if isinstance(entry, dict) else _value(entry) for entry in result[:_ENTRIES]
    )
    return f"I found {len(result)}: {told}.{more}"


def _fields(result: dict[str, Any]) -> str:
    """`{"status": "shipped", "total": 5}` as "the status is shipped, and the total is 5"."""
    told = [
        _field(" ".join(name_words(name)) or name, value)
        for name, value in list(result.items())[:_FIELDS]
        if value not in (None, "", [], {})
    ]
    return ", and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]])) or "nothing"


def _field(name: str, value: Any) -> str:
    if isinstance(value, list) and isinstance(value[0], dict | list):
        return f"the number of {name} is {len(value)}"
    return f"the {name} is {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return _fields(value) if value else "empty"
    if isinstance(value, list):
        return ", ".join(_value(part) for part in value[:_ENTRIES])
    text = _short(str(value))
    date = _ISO_DATE.match(text)
    if date and 1 <= int(date[2]) <= 12:
        return f"{int(date[3])} {words()['months'][int(date[2]) - 1].title()} {date[1]}"
    return text


def _short(text: str) -> str:
    return text.strip().rstrip(".")[:_LONGEST]


def _sentence(text: str) -> str:
    text = text.strip()[:_LONGEST]
    return text if text.endswith((".", "!", "?")) else f"{text}."
