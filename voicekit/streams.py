"""Anything that gives items, read as one asynchronous iterator and closed after its last use."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

_END = object()


@asynccontextmanager
async def opened(given: AsyncIterable[Any] | Iterable[Any]) -> AsyncGenerator[AsyncIterator[Any]]:
    """The items of what is given, for the length of a block.

    At the block's end what is given is closed, a generator or an SDK's stream, so that the other
    end sees the hang-up at once. A synchronous iterator is read in a thread, since the one loop
    would otherwise wait with it.

    Raises:
        TypeError: it cannot be iterated.
    """
    if isinstance(given, AsyncIterable):
        source = aiter(given)
    elif isinstance(given, list | tuple):
        source = _at_hand(given)
    else:
        source = _threaded(iter(given))
    try:
        yield source
    finally:
        await _close(source)
        if source is not given:
            await _close(given)


async def _at_hand(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


async def _threaded(items: Iterator[Any]) -> AsyncIterator[Any]:
    while (item := await asyncio.to_thread(next, items, _END)) is not _END:
        yield item


async def _close(source: Any) -> None:
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if close is None or isinstance(source, type):
        return
    try:
        closing = close()
        if inspect.isawaitable(closing):
            await closing
    except ValueError:  # a generator that a thread is still in; it is closed with its last use
        return
