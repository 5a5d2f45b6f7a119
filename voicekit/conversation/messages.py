"""What the agent sends and the SDK tells no audio interface: its formats, and who said what.

An audio interface is started with a function of the conversation's, and through it finds the
conversation. Two private names are used, each left alone where it is not there.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

from voicekit.errors import AudioError

FORMAT = "pcm_16000"
"""The only one that the SDK's audio interfaces know."""
_SETTINGS = {
    "agent_output_audio_format": ("speaks", "tts"),
    "user_input_audio_format": ("listens to", "asr"),
}


def conversation_of(input_callback: Callable[..., object]) -> Any:
    """The SDK's conversation that an audio interface is started by; None when it is another's."""
    try:
        return inspect.getclosurevars(input_callback).nonlocals.get("self")
    except TypeError:  # no function
        return None


class Spoken:
    """Who said what in one conversation; any thread may ask."""

    def __init__(self) -> None:
        self._agent: list[str] = []
        self._caller: list[str] = []
        self._lock = threading.Lock()

    @property
    def agent(self) -> str:
        """What the agent said; of an answer that was interrupted, what was heard."""
        with self._lock:
            return " ".join(self._agent)

    @property
    def caller(self) -> str:
        """What the agent understood."""
        with self._lock:
            return " ".join(self._caller)

    def listen(self, input_callback: Callable[..., object]) -> None:
        """Be told of each message of the conversation that `input_callback` belongs to."""
        conversation = conversation_of(input_callback)
        for name in ("_handle_message_core", "_handle_message_core_async"):
            handle = getattr(conversation, name, None)
            if callable(handle):
                setattr(conversation, name, self._before(handle))

    def hear(self, message: dict[str, Any]) -> None:
        """Note one message.

        Raises:
            AudioError: the agent speaks or listens to another format than the SDK's interfaces do.
        """
        kind = str(message.get("type"))
        event = message.get(f"{kind}_event") or message.get("user_transcription_event") or {}
        with self._lock:
            if kind == "conversation_initiation_metadata":
                _check(event)
            elif kind == "agent_response":
                self._agent.append(str(event.get("agent_response", "")).strip())
            elif kind == "agent_response_correction" and self._agent:
                self._agent[-1] = str(event.get("corrected_agent_response", "")).strip()
            elif kind == "user_transcript":
                self._caller.append(str(event.get("user_transcript", "")).strip())

    def _before(self, handle: Callable[..., object]) -> Callable[..., object]:
        def hear_and_handle(message: dict[str, Any], handler: object) -> object:
            self.hear(message)
            return handle(message, handler)

        return hear_and_handle


def _check(announced: dict[str, Any]) -> None:
    for name, (does, section) in _SETTINGS.items():
        if announced.get(name, FORMAT) != FORMAT:
            raise AudioError(
                f"The agent {does} {announced[name]}, and the SDK's audio interfaces know "
                f"{FORMAT} alone: it would sound at the wrong pace. Set "
                f"conversation_config.{section}.{name} of the agent to {FORMAT!r}."
            )
