"""What answers in a conversation, whichever it is: text and tool calls, as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

MUTE = 20.0
"""Seconds without any output after which a conversation ends with `llm_timeout`."""


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model calls; `arguments` is JSON text, as it was sent."""

    id: str
    name: str
    arguments: str

    def message(self) -> dict[str, Any]:
        """The call as an assistant's message holds it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


class Model(Protocol):
    """A language model, or what stands in for one."""

    name: str

    def answer(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncGenerator[str | ToolCall, None]:
        """Pieces of text, and whole tool calls. Closing the generator aborts the request.

        Raises:
            Ended: the model failed for good.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
