"""The messages that the socket sends: their names, wrapper keys and fields.

Shapes: the vendor's published contract (`agent.asyncapi.yaml` of elevenlabs/packages). Optional
fields are left out and never null, except `ping_ms`, which clients index without asking.
"""

from __future__ import annotations

import base64
from typing import Any, Literal

Event = dict[str, Any]
Part = Literal["start", "delta", "stop"]


def _event(kind: str, wrapper: str, **fields: Any) -> Event:
    return {"type": kind, wrapper: fields}


def metadata(conversation_id: str, output_format: str, input_format: str) -> Event:
    """The first message, sent once."""
    return _event(
        "conversation_initiation_metadata",
        "conversation_initiation_metadata_event",
        conversation_id=conversation_id,
        agent_output_audio_format=output_format,
        user_input_audio_format=input_format,
    )


def audio(sound: bytes, event_id: int, alignment: dict[str, Any] | None) -> Event:
    """Sound of the agent's turn `event_id`, perhaps with the times of its characters."""
    fields: dict[str, Any] = {"audio_base_64": base64.b64encode(sound).decode()}
    if alignment:
        fields["alignment"] = alignment
    return _event("audio", "audio_event", event_id=event_id, **fields)


def agent_response(text: str, event_id: int) -> Event:
    """What the agent says, whole."""
    return _event("agent_response", "agent_response_event", agent_response=text, event_id=event_id)


def chat_part(kind: Part, text: str, event_id: int) -> Event:
    """What the agent says, piece by piece."""
    return _event(
        "agent_chat_response_part", "text_response_part", type=kind, text=text, event_id=event_id
    )


def correction(original: str, corrected: str, event_id: int) -> Event:
    """What the caller heard of an interrupted response."""
    return _event(
        "agent_response_correction",
        "agent_response_correction_event",
        original_agent_response=original,
        corrected_agent_response=corrected,
        event_id=event_id,
    )


def complete(event_id: int) -> Event:
    """The agent's turn is over, and so is its sound as far as we know."""
    return _event("agent_response_complete", "agent_response_complete_event", event_id=event_id)


def interruption(event_id: int) -> Event:
    """The caller cut in on turn `event_id`; nothing of it follows."""
    return _event("interruption", "interruption_event", event_id=event_id)


def user_transcript(text: str, event_id: int) -> Event:
    """What the caller said."""
    return _event(
        "user_transcript", "user_transcription_event", user_transcript=text, event_id=event_id
    )


def tentative(text: str, event_id: int) -> Event:
    """What the caller has said so far; it may change."""
    return _event(
        "tentative_user_transcript",
        "tentative_user_transcription_event",
        user_transcript=text,
        event_id=event_id,
    )


def vad_score(score: float) -> Event:
    """How much the caller's sound is like speech, 0 to 1."""
    return _event("vad_score", "vad_score_event", vad_score=score)


def ping(event_id: int, ping_ms: int | None) -> Event:
    """A question for life, with the round trip of the one before."""
    return _event("ping", "ping_event", event_id=event_id, ping_ms=ping_ms)


def client_tool_call(
    name: str, call_id: str, parameters: dict[str, Any], event_id: int, *, expects_response: bool
) -> Event:
    """A tool for the client to run."""
    return _event(
        "client_tool_call",
        "client_tool_call",
        tool_name=name,
        tool_call_id=call_id,
        parameters=parameters,
        event_id=event_id,
        expects_response=expects_response,
    )


def tool_request(name: str, call_id: str, kind: str, event_id: int) -> Event:
    """The language model asked for a tool."""
    return _event(
        "agent_tool_request",
        "agent_tool_request",
        tool_name=name,
        tool_call_id=call_id,
        tool_type=kind,
        event_id=event_id,
    )


def tool_response(
    name: str, call_id: str, kind: str, event_id: int, *, is_error: bool, called: bool = True
) -> Event:
    """A tool has run, or could not."""
    return _event(
        "agent_tool_response",
        "agent_tool_response",
        tool_name=name,
        tool_call_id=call_id,
        tool_type=kind,
        is_error=is_error,
        is_called=called,
        event_id=event_id,
    )


def error(code: int, error_type: str, message: str, details: str = "") -> Event:
    """Why the socket is about to close."""
    more = {"debug_message": details} if details else {}
    return _event(
        "error",
        "error_event",
        code=code,
        error_type=error_type,
        message=message,
        reason=message,
        **more,
    )
