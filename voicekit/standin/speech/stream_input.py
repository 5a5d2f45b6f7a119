"""`/v1/text-to-speech/{voice_id}/stream-input`: one voice, text in pieces.

Client messages: a first one with a single space and the settings, text, `flush`, a space to stay
connected, and empty text to end. The socket then says what is left, sends `{"isFinal": true}`
and closes with 1000: the official SDK waits for the close.
"""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket

from voicekit.standin.speech.context import Context
from voicekit.standin.speech.socket import TIMED_OUT, Complaint, Line, serve


async def stream_input(websocket: WebSocket) -> None:
    """Serve one connection."""
    await serve(websocket, _talk)


async def _talk(line: Line) -> None:
    context = Context(line, names={}, final={"audio": None, "isFinal": True})
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_read(line, context))
        await context.run()
        reading.cancel()


async def _read(line: Line, context: Context) -> None:
    while True:
        try:
            message = await line.receive()
        except Complaint as complaint:
            if context.ended and complaint.name == TIMED_OUT:
                continue  # nothing more is expected; only a client that leaves is of interest
            raise
        if context.ended:
            continue
        context.hear(message)
        if message.text == "":
            context.end(flush=True)
