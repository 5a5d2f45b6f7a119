"""`/v1/convai/conversations`: what was said, how it sounded, and what the caller thought of it.

Source: https://elevenlabs.io/docs/api-reference/conversations.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.errors import EngineError
from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.http import multipart, pagination
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.records import representations
from voicekit.standin.records.conversations import ConversationRecord
from voicekit.standin.speech.settings import Sent
from voicekit.standin.state import State

MOST_FILES = 20
"""Uploads that one conversation keeps."""


class ConversationQuery(pagination.PageQuery):
    """How conversations are listed. Nothing is judged here, so all are `unknown`."""

    agent_id: str | None = None
    user_id: str | None = None
    call_successful: Literal["success", "failure", "unknown"] | None = None
    call_start_before_unix: int | None = None
    call_start_after_unix: int | None = None
    call_duration_min_secs: int | None = None
    call_duration_max_secs: int | None = None
    text_only: bool | None = None
    conversation_initiation_source: str | None = None
    summary_mode: Literal["exclude", "include"] = "exclude"

    def matches(self, record: ConversationRecord, length: int) -> bool:
        """Whether a conversation is among those asked for."""
        words = " ".join(item.message or "" for item in record.items).lower()
        return (
            self.agent_id in (None, record.agent_id)
            and self.user_id in (None, record.user_id)
            and self.call_successful in (None, "unknown")
            and _within(self.call_start_after_unix, record.started, self.call_start_before_unix)
            and _within(self.call_duration_min_secs, length, self.call_duration_max_secs)
            and self.text_only in (None, record.text_only)
            and self.conversation_initiation_source in (None, record.source)
            and self.search.lower() in words
        )


class Feedback(Sent):
    """What a caller thinks of a conversation."""

    feedback: Literal["like", "dislike"] | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: str | None = None


async def listing(request: Request) -> Response:
    """`GET /v1/convai/conversations`: the newest first."""
    state = admitted(request)
    query = pagination.asked(request, ConversationQuery)
    found = [
        record
        for record in reversed(state.conversations.all())
        if query.matches(record, representations.seconds(record, state.clock))
    ]
    rows, more = pagination.page(found, query)
    return JSONResponse({"conversations": [_row(state, row, query) for row in rows], **more})


async def get(request: Request) -> Response:
    """`GET /v1/convai/conversations/{conversation_id}`."""
    state, record = _asked_for(request)
    return JSONResponse(
        representations.conversation(record, state.agents.find(record.agent_id), state.clock)
    )


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/conversations/{conversation_id}`."""
    state, record = _asked_for(request)
    state.conversations.delete(record.conversation_id)
    return JSONResponse({})


async def audio(request: Request) -> Response:
    """`GET /v1/convai/conversations/{conversation_id}/audio`: stereo MP3, the caller left."""
    _, record = _asked_for(request)
    if not (record.recording.user or record.recording.agent):
        said = "This conversation has no sound: it was typed, or its recording was let go."
        raise Refusal("elevenlabs", "not_found", said)
    try:
        mp3 = await asyncio.to_thread(record.recording.mp3)
    except EngineError as error:
        raise Refusal("elevenlabs", "service_unavailable", str(error)) from error
    return Response(mp3, media_type="audio/mpeg")


async def feedback(request: Request) -> Response:
    """`POST /v1/convai/conversations/{conversation_id}/feedback`."""
    state, record = _asked_for(request)
    said = await request_bodies.body(request, Feedback)
    record.rate(said.feedback, representations.seconds(record, state.clock))
    return JSONResponse({})


async def upload(request: Request) -> Response:
    """`POST /v1/convai/conversations/{conversation_id}/files`: multipart, field `file`."""
    state, record = _asked_for(request)
    file = (await multipart.read(request)).get("file")
    if file is None:
        raise request_bodies.wrong("missing", ("file",), "Field required")
    if len(record.files) >= MOST_FILES:
        said = f"A conversation keeps {MOST_FILES} files; delete one first."
        raise Refusal("elevenlabs", "invalid_parameters", said, "file")
    file_id = state.next_id("file")
    record.files[file_id] = (file.filename or file_id, file.media_type, file.content)
    return JSONResponse({"file_id": file_id})


async def delete_file(request: Request) -> Response:
    """`DELETE /v1/convai/conversations/{conversation_id}/files/{file_id}`."""
    _, record = _asked_for(request)
    if record.files.pop(request.path_params["file_id"], None) is None:
        raise Refusal("elevenlabs", "not_found", "This conversation has no file of this id.")
    return JSONResponse({})


def _asked_for(request: Request) -> tuple[State, ConversationRecord]:
    state = admitted(request)
    return state, state.conversations.get(request.path_params["conversation_id"])


def _row(state: State, record: ConversationRecord, query: ConversationQuery) -> dict[str, Any]:
    row = representations.summary(record, state.clock)
    if query.summary_mode == "include" and record.status in ("done", "failed"):
        said = representations.analysis(record, state.agents.find(record.agent_id))
        row["transcript_summary"] = said["transcript_summary"]
    return row


def _within(low: float | None, value: float, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
