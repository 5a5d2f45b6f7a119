"""What is stepped over as a whole: quotations, links, code, tables, a model's thoughts."""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re

from voicekit.text.verdict import Mark, Verdict
from voicekit.text.written import THOUGHTS

_ENCLOSING = re.compile('[“”()«»"「」『』（）《》]')
_LINK = re.compile(r"\[[^\[\]\n]{0,200}(?:\](?:\([^)\n]{0,500})?)?\Z")
_LINKED = re.compile(r"\[[^\[\]\n]{0,200}\]\([^)\n]{0,500}\)")
_CODE = re.compile(r"(`+)(?!`)[^`\n]{0,200}(?:\1|\Z)")
THOUGHT = re.compile(rf"<(?P<name>{THOUGHTS})>", re.I)
_THOUGHT_TAG = re.compile(rf"<(?P<ends>/?)(?:{THOUGHTS})>", re.I)
_TAGS = "break|phoneme"
_LONGEST_CONTROL = 320
_CONTROL = re.compile(
    r"<break\b[^<>\n]{0,100}>|<phoneme\b[^<>\n]{0,200}>[^<>\n]{0,100}</phoneme>"
    r"|\[[a-z][a-z ,'-]{0,58}\]"
)
_CONTROL_BEGUN = re.compile(
    r"<break\b[^<>\n]{0,100}\Z"
    r"|<phoneme\b[^<>\n]{0,200}(?:>[^<>\n]{0,100}(?:<(?:/[a-z]{0,7})?)?)?\Z"
)
_WITHIN_CONTROL = re.compile(r"(?:<phoneme\b[^<>\n]*>[^<>\n]*|[<\[][^<>\[\]\n]*)\Z")
_TAG_BEGUN = re.compile(r"<[A-Za-z]*\Z")


def line_start(text: str, start: int, at: int) -> bool:
    """Tell whether only blanks are between the start of the line and `at`."""
    while at > start and text[at - 1] in " \t":
        at -= 1
    return at == 0 or text[at - 1] == "\n"


def within(text: str, start: int, at: int, quoted: bool) -> bool:
    """Tell whether a quotation or a bracket is open at `at`, so that a closing one may follow.

    Args:
        text: the text so far.
        start: where the fragment begins.
        at: the place asked about.
        quoted: one was open where the fragment begins.
    """
    if not _ENCLOSING.search(text, start, at):
        return quoted and "\n" not in text[start:at]
    for opening, closing in ("“”", "()", "«»", "「」", "『』", "（）", "《》", '""'):
        opened, closed = text.rfind(opening, start, at), text.rfind(closing, start, at)
        if opening == closing and opened >= 0:
            return opened == start or text[opened - 1] in " \n(*_—"
        if opened > closed:
            return True
        quoted = quoted and closed < 0
    return quoted and "\n" not in text[start:at]


def within_control(text: str, start: int, at: int) -> bool:
    """Tell whether one of the vendor's controls is open at `at`: "[strong | accent]"."""
    return _WITHIN_CONTROL.search(text, max(start, at - _LONGEST_CONTROL), at) is not None


def thought(text: str, start: int, at: int) -> Mark:
    """Step over a model's thoughts, `<think>…</think>`, and over controls; `<` is no boundary."""
    begun = THOUGHT.match(text, at)
    if begun is None:
        known = _TAG_BEGUN.match(text, at) and any(
            f"<{name}>".startswith(text[at:].lower()) for name in f"{THOUGHTS}|{_TAGS}".split("|")
        )
        if known or _CONTROL_BEGUN.match(text, at):
            return Mark(Verdict.WAIT, len(text))
        control = _CONTROL.match(text, at)
        return Mark(Verdict.NONE, control.end() if control else at + 1)
    depth = 0
    for tag in _THOUGHT_TAG.finditer(text, at):
        depth += -1 if tag["ends"] else 1
        if not depth:
            alone = not text[start:at].strip()
            return Mark(Verdict.THOUGHT if alone else Verdict.NONE, tag.end())
    return Mark(Verdict.WAIT, len(text))


def enclosed(text: str, start: int, at: int) -> Mark:
    """Step over a link, a piece of code or a table's row as a whole."""
    begins_line = line_start(text, start, at)
    if text[at] == "|":
        end = text.find("\n", at)
        if not begins_line:
            return Mark(Verdict.NONE, at + 1)
        return Mark(Verdict.SENTENCE, end + 1) if end >= 0 else Mark(Verdict.WAIT, len(text))
    if text[at] == "[":
        linked = _LINKED.match(text, at)
        if not linked and _LINK.match(text, at):
            return Mark(Verdict.WAIT, len(text))
        whole = linked or _CONTROL.match(text, at)
        return Mark(Verdict.NONE, whole.end() if whole else at + 1)
    ticks, fence = text[at : at + 3], 3 * text[at]
    if begins_line and ticks == fence[: len(ticks)] and (len(ticks) == 3 or at + 3 > len(text)):
        end = text.find(f"\n{fence}", at) if len(ticks) == 3 else -1
        return Mark(Verdict.SENTENCE, end + 4) if end >= 0 else Mark(Verdict.WAIT, len(text))
    if text[at] == "~":
        return Mark(Verdict.NONE, at + 1)
    code = _CODE.match(text, at)
    if code and code.end() == len(text):
        return Mark(Verdict.WAIT, len(text))
    return Mark(Verdict.NONE, code.end() if code else at + 1)
