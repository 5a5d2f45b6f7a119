"""A managed agent of forty lines: it hears loudness, and answers with a tone, all of it at once."""

from __future__ import annotations

import base64
import json
import threading
import warnings
from types import TracebackType
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

with warnings.catch_warnings():
    # elevenlabs 2.78 names a class that websockets 14 and later call deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation

__all__ = ["AsyncConversation", "Conversation", "FakeAgent", "tone"]

RATE = 16_000
LOUD = 500  # root mean square of a chunk that counts as speech


def tone(seconds: float, level: int = 8000, hertz: float = 440.0) -> bytes:
    at = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


class FakeAgent:
    """Answers each stretch of speech after `patience` quiet chunks; stops when spoken over."""

    def __init__(self, answer: bytes = b"", patience: int = 2, hang_up_after: int = 0) -> None:
        self.answer = answer or tone(1.0)
        self.patience = patience
        self.hang_up_after = hang_up_after
        self.received = b""
        self.messages: list[dict[str, Any]] = []
        self.interruptions = 0
        self._server = serve(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> FakeAgent:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)

    def _talk(self, socket: ServerConnection) -> None:
        metadata = {
            "conversation_id": "conv_fake",
            "agent_output_audio_format": "pcm_16000",
            "user_input_audio_format": "pcm_16000",
        }
        kind = "conversation_initiation_metadata"
        socket.send(json.dumps({"type": kind, f"{kind}_event": metadata}))
        socket.send(json.dumps({"type": "ping", "ping_event": {"event_id": 1, "ping_ms": None}}))
        event, spoke, quiet, answering, chunks = 1, False, 0, False, 0
        try:
            for text in socket:
                message = json.loads(text)
                if "user_audio_chunk" not in message:
                    self.messages.append(message)
                    continue
                pcm = base64.b64decode(message["user_audio_chunk"])
                self.received += pcm
                chunks += 1
                if chunks == self.hang_up_after:
                    return
                loud = np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2)) > LOUD
                if loud and answering:
                    interruption = {"event_id": event, "reason": "user"}
                    socket.send(
                        json.dumps({"type": "interruption", "interruption_event": interruption})
                    )
                    self.interruptions += 1
                    answering = False
                spoke, quiet = spoke or loud, 0 if loud else quiet + 1
                if spoke and quiet == self.patience:
                    spoke, answering, event = False, True, event + 1
                    for start in range(0, len(self.answer), 16_000):  # half a second each
                        audio = base64.b64encode(self.answer[start : start + 16_000]).decode()
                        body = {"event_id": event, "audio_base_64": audio}
                        socket.send(json.dumps({"type": "audio", "audio_event": body}))
        except ConnectionClosed:
            pass
