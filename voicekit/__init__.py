"""Give an agent a voice, in a notebook, and see where every millisecond goes.

Names are loaded when they are first used: `import voicekit` itself needs the standard library
only, and takes no time.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicekit.audio import Clip
    from voicekit.conversation import (
        AgentAudio,
        Caller,
        ClipAudio,
        ClipSpeaker,
        ConversationView,
        Duplex,
        Line,
        local_audio,
        session,
    )
    from voicekit.errors import (
        AudioError,
        EngineError,
        KeyMissingError,
        ServingError,
        SetupError,
        SpeechDroppedError,
        SpeechError,
        TranscriptionError,
        UpstreamError,
        VoicekitError,
    )
    from voicekit.serving import Served, serve
    from voicekit.speech import Chunk, Utterance, Voice, listen, speak, speak_sync
    from voicekit.text import prepare
    from voicekit.timeline import Budget, Run, Timeline, compare, replay, simulate
    from voicekit.tools.probe import probe
    from voicekit.widgets import Frame, Microphone, Speaker
    from voicekit.world import World, connect
    from voicekit.world.keys import Secret

    __version__: str

__all__ = [
    "AgentAudio",
    "AudioError",
    "Budget",
    "Caller",
    "Chunk",
    "Clip",
    "ClipAudio",
    "ClipSpeaker",
    "ConversationView",
    "Duplex",
    "EngineError",
    "Frame",
    "KeyMissingError",
    "Line",
    "Microphone",
    "Run",
    "Secret",
    "Served",
    "ServingError",
    "SetupError",
    "Speaker",
    "SpeechDroppedError",
    "SpeechError",
    "Timeline",
    "TranscriptionError",
    "UpstreamError",
    "Utterance",
    "Voice",
    "VoicekitError",
    "World",
    "compare",
    "connect",
    "listen",
    "local_audio",
    "prepare",
    "probe",
    "replay",
    "serve",
    "session",
    "simulate",
    "speak",
    "speak_sync",
]

_HOMES = {
    "AgentAudio": "conversation",
    "AudioError": "errors",
    "Budget": "timeline",
    "Caller": "conversation",
    "Chunk": "speech",
    "Clip": "audio",
    "ClipAudio": "conversation",
    "ClipSpeaker": "conversation",
    "ConversationView": "conversation",
    "Duplex": "conversation",
    "EngineError": "errors",
    "Frame": "widgets",
    "KeyMissingError": "errors",
    "Line": "conversation",
    "Microphone": "widgets",
    "Run": "timeline",
    "Secret": "world.keys",
    "Served": "serving",
    "ServingError": "errors",
    "SetupError": "errors",
    "Speaker": "widgets",
    "SpeechDroppedError": "errors",
    "SpeechError": "errors",
    "Timeline": "timeline",
    "TranscriptionError": "errors",
    "UpstreamError": "errors",
    "Utterance": "speech",
    "Voice": "speech",
    "VoicekitError": "errors",
    "World": "world",
    "compare": "timeline",
    "connect": "world",
    "listen": "speech",
    "local_audio": "conversation",
    "prepare": "text",
    "probe": "tools.probe",
    "replay": "timeline",
    "serve": "serving",
    "session": "conversation",
    "simulate": "timeline",
    "speak": "speech",
    "speak_sync": "speech",
}

_MOVED = {  # public names of an earlier version → what to write instead
    "AsyncAgentAudio": "voicekit.AgentAudio, which serves AsyncConversation too",
    "AsyncCaller": "voicekit.Caller, which serves AsyncConversation too",
    "AsyncClipAudio": "voicekit.ClipAudio, which serves AsyncConversation too",
}

if not TYPE_CHECKING:  # a type checker sees the imports above instead, and so finds a typo

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("voicekit")
        if name in _MOVED:
            # `from voicekit import name` puts words of its own in place of an AttributeError's.
            importing = sys._getframe(1).f_code.co_name == "_handle_fromlist"
            error = ImportError if importing else AttributeError
            raise error(f"voicekit.{name} has gone. Use {_MOVED[name]}.")
        if name not in _HOMES:
            raise AttributeError(f"module 'voicekit' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"voicekit.{_HOMES[name]}"), name)
        globals()[name] = value  # the next use does not come here
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
