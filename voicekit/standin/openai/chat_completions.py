"""OpenAI's chat completions over HTTP: models, answers whole and streamed, at the profile's pace.

The answers come from a script (`responder.py`), and say so: `system_fingerprint` is
`voicekit-scripted`, and the header `x-voicekit-responder` names the layer that answered.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from voicekit.standin.catalog import openai_models
from voicekit.standin.catalog.profiles import Profile, wait_until
from voicekit.standin.http import auth, bodies
from voicekit.standin.openai import chat
from voicekit.standin.script import completions, responder
from voicekit.standin.script.completions import Completion
from voicekit.standin.state import State

FINGERPRINT = "voicekit-scripted"


async def list_models(request: Request) -> Response:
    """`GET /v1/models`."""
    today = authorise(request).day()
    records = [model.record() for model in openai_models.living(today)]
    return JSONResponse({"object": "list", "data": records}, headers=request_headers(request))


async def retrieve_model(request: Request) -> Response:
    """`GET /v1/models/{model}`."""
    today = authorise(request).day()
    model = openai_models.find(request.path_params["model"], today)
    return JSONResponse(model.record(), headers=request_headers(request))


async def create_completion(request: Request) -> Response:
    """`POST /v1/chat/completions`: headers and first token leave together, when that is due."""
    state = authorise(request)
    wanted = chat.parse(await bodies.read_json(request, "openai"), state.day())
    answer = responder.answer(wanted)
    completion = completions.complete(wanted, answer, lambda: state.next_id("call"))
    head = {
        "id": state.next_id("chatcmpl"),
        "created": int(time.time()),
        "model": wanted.model,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    headers = {**request_headers(request), "x-voicekit-responder": answer.layer}
    profile = state.profile
    at = request.scope["voicekit.at"] + profile.reasoning(wanted.reasoning_tokens)
    if not wanted.stream:
        await wait_until(at + profile.token_due(max(0, len(completion.deltas) - 1)))
        return JSONResponse(_whole(head, completion), headers=headers)
    options = wanted.stream_options
    events = _stream(head, completion, profile, at, counted=bool(options and options.include_usage))
    await wait_until(at + profile.token_due(0))
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={**headers, "cache-control": "no-cache", "x-accel-buffering": "no"},
    )


def authorise(request: Request) -> State:
    """The state, once the request has shown a key."""
    state: State = request.state.standin
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    auth.require_key(state, "openai", key.strip() if scheme.lower() == "bearer" else None)
    return state


def request_headers(request: Request) -> dict[str, str]:
    """The headers that every response of OpenAI has."""
    return {"x-request-id": request.scope["voicekit.request_id"]}


def _whole(head: dict[str, Any], completion: Completion) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": completion.text, "refusal": None}
    if completion.tool_calls:
        message["tool_calls"] = completion.tool_calls
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": completion.finish_reason,
    }
    return {**head, "object": "chat.completion", "choices": [choice], "usage": completion.usage}


async def _stream(
    head: dict[str, Any], completion: Completion, profile: Profile, at: float, *, counted: bool
) -> AsyncIterator[bytes]:
    """The events: role, one per token, the reason it ends, the count if asked for, `[DONE]`."""
    head = {**head, "object": "chat.completion.chunk", **({"usage": None} if counted else {})}
    content = None if completion.tool_calls else ""
    yield _chunk(head, {"role": "assistant", "content": content, "refusal": None})
    for index, delta in enumerate(completion.deltas):
        await wait_until(at + profile.token_due(index))
        yield _chunk(head, delta)
    yield _chunk(head, {}, completion.finish_reason)
    if counted:
        yield _event({**head, "choices": [], "usage": completion.usage})
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event({**head, "choices": [choice]})


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"
