"""Which conversations a person speaks in: who reads a microphone says so, the stand-in asks.

No wire of an agent's tells a person's voice from a recording: frames are frames. A notebook's
microphone and its stand-in share a kernel, though, and so they can share this list.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

_guard = threading.Lock()
_conversations: list[object] = []


def microphone_of(conversation: object) -> Callable[[], None]:
    """Note that a person speaks in the SDK's `conversation`, until the result is called.

    Any thread may call both; calling the result twice is safe.
    """
    with _guard:
        _conversations.append(conversation)
    return partial(_forget, conversation)


def is_live(conversation_id: str) -> bool:
    """Whether a person speaks in the conversation that the vendor calls by this id."""
    with _guard:
        return any(
            getattr(each, "_conversation_id", None) == conversation_id for each in _conversations
        )


def _forget(conversation: object) -> None:
    with _guard:
        _conversations[:] = [each for each in _conversations if each is not conversation]
