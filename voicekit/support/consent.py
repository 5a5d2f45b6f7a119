"""Whether the caller has said yes to this refund: judged by code, from what was said aloud.

The question names the order and the amount, and `converse` says it word for word. Yes counts only
as the caller's next words after exactly this question, heard to its end. So nothing that a model
reads, in an order's note, a policy or a prompt, can stand in for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from voicekit.support.wording import dollars, rules, say

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans("", "", "'\N{RIGHT SINGLE QUOTATION MARK}")


def question(order_id: str, cents: int) -> str:
    """What the caller has to say yes to: one order, one amount."""
    return say("question", amount=dollars(cents), id=order_id)


def given(messages: Sequence[Mapping[str, Any]], asked: str) -> bool:
    """Whether the history ends with `asked` and the caller's yes to it."""
    last = [(str(m.get("role")), _text(m.get("content"))) for m in messages]
    talk = [(role, text) for role, text in last if role in ("user", "assistant") and text.strip()]
    answer: list[str] = []
    while talk and talk[-1][0] == "user":
        answer.insert(0, talk.pop()[1])
    return bool(answer and talk) and _ends_with(talk[-1][1], asked) and _is_yes(" ".join(answer))


def _is_yes(text: str) -> bool:
    said = f" {' '.join(_words(text))} "
    table = rules()["consent"]
    return _any(table["yes"], said) and not _any(table["no"], said)


def _any(phrases: Sequence[str], said: str) -> bool:
    return any(f" {phrase} " in said for phrase in phrases)


def _ends_with(text: str, end: str) -> bool:
    wanted = _words(end)
    return _words(text)[-len(wanted) :] == wanted


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().translate(_APOSTROPHES))


def _text(content: Any) -> str:
    """A message's text, whether it is plain or in parts."""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
