"""Whether the caller has said yes to this refund: judged by code, from what was said aloud.

The question names the order and the amount, and `converse` says it word for word. Yes counts only
as the caller's next words after exactly this question, heard to its end, and only when these words
are a yes and nothing else. So nothing that a model reads, in an order's note, a policy or a prompt,
can stand in for the caller, and no doubt, condition or correction is taken for a yes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from acme.agreement import agrees, refuses
from acme.wording import dollars, rules, say

Reply = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class Asked:
    """The question that the caller's last words reply to, and the reply.

    Attributes:
        order_id: the order's digits.
        cents: the amount.
        reply: "yes" if the words agree and do nothing else; "no" if they refuse or correct;
            "unclear" for anything else: a doubt, a condition, a question, another topic.
        alone: the question was the only one in the agent's turn, so it is clear what a yes means.
        times: how often it was asked in a row.
    """

    order_id: str
    cents: int
    reply: Reply
    alone: bool
    times: int

    @property
    def agreed(self) -> bool:
        """Whether the refund may be made."""
        return self.reply == "yes" and self.alone

    @property
    def question(self) -> str:
        """The question, word for word."""
        return question(self.order_id, self.cents)


def question(order_id: str, cents: int) -> str:
    """What the caller has to say yes to: one order, one amount."""
    return say("question", amount=dollars(cents), id=order_id)


def given(messages: Sequence[Mapping[str, Any]], asked: str) -> bool:
    """Whether the history ends with the question `asked` and the caller's yes to it."""
    last = last_asked(messages)
    return last is not None and last.agreed and last.question == asked


def last_asked(messages: Sequence[Mapping[str, Any]]) -> Asked | None:
    """The question to which the history's last words reply; None if they reply to none of ours."""
    turns = _turns(messages)
    if len(turns) < 2 or turns[-1][0] != "user" or not (match := _match(turns[-2][1])):
        return None
    order_id, cents = match["id"], int(re.sub(r"\D", "", match["amount"]))
    words = turns[-1][1]
    agreed = agrees(words, order_id, cents)
    reply: Reply = "yes" if agreed else "no" if refuses(words) else "unclear"
    times = 1
    for role, text in reversed(turns[:-2]):
        if role == "assistant":
            before = _match(text)
            if before is None or before.groupdict() != match.groupdict():
                break
            times += 1
    return Asked(order_id, cents, reply, "?" not in turns[-2][1][: match.start()], times)


def _turns(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What caller and agent said by turns; several messages of one in a row are one turn."""
    turns: list[tuple[str, str]] = []
    for message in messages:
        role, text = str(message.get("role")), " ".join(_text(message.get("content")).split())
        if role not in ("user", "assistant") or not text:
            continue
        if turns and turns[-1][0] == role:
            text = f"{turns.pop()[1]} {text}"
        turns.append((role, text))
    return turns


def _match(text: str) -> re.Match[str] | None:
    """The question at the end of the agent's words."""
    return _pattern().search(text)


@cache
def _pattern() -> re.Pattern[str]:
    blanks = {"amount": r"(?P<amount>\$[\d,]+\.\d\d)", "id": r"(?P<id>\d{4})"}
    words = re.escape(rules()["say"]["question"].rstrip("?"))
    for name, blank in blanks.items():
        words = words.replace(re.escape(f"{{{name}}}"), blank)
    return re.compile(rf"{words}\W*$", re.IGNORECASE)


def _text(content: Any) -> str:
    """A message's text, whether it is plain or in parts."""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
