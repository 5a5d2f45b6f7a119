"""A state for each API key, so that one stand-in serves a room whose kernels share its engines.

The engines are most of a stand-in's memory, and hold nothing of anybody. All else is apart by key,
as on the platforms: agents, tools, documents, secrets, conversations, responses, the journal, the
faults, the profile, the settings.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from urllib.parse import parse_qs

from voicekit.serving import Scope
from voicekit.standin.state import OFFLINE_KEYS, State

MOST = 512
"""Keys whose states are kept; then the one that was not used for the longest makes room."""

_TAG = re.compile(r"_([0-9a-f]{16})[0-9]{6,}(?![0-9a-z])")


class Tenants:
    """Finds the state that a request is about.

    Args:
        first: the state of the printed keys, and of requests that name no key.
        apart: whether every other key has a state of its own; otherwise `first` is everybody's.
    """

    def __init__(self, first: State, *, apart: bool) -> None:
        self.first = first
        self.apart = apart
        self._others: OrderedDict[str, State] = OrderedDict()

    @property
    def all(self) -> list[State]:
        """Every state there is."""
        return [self.first, *self._others.values()]

    def of(self, key: str | None) -> State:
        """The state of a key, made at its first use; in strict mode only the printed keys' own."""
        if not key or key in OFFLINE_KEYS.values() or not self.apart or self.first.strict_keys:
            return self.first
        tag = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if tag not in self._others:
            self._others[tag] = self.first.beside(tag)
            if len(self._others) > MOST:
                self._others.popitem(last=False)[1].leave()
        self._others.move_to_end(tag)
        return self._others[tag]

    def choose(self, scope: Scope) -> State:
        """The state of a request's key; without a key, of the agent or the signature it names.

        An official client opens a conversation with a public agent without a key.
        """
        if not self.apart:
            return self.first
        query = scope["query_string"].decode("latin-1")
        if key := _key(dict(scope["headers"]), parse_qs(query)):
            return self.of(key)
        named = (self._others.get(tag) for tag in _TAG.findall(f"{scope['path']}?{query}"))
        return next((state for state in named if state), self.first)


def _key(headers: dict[bytes, bytes], query: dict[str, list[str]]) -> str:
    scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return (
        headers.get(b"xi-api-key", b"").decode("latin-1")
        or (bearer.strip() if scheme.lower() == "bearer" else "")
        or next((query[name][0] for name in ("xi-api-key", "authorization") if name in query), "")
    ).removeprefix("Bearer ")
