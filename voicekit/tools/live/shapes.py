"""What came, by its shape: which messages, in which order, with which fields and types. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Fields = dict[str, set[str]]
"""Types by path, such as `voices[].name`: all that were seen."""


class Shape:
    """The shape of one step's messages.

    Args:
        free: paths, after the message's label, whose contents are an account's own.
    """

    def __init__(self, free: Collection[str] = ()) -> None:
        self.labels: list[str] = []
        """The label of each message, in order; the same one again counts once."""
        self.fields: dict[str, Fields] = {}
        self._free = tuple(free)

    def add(self, label: str, value: Any) -> None:
        """Take one message in."""
        if self.labels[-1:] != [label]:
            self.labels.append(label)
        self._walk(self.fields.setdefault(label, {}), label, "", value)

    def _walk(self, fields: Fields, label: str, path: str, value: Any) -> None:
        fields.setdefault(path, set()).add(_type(value))
        if path in self._free or f"{label}.{path}" in self._free:
            return
        if isinstance(value, Mapping):
            for name, part in value.items():
                self._walk(fields, label, f"{path}.{name}" if path else str(name), part)
        elif isinstance(value, list):
            for part in value:
                self._walk(fields, label, f"{path}[]", part)


def differences(
    wanted: Shape, came: Shape, optional: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """What differs, and what is there besides; both in words.

    Args:
        wanted: the stand-in's.
        came: the vendor's.
        optional: labels that need not come, and have no place in the order.
    """
    drifts, besides = [], []
    for label, fields in wanted.fields.items():
        if label in came.fields:
            drifts += [f"{label}: {words}" for words in _fields(fields, came.fields[label])]
            fresh = [path for path in came.fields[label] if path not in fields]
            besides += [f"{label}: {path}" for path in fresh if _parent(path) in fields]
        elif label not in optional:
            drifts.append(f"no {label} came")
    besides += [label for label in came.fields if label not in wanted.fields]
    both = (set(wanted.fields) & set(came.fields)) - set(optional)
    for last in (False, True):
        expected, seen = _order(wanted, both, last=last), _order(came, both, last=last)
        if expected != seen:
            words = "ends" if last else "begins"
            drifts.append(f"the order {words} {', '.join(seen)}; was {', '.join(expected)}")
            break
    return drifts, besides


def _fields(wanted: Fields, came: Fields) -> list[str]:
    drifts = []
    for path, types in wanted.items():
        if path in came:
            if new := came[path] - types if types != {"null"} else set():
                name = path or "it"
                drifts.append(
                    f"{name} is {' or '.join(sorted(new))}, was {' or '.join(sorted(types))}"
                )
        elif "an object" in came.get(_parent(path), ()) and not path.endswith("[]"):
            drifts.append(f"{path} is missing")
    return drifts


def _order(shape: Shape, labels: Collection[str], *, last: bool) -> list[str]:
    """The labels by where each is first seen, or last."""
    seen = [label for label in shape.labels if label in labels]
    if last:
        return list(dict.fromkeys(reversed(seen)))[::-1]
    return list(dict.fromkeys(seen))


def _parent(path: str) -> str:
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _type(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "null" if value is None else "text"
