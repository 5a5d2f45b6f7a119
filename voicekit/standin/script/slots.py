"""What a sentence names: order numbers, dates, times, amounts, e-mail addresses, products.

Pure and without a clock: "next Friday" stays the words it is. Spoken forms are read as their
written ones, so that a recogniser's text works as well as typed text.
"""

from __future__ import annotations

import re
from functools import cache

from voicekit.standin.script.itn import to_digits, words

Slots = dict[str, list[str]]
"""Kind of slot → the values found, in the order of the sentence. Amounts as `12.50`."""

LONGEST = 2_000
"""Characters of a sentence that are read; a caller's utterance is far shorter."""

_SPOKEN_ADDRESS = re.compile(
    r"\b([\w-]{1,40}(?: (?:dot|underscore|dash) [\w-]{1,40}){0,4}) at "
    r"([\w-]{1,40}(?: dot [\w-]{1,20}){1,3})\b",
    re.IGNORECASE,
)
_SPOKEN_SIGN = {" dot ": ".", " underscore ": "_", " dash ": "-"}
# "A 1042" is an order number, "a 1042" is one only where an order number is due.
_SPELT_ORDER = re.compile(
    r"\b([A-Z]) (\d{3,10})\b|\b([A-Za-z]) (?:dash|hyphen|minus) (\d{3,10})\b"
    r"|(?:(?<=order )|(?<=number )|(?<=is ))([a-z]) (\d{3,10})\b"
)


def extract(text: str) -> Slots:
    """Every slot in `text`. A stretch of text fills one slot: a date's year is no order number."""
    rest = _written_orders(to_digits(_written_addresses(text[:LONGEST])))
    found: Slots = {}
    for kind, pattern in _patterns():
        for match in pattern.finditer(rest):
            if kind == "place" and _is_stray(match, found):
                continue
            value = _value(kind, match)
            if value and value not in found.setdefault(kind, []):
                found[kind].append(value)
        if kind not in ("name", "place"):  # these two are read off the words around them
            rest = pattern.sub("\x00", rest)
    return {kind: values for kind, values in found.items() if values}


def _written_addresses(text: str) -> str:
    """Spoken e-mail addresses as written ones: "anna dot smith at example dot com"."""

    def written(match: re.Match[str]) -> str:
        address = f"{match[1]}@{match[2]}"
        for spoken, sign in _SPOKEN_SIGN.items():
            address = re.sub(spoken, sign, address, flags=re.IGNORECASE)
        return address

    return _SPOKEN_ADDRESS.sub(written, text)


def _written_orders(text: str) -> str:
    """Spelt order numbers as written ones: "A dash 1042" as "A-1042"."""
    return _SPELT_ORDER.sub(lambda match: "-".join(filter(None, match.groups())), text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Kinds in the order they claim text."""
    months = "|".join(f"{month}|{month[:3]}" for month in words()["months"])
    days = "|".join(words()["weekdays"])
    products = "|".join(words()["products"])
    date = (
        r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}"
        rf"|\d\d?(?:st|nd|rd|th)? (?:of )?(?:{months})\b\.?(?:,? \d{{4}}\b)?"
        rf"|(?:{months})\b\.? (?:the )?\d\d?(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
        rf"|(?:(?:this|next|last|coming) )?\b(?:{days})\b"
        r"|(?:this|next|last) (?:week|month|weekend|year)"
        r"|(?:the )?day (?:after tomorrow|before yesterday)|today|tonight|tomorrow|yesterday"
        r"|in \d\d? (?:days|weeks|months)"
    )
    amount = (
        r"[$€£] ?(?P<sign>\d{1,3}(?:,\d{3}){1,4}(?:\.\d\d)?|\d{1,9}(?!\d)(?:\.\d\d?)?)"
        r"|(?<!\d)(?P<word>\d{1,9}(?:\.\d\d?)?) ?(?:dollars?|euros?|pounds?|bucks|usd|eur)"
        r"(?:(?: and)? (?P<cents>\d\d)(?: cents)?)?\b|(?P<only>\d\d?) cents"
    )
    order = (
        r"\b[a-z]{1,3}-\d{3,10}\b|#\d{2,12}\b|\b[a-z]{1,3}\d{3,10}\b"
        r"|\b(?<=order )\d{1,12}\b|\b(?<=order number )\d{1,12}\b|\b(?<=number is )\d{1,12}\b"
        r"|(?<![\d.,])\b\d{3,12}\b(?![.,]\d)"
    )
    table = {
        "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
        "date": rf"\b(?:{date})",
        "amount": amount,
        "time": r"\b\d\d?:\d\d(?: ?[ap]\.?m\b\.?)?|\b\d\d? ?[ap]\.?m\b\.?|\bnoon\b|\bmidnight\b",
        "phone": r"(?<!\w)(?:\+\d{1,3}[ -]?\d[\d -]{5,14}\d|(?:\d{3}[ -])?\d{3}[ -]\d{4})(?!\w)",
        "order": order,
        "product": rf"\b(?:{products})s?\b",
        "quantity": r"(?<![\d.,\w-])\d{1,2}(?![\d.,]\d|\w)",
    }
    cased = {
        "name": r"(?i:\bmy name is|\bmy name's) (?P<name>\w+(?: [A-Z]\w+)?)"
        r"|(?i:\bthis is|\bi am|\bi'm) (?P<name_>[A-Z][a-z]+(?: [A-Z]\w+)?)",
        "place": r"(?:(?i:\bin|\bto|\bfrom|\bnear|\bfor)|,|,? and) "
        r"(?P<place>[A-Z]\w+(?:[ -][A-Z]\w+){0,2})"
        rf"|\b(?:in|near) (?!(?:{'|'.join(words()['not_places'])})\b)(?P<place_>[a-z]+)",
    }
    loose = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in table.items()]
    return (*loose, *((kind, re.compile(pattern)) for kind, pattern in cased.items()))


def _value(kind: str, match: re.Match[str]) -> str:
    """What the match says, in its plainest form."""
    if kind == "amount":
        return _amount(match)
    if kind == "order":
        return match[0].lstrip("#").upper()
    if kind == "product":
        return next(str(name) for name in words()["products"] if match[0].lower().startswith(name))
    if kind in ("name", "place"):
        return str(match[kind] or match[f"{kind}_"])
    return match[0].strip().rstrip(".") if kind != "time" else match[0].strip()


def _is_stray(match: re.Match[str], found: Slots) -> bool:
    """Whether a place only looks like one: "and Anna" behind none, "in celsius" behind another."""
    behind = bool(found.get("place"))
    return behind if match["place_"] else match[0][0] in ", " and not behind


def _amount(match: re.Match[str]) -> str:
    if match["only"]:
        return f"{int(match['only']) / 100:.2f}"
    whole = float((match["sign"] or match["word"]).replace(",", ""))
    return f"{whole + int(match['cents'] or 0) / 100:.2f}"
