"""How a conversation ends: a close code, a reason in plain words, and the vendor's name for it."""

from __future__ import annotations

from voicekit.standin.http.refusals import close_reason

NORMAL, OPERATIONAL, CLIENT, CRASHED, UNAUTHORISED = 1000, 1002, 1008, 1011, 3000
"""The vendor's close codes; 3000 is seen for unknown agents and for a missing signature."""


class Ended(Exception):
    """Something that ends the conversation; any of its tasks may raise it.

    Args:
        code: the close code.
        reason: what happened and what to do, for the close frame and the record.
        error_type: the vendor's `error_type`; with one, an `error` event goes before the close.
        details: more than fits into a close frame, for the `error` event and the journal.
    """

    def __init__(
        self, code: int, reason: str, error_type: str | None = None, details: str = ""
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.error_type = error_type
        self.details = details
        self.late = False
        """Whether it ended a conversation that had begun."""

    @property
    def frame_reason(self) -> str:
        """The reason, cut to what a close frame can hold."""
        return close_reason(self.reason)


class ClientLeft(Ended):
    """The client closed the connection, or lost it."""

    def __init__(self, code: int) -> None:
        super().__init__(code, f"Client disconnected: {code}")


def first_end(group: BaseExceptionGroup[Ended]) -> Ended:
    """The ending in a group that came first."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Ended)  # noqa: S101  the group holds nothing else
    return error
