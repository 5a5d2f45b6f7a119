"""Where an answer's pieces come from: whatever was written, as an asynchronous iterator."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from voicekit.webhook.pieces import ToolCall

_END = object()


@asynccontextmanager
async def opened(answered: Any) -> AsyncGenerator[AsyncIterator[Any]]:
    """An answer's items for the length of a block; closes whatever it holds.

    Args:
        answered: a string; an iterable, synchronous or not, of strings, tool calls, chat
            completion chunks (objects or dicts) and blocks of bytes; or nothing. A synchronous
            iterator is read in a thread, so that others are not kept waiting.

    Raises:
        TypeError: it is something else.
    """
    source = _source(answered)
    try:
        yield source
    finally:
        await _close(source)
        if source is not answered:
            await _close(answered)


def _source(answered: Any) -> AsyncIterator[Any]:
    if isinstance(answered, AsyncIterable):
        return aiter(answered)
    if answered is None:
        return _threaded(iter(()))
    if isinstance(answered, str | bytes | ToolCall):
        return _threaded(iter([answered]))
    if isinstance(answered, Iterable):
        return _threaded(iter(answered))
    raise TypeError(f"An answer is an async generator, not {type(answered).__name__}.")


async def _threaded(items: Iterator[Any]) -> AsyncIterator[Any]:
    while (item := await asyncio.to_thread(next, items, _END)) is not _END:
        yield item


async def _close(source: Any) -> None:
    """Close a generator or an SDK's stream, so that the other end sees the hang-up at once."""
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if close is None or isinstance(source, type):
        return
    try:
        closing = close()
        if inspect.isawaitable(closing):
            await closing
    except ValueError:  # a generator that a thread is still in; it is closed with its last use
        return
