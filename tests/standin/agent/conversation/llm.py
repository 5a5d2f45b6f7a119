"""A custom language model on loopback: it keeps what it was asked, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from waiting import until_async

from voicekit import serving


class Model:
    """A server; each of `answers` is used for one request, the last one for all that follow.

    An answer is a text, a list of deltas, or a `Response`. A number among the deltas is a wait in
    seconds, an event one until the test sets it.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = deque(answers)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.aborted = 0
        app = Starlette(
            routes=[
                Route(f"/v1/{path}", self._complete, methods=["POST"])
                for path in ("chat/completions", "responses")
            ]
        )
        self._served = serving.serve(app, name=f"llm-{id(self):x}")
        self.url = f"{self._served.url}/v1"

    def stop(self) -> None:
        self._served.stop()

    @property
    def said(self) -> list[list[tuple[str, Any]]]:
        """Of each request, the roles and contents of its messages."""
        return [[(m["role"], m["content"]) for m in body["messages"]] for body in self.bodies]

    async def _complete(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Response):
            return answer
        deltas = [{"content": answer}] if isinstance(answer, str) else answer
        return StreamingResponse(self._stream(deltas), media_type="text/event-stream")

    async def _stream(self, deltas: list[Any]) -> AsyncIterator[str]:
        try:
            for delta in deltas:
                if isinstance(delta, int | float):
                    await asyncio.sleep(delta)
                elif isinstance(delta, threading.Event):
                    await until_async(delta.is_set)
                else:
                    yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n"
            yield "data: [DONE]\n\n"
        except asyncio.CancelledError:
            self.aborted += 1
            raise


def calling(name: str, arguments: str = "{}", call_id: str = "call_1") -> list[dict[str, Any]]:
    """The deltas of a tool call, its arguments in two pieces."""
    half = len(arguments) // 2
    head = {"index": 0, "id": call_id, "function": {"name": name, "arguments": ""}}
    pieces = (arguments[:half], arguments[half:])
    parts = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    return [{"tool_calls": [part]} for part in (head, *parts)]


NOT_SSE = PlainTextResponse("Hello there.")
WHOLE = JSONResponse({"choices": [{"message": {"role": "assistant", "content": "Hello."}}]})
