"""Filling a tool's parameters from what the caller said; nothing is ever invented.

A parameter's JSON schema says what it takes: `enum`, `type`, and above all its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicekit.standin.openai.chat import ToolFunction
from voicekit.standin.script import phrases
from voicekit.standin.script.itn import words
from voicekit.standin.script.slots import Slots

_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Heard:
    """What is known when a tool's parameters are filled.

    Attributes:
        text: the caller's sentence.
        slots: what the sentence names.
        carried: what earlier sentences named, for parameters the sentence leaves open.
        fields: what earlier tool results of this turn hold, by field name.
        answers: sentences that answered our question for a parameter, by its name.
    """

    text: str
    slots: Slots
    carried: Slots
    fields: Mapping[str, Any]
    answers: Mapping[str, str]


def fill(tool: ToolFunction, heard: Heard) -> tuple[list[dict[str, Any]], list[str]]:
    """Arguments for one call, or for several if the sentence names several values; and what lacks.

    A required parameter nobody named is reported missing, not guessed. An optional one is left out.
    """
    schema = tool.parameters or {}
    required = schema.get("required", [])
    arguments: dict[str, Any] = {}
    repeated: tuple[str, list[Any]] | None = None
    missing = [name for name in required if name not in schema.get("properties", {})]
    for name, part in schema.get("properties", {}).items():
        values = _values(name, part, heard, needed=name in required)
        if not values:
            if name in required:
                missing.append(name)
            continue
        arguments[name] = values[0]
        if len(values) > 1 and repeated is None and name in required:
            repeated = (name, values)
    if repeated is None:
        return [arguments], missing
    return [{**arguments, repeated[0]: value} for value in repeated[1]], missing


def question(tool: ToolFunction, name: str) -> str:
    """A sentence that asks for a parameter."""
    part = (tool.parameters or {}).get("properties", {}).get(name, {})
    options = part.get("enum")
    spoken = " ".join(name_words(name))
    if isinstance(options, list) and options:
        return f"Which {spoken} do you want: {', '.join(map(str, options[:6]))}?"
    kind = kind_of(name, part)
    known: dict[str, str] = words()["questions"]
    return known.get(kind or "", f"What is the {spoken}?")


def name_words(name: str) -> list[str]:
    """The words of a `snake_case` or `camelCase` name, in lower case."""
    return [word.lower() for word in _NAME_WORD.findall(name)]


def kind_of(name: str, part: Mapping[str, Any]) -> str | None:
    """The kind of slot a parameter takes, `text` for the whole sentence, None if unknown."""
    told = name_words(name)
    blank = set(words()["blank_names"])
    if not set(told) - blank:
        described = str(part.get("description", ""))
        told = [*name_words(described)[:20][::-1], *told]
    by_word = {word: kind for kind, known in words()["parameters"].items() for word in known}
    for kind in ("email", "phone"):  # "email_address" is no place
        if any(by_word.get(word) == kind for word in told):
            return kind
    kinds = [by_word[word] for word in reversed(told) if word in by_word]
    if kinds and kinds[0] == "name" and "id" in told:
        return None  # a customer's id is not the customer's name
    return kinds[0] if kinds else None


def _values(name: str, part: Mapping[str, Any], heard: Heard, *, needed: bool) -> list[Any]:
    """Every value for one parameter; a list parameter has at most one value, a list."""
    part, nullable = _plain(part)
    values = _known(name, part, heard, needed=needed)
    return values or ([None] if nullable and needed else [])


def _plain(part: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The schema without its alternative null, and whether it has one.

    A strict schema requires every parameter, and lets an optional one be null.
    """
    options = part.get("anyOf") or part.get("oneOf")
    if isinstance(options, list) and all(isinstance(option, dict) for option in options):
        some = [option for option in options if option.get("type") != "null"]
        rest = {name: value for name, value in part.items() if name not in ("anyOf", "oneOf")}
        return {**rest, **(some[0] if some else {})}, len(some) < len(options)
    kinds = part.get("type")
    if isinstance(kinds, list):
        named = [kind for kind in kinds if kind != "null"]
        return {**part, "type": named[0] if named else "null"}, len(named) < len(kinds)
    return part, kinds == "null"


def _known(name: str, part: Mapping[str, Any], heard: Heard, *, needed: bool) -> list[Any]:
    if "const" in part:
        return [part["const"]]
    if isinstance(part.get("enum"), list):
        only = part["enum"] if needed and len(part["enum"]) == 1 else []
        return only or _enum(part["enum"], heard.text) or _default(part, needed)
    if part.get("type") == "boolean":
        said = set(name_words(name)) & set(heard.text.lower().split())
        return [True] if said else _default(part, needed)
    listed = part.get("type") == "array"
    items = part.get("items") if listed else part
    kind = kind_of(name, part)
    found = _found(name, kind, heard, needed=needed)
    cast = [_cast(value, items if isinstance(items, dict) else {}) for value in found]
    values = [value for value in cast if value is not None]
    if listed:
        return [values] if values else _default(part, needed)
    return values or _default(part, needed)


def _found(name: str, kind: str | None, heard: Heard, *, needed: bool) -> list[Any]:
    """Candidates, from the best source that has any."""
    if kind in heard.slots:
        return heard.slots[kind]
    if name in heard.fields:
        return [heard.fields[name]]
    if name in heard.answers:
        answer = heard.answers[name]
        numbers = heard.slots.get("order") or heard.slots.get("quantity") or []
        numbered = {"id", "number", "code"} & set(name_words(name))
        return numbers[-1:] if numbered and numbers else [answer.strip(" .!?")]
    if kind == "text" and needed:
        return [heard.text]
    return heard.carried.get(kind, []) if kind and needed else []


def _enum(options: list[Any], text: str) -> list[Any]:
    """The options whose every word is in the sentence."""
    said = {phrases.stem(word) for word in name_words(text)}
    told = [
        (option, {phrases.stem(word) for word in name_words(str(option))}) for option in options
    ]
    return [option for option, parts in told if parts and parts <= said]


def _default(part: Mapping[str, Any], needed: bool) -> list[Any]:
    return [part["default"]] if needed and "default" in part else []


def _cast(value: Any, part: Mapping[str, Any]) -> Any:
    """A value as its schema's type; None when it cannot be one."""
    kind = part.get("type")
    if kind in ("integer", "number") and isinstance(value, str):
        digits = _DIGITS.search(value)
        if digits is None:
            return None
        number = float(digits[0])
        value = int(number) if kind == "integer" or number.is_integer() else number
    elif kind in ("object", "null"):
        return value if isinstance(value, dict) else None
    elif kind == "string" and not isinstance(value, str):
        value = str(value)
    if isinstance(value, str) and not _fits(value, part):
        return None
    low, high = part.get("minimum"), part.get("maximum")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(low, int | float) and value < low:
            return None
        if isinstance(high, int | float) and value > high:
            return None
    return value


def _fits(text: str, part: Mapping[str, Any]) -> bool:
    """Whether the text is as long as the schema wants it, and matches its pattern."""
    least, most, pattern = part.get("minLength"), part.get("maxLength"), part.get("pattern")
    if isinstance(least, int) and len(text) < least:
        return False
    if isinstance(most, int) and len(text) > most:
        return False
    try:
        return not isinstance(pattern, str) or bool(re.search(pattern, text[:200]))
    except re.error:
        return True
