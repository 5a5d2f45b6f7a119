"""The official SDK's conversations, whose import warns of something that is no business of ours."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from elevenlabs.conversational_ai.conversation import (
        AsyncAudioInterface,
        AsyncConversation,
        AudioInterface,
        ClientTools,
        Conversation,
        ConversationInitiationData,
    )

__all__ = [
    "AsyncAudioInterface",
    "AsyncConversation",
    "AudioInterface",
    "ClientTools",
    "Conversation",
    "ConversationInitiationData",
]
