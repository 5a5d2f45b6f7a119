"""OpenAI's Responses API over HTTP: the words of the script as items and as events.

It is the default of the official Agents SDKs and of Vercel's AI SDK. Responses are kept unless the
request says `store: false`, so that `previous_response_id` and item references work.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from copy import deepcopy
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.http import bodies
from voicekit.standin.openai import chat_completions, responses_request
from voicekit.standin.openai.responses_request import ResponsesRequest
from voicekit.standin.openai.responses_store import Item
from voicekit.standin.script import completions, responder
from voicekit.standin.script.completions import Completion

_CREATED = "response.created"


async def create(request: Request) -> Response:
    """`POST /v1/responses`: `response.created` at once, each token when it is due."""
    state = chat_completions.authorise(request)
    wanted = responses_request.parse(await bodies.read_json(request, "openai"))
    kept = state.responses
    before: list[Item] = []
    if wanted.previous_response_id:
        before = kept.until(wanted.previous_response_id)
    chat = responses_request.chat_request(wanted, before, kept.item, state.day())
    answer = responder.answer(chat)
    completion = completions.complete(chat, answer, lambda: state.next_id("call"))
    response = _response(wanted, completion, state.next_id)
    if wanted.store is not False:
        kept.add(response, [*before, *wanted.items])
    headers = {**chat_completions.request_headers(request), "x-voicekit-responder": answer.layer}
    profile = state.profile
    at = request.scope["voicekit.at"] + profile.reasoning(chat.reasoning_tokens)
    if not wanted.stream:
        await wait_until(at + profile.token_due(max(0, len(completion.deltas) - 1)))
        return JSONResponse(response, headers=headers)

    async def stream() -> AsyncIterator[bytes]:
        for token, event in events(response, completion):
            if token is not None:
                await wait_until(at + profile.token_due(token))
            data = json.dumps(event, separators=(",", ":"))
            yield f"event: {event['type']}\ndata: {data}\n\n".encode()

    return StreamingResponse(
        stream(),
        media_type="text/event-stream",
        headers={**headers, "cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def retrieve(request: Request) -> Response:
    """`GET /v1/responses/{response}`."""
    response = chat_completions.authorise(request).responses.get(request.path_params["response"])
    return JSONResponse(response, headers=chat_completions.request_headers(request))


async def delete(request: Request) -> Response:
    """`DELETE /v1/responses/{response}`."""
    response_id = request.path_params["response"]
    chat_completions.authorise(request).responses.delete(response_id)
    deleted = {"id": response_id, "object": "response", "deleted": True}
    return JSONResponse(deleted, headers=chat_completions.request_headers(request))


def events(response: Item, completion: Completion) -> Iterator[tuple[int | None, Item]]:
    """The events of a response's stream, in order, each with the token that it waits for.

    Args:
        response: as it is in the end.
        completion: its tokens.
    """
    number = itertools.count()

    def event(kind: str, **fields: Any) -> Item:
        return {"type": kind, **fields, "sequence_number": next(number)}

    beginning = {**response, "status": "in_progress", "output": [], "usage": None}
    beginning["incomplete_details"] = None
    yield None, event(_CREATED, response=beginning)
    yield None, event("response.in_progress", response=beginning)
    token = 0
    for index, item in enumerate(response["output"]):
        deltas = [delta for delta in completion.deltas if _is_of(delta, index)]
        is_call = item["type"] == "function_call"
        where: Item = {"item_id": item["id"], "output_index": index}
        if not is_call:
            where["content_index"] = 0
        for event_of_item in _item_events(event, item, where, deltas):
            yield token, event_of_item
            token += event_of_item["type"].endswith(".delta")
        token += is_call  # a call's name is a token of its own
    yield None, event(f"response.{response['status']}", response=response)


def _is_of(delta: Item, index: int) -> bool:
    calls = delta.get("tool_calls")
    return not calls or calls[0]["index"] == index


def _item_events(
    event: Callable[..., Item], item: Item, where: Item, deltas: list[Item]
) -> Iterator[Item]:
    index = where["output_index"]
    if item["type"] == "function_call":
        opened, kind = {**item, "status": "in_progress", "arguments": ""}, "function_call_arguments"
        yield event("response.output_item.added", output_index=index, item=opened)
        for delta in deltas[1:]:
            part = delta["tool_calls"][0]["function"]["arguments"]
            yield event(f"response.{kind}.delta", **where, delta=part)
        whole = {"arguments": item["arguments"], "name": item["name"]}
        yield event(f"response.{kind}.done", **where, **whole)
    else:
        opened = {**item, "status": "in_progress", "content": []}
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield event("response.output_item.added", output_index=index, item=opened)
        yield event("response.content_part.added", **where, part=part)
        for delta in deltas:
            text = delta["content"]
            yield event("response.output_text.delta", **where, delta=text, logprobs=[])
        text = item["content"][0]["text"]
        yield event("response.output_text.done", **where, text=text, logprobs=[])
        yield event("response.content_part.done", **where, part=item["content"][0])
    yield event("response.output_item.done", output_index=index, item=item)


def _response(
    request: ResponsesRequest, completion: Completion, next_id: Callable[[str], str]
) -> Item:
    """The response as it is in the end, with what was asked repeated as OpenAI repeats it."""
    cut = completion.finish_reason == "length"
    status = "incomplete" if cut else "completed"
    usage = completion.usage
    return {
        "id": next_id("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "model": request.model,
        "output": _output(completion, status, next_id),
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "reasoning": {"effort": request.reasoning and request.reasoning.effort, "summary": None},
        "service_tier": "default",
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": {"type": "text"}},
        "tool_choice": request.tool_choice or "auto",
        "tools": [
            {**tool.model_dump(), "strict": tool.strict is not False}
            for tool in request.tools or ()
        ],
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": request.truncation or "disabled",
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {
                "reasoning_tokens": usage["completion_tokens_details"]["reasoning_tokens"]
            },
            "total_tokens": usage["total_tokens"],
        },
        "user": request.user,
        "metadata": deepcopy(request.metadata) or {},
    }


def _output(completion: Completion, status: str, next_id: Callable[[str], str]) -> list[Item]:
    if completion.text is not None:
        text: Item = {"type": "output_text", "text": completion.text, "annotations": []}
        content = [{**text, "logprobs": []}]
        message = {"id": next_id("msg"), "type": "message", "status": status, "role": "assistant"}
        return [{**message, "content": content}]
    calls = [
        {
            "id": next_id("fc"),
            "type": "function_call",
            "status": "completed",
            "call_id": call["id"],
            **call["function"],
        }
        for call in completion.tool_calls
    ]
    calls[-1]["status"] = status
    return calls
