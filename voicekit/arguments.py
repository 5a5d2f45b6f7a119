"""Refuse a mistaken argument where it is passed, in words that say what to pass instead.

A mistake that is accepted shows much later, as a wrong figure or as an error in a thread of ours.
The checks here raise TypeError and ValueError, as Python's own do.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, cast

LONGEST_DELAY = 60.0
"""Seconds. No stage of a conversation's turn takes longer, so a larger figure is milliseconds."""


def check_type(name: str, value: object, kind: type | tuple[type, ...], remedy: str) -> None:
    """Refuse a value that is no instance of `kind`.

    Args:
        name: the argument's name, for the message.
        value: what was passed.
        kind: what it has to be.
        remedy: a sentence that says what to pass.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, kind):
        raise TypeError(f"`{name}` cannot be {_shown(value)}. {remedy}")


def check_items(name: str, value: object, kind: type | tuple[type, ...], remedy: str) -> list[Any]:
    """Refuse a text or a mapping, which would be iterated too, and items of another kind.

    Returns:
        The items, since a generator can be read only once.

    Raises:
        TypeError: it is no iterable, a text or a mapping, or an item is of another kind.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"`{name}` cannot be {_shown(value)}. {remedy}")
    items = list(value)
    for item in items:
        if not isinstance(item, kind):
            raise TypeError(f"`{name}` cannot hold {_shown(item)}. {remedy}")
    return items


def check_number(
    name: str,
    value: object,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    whole: bool = False,
    remedy: str = "",
) -> None:
    """Refuse what is no number, not a number, or out of range. Both ends of the range belong to it.

    Raises:
        TypeError: it is no number, or no whole one where a whole one is needed.
        ValueError: it is outside of `least` to `most`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        kind = "whole number" if whole else "number"
        raise TypeError(f"`{name}` must be a {kind}, not {_shown(value)}. {remedy}".rstrip())
    if not least <= cast(float, value) <= most:  # a NaN is in no range
        if math.isinf(most):
            bounds = f"at least {least:g}"
        elif math.isinf(least):
            bounds = f"at most {most:g}"
        else:
            bounds = f"from {least:g} to {most:g}"
        raise ValueError(f"`{name}` must be {bounds}, not {value}. {remedy}".rstrip())


def check_seconds(
    name: str, value: object, *, least: float = 0.0, most: float = LONGEST_DELAY
) -> None:
    """Refuse what is no duration in seconds; a figure that is too large was meant in milliseconds.

    Raises:
        TypeError: it is no number.
        ValueError: it is outside of `least` to `most` seconds.
    """
    remedy = "Durations are in seconds."
    if isinstance(value, Real) and most < cast(float, value) < math.inf:
        remedy += f" If you mean {value:g} ms, write {value / 1000:g}."
    check_number(name, value, least, most, remedy=remedy)


def check_callable(name: str, value: object, count: int, remedy: str) -> None:
    """Refuse what cannot be called with `count` arguments.

    Raises:
        TypeError: it cannot be called, or takes other arguments.
    """
    if not callable(value):
        raise TypeError(f"`{name}` cannot be {_shown(value)}. {remedy}")
    try:
        inspect.signature(value).bind(*[None] * count)
    except TypeError:
        takes = f"{count} argument{'s' * (count != 1)}"
        raise TypeError(
            f"`{name}` is called with {takes}, which it does not take. {remedy}"
        ) from None
    except ValueError:  # a built-in may not show its arguments
        return


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Refuse a word that is none of the choices.

    Raises:
        ValueError: it is another one.
    """
    if not isinstance(value, str) or value not in choices:
        known = ", ".join(map(repr, choices))
        raise ValueError(f"`{name}` cannot be {_shown(value)}. Choose one of: {known}.")


def _shown(value: object) -> str:
    """A value in a message: short, and never a secret's."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        text = repr(value if len(value) <= 40 else value[:40] + "…")
        return f"the text {text}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    article = "an" if type(value).__name__[:1] in "AEIOUaeiou" else "a"
    return f"{article} {type(value).__name__}"
