"""Keys, as the vendors ask for them. Any key opens the stand-in unless the settings say strict."""

from __future__ import annotations

import hmac

from voicekit.serving import Scope
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.state import OFFLINE_KEYS, State


def require_key(state: State, vendor: str, key: str | None) -> None:
    """Let a request with a key pass.

    Raises:
        Refusal: 401, when there is no key, or in strict mode when it is not the printed one.
    """
    if not key:
        raise Refusal(vendor, "missing_api_key")
    if state.strict_keys and not hmac.compare_digest(key.encode(), OFFLINE_KEYS[vendor].encode()):
        raise Refusal(vendor, "invalid_api_key")


def move(scope: Scope, key: str) -> State:
    """The state of a key that comes only in a WebSocket's first message; its journal takes over."""
    before: State = scope["state"]["standin"]
    after: State = scope["state"]["tenants"].of(key)
    if after is not before:
        after.journal.adopt(scope["voicekit.journal"], before.journal)
        scope["state"]["standin"] = after
    return after
