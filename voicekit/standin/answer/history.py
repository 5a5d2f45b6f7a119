"""What the language model is told: the system prompt, and what was said so far.

Messages are OpenAI's. Contextual updates go to the end of the system prompt, since many servers
take a system message in the first place only.
"""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


class History:
    """One conversation's messages; the last `user` one is what wants an answer.

    Args:
        prompt: the system prompt, its variables filled in.
    """

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self._updates: dict[str, str] = {}
        self._turns: list[Message] = []

    def user(self, text: str) -> Message:
        """The caller said this."""
        message: Message = {"role": "user", "content": text}
        self._turns.append(message)
        return message

    def assistant(self, text: str, calls: list[dict[str, Any]] | None = None) -> Message:
        """The agent says this and calls these; the message returned may still be corrected."""
        message: Message = {"role": "assistant", "content": text}
        if calls:
            message["tool_calls"] = calls
            message["content"] = text or None
        self._turns.append(message)
        return message

    def tool(self, call_id: str, result: str) -> None:
        """A tool said this."""
        self._turns.append({"role": "tool", "tool_call_id": call_id, "content": result})

    def correct(self, message: Message | None, heard: str) -> None:
        """Let a message say what the caller heard of it; with nothing heard, it was not said."""
        if message is None:
            return
        message["content"] = heard or None
        if not heard and "tool_calls" not in message:
            self.remove(message)

    def remove(self, message: Message) -> None:
        """Take a message back, as if it had never been."""
        self._turns = [turn for turn in self._turns if turn is not message]

    def update(self, text: str, context_id: str | None) -> None:
        """Something to know; of several with one id only the last counts."""
        key = context_id or f"\0{len(self._updates)}"
        self._updates.pop(key, None)
        self._updates[key] = text

    @property
    def last_user(self) -> str:
        """The caller's last words; empty before the first."""
        said = (turn["content"] for turn in reversed(self._turns) if turn["role"] == "user")
        return str(next(said, ""))

    def messages(self, knowledge: str = "") -> list[Message]:
        """All messages for the model, `knowledge` and updates at the end of the system prompt."""
        parts = [self._prompt]
        if knowledge:
            parts.append(f"Knowledge:\n{knowledge}")
        if self._updates:
            parts.append("Context:\n" + "\n".join(f"- {text}" for text in self._updates.values()))
        system = "\n\n".join(filter(None, parts))
        head: list[Message] = [{"role": "system", "content": system}] if system else []
        return head + [dict(turn) for turn in self._turns]
