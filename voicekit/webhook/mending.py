"""Text that is almost Unicode, and JSON that almost is: read as what was meant. Pure.

A JSON string may be cut within a character: in the middle of a surrogate pair's escapes, or of the
bytes of one letter. Both halves are joined again; a half that stays alone is U+FFFD.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from typing import Any

_HIGH, _LOW = "[dD][89abAB][0-9a-fA-F]{2}", "[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"\\(?:u{_HIGH}\\u{_LOW}|(?P<alone>u(?:{_HIGH}|{_LOW}))|.)", re.DOTALL)
_BYTES = re.compile("[\udc80-\udcff]+")  # what `surrogateescape` makes of bytes that are no UTF-8
_HALF = re.compile("(?:[\ud800-\udbff]|[\udc80-\udcff]{1,3})\\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


def mended(data: bytes) -> bytes:
    """JSON in UTF-8 without a mark in front, whose strings hold whole characters."""
    text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff")
    return _whole_escapes(text).encode("utf-8", "replace")


def loads(data: bytes) -> Any:
    """JSON read leniently: NaN and infinities as null, and half characters as they are.

    Raises:
        ValueError: it is no JSON all the same.
    """
    try:
        return json.loads(data.decode("utf-8", "surrogateescape"), parse_constant=_null)
    except RecursionError:
        raise ValueError("It is nested too deeply.") from None


def dumps(value: Any) -> bytes:
    """JSON that any reader takes: ASCII, whole characters, null for what is no number."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        finite = json.loads(json.dumps(value), parse_constant=_null)
        text = json.dumps(finite, separators=(",", ":"))
    return (_whole_escapes(text) if "\\ud" in text else text).encode()


def is_whole(text: str) -> bool:
    """Whether there is no half of a character in it."""
    return text.isascii() or not _SURROGATE.search(text)


class Halves:
    """Joins characters that were cut in two; of several texts under way, each by its key.

    Attributes:
        held: the first halves whose second ones are awaited.
    """

    def __init__(self) -> None:
        self.held: dict[Hashable, str] = {}

    def take(self, key: Hashable, text: str) -> str:
        """Return what is whole, with the half held back before; hold back a half at the end."""
        text = _joined(self.held.pop(key, "") + text)
        if half := _HALF.search(text):
            self.held[key] = half[0]
            text = text[: half.start()]
        return _replaced(text)

    def rest(self, key: Hashable) -> str:
        """Nothing more comes: a half that is held stays one."""
        return _replaced(self.held.pop(key, ""))


def _joined(text: str) -> str:
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _BYTES.sub(lambda bad: _as_utf8(bad[0]), text)


def _as_utf8(escaped: str) -> str:
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _replaced(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def _whole_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda one: "\\ufffd" if one["alone"] else one[0], text)


def _null(_constant: str) -> None:
    return None
