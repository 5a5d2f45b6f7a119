"""Text as it comes: a string, an iterator, or an LLM's stream, all read one token at a time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Iterable,
    Iterator,
)
from typing import Any

Text = str | Iterable[Any] | AsyncIterable[Any] | Awaitable[Any]
"""What can be spoken: strings, the chunks of a chat completion stream, or what gives one later."""

_END = object()


async def tokens(text: Text) -> AsyncGenerator[str]:
    """The text's tokens, empty ones left out; closes the source when it is closed itself.

    A synchronous iterator is read in a thread, since the one loop would otherwise wait with it.

    Args:
        text: a whole text; an iterable (synchronous or not) of strings or of chat completion
            chunks; or an awaitable that gives one of these, such as the coroutine
            `client.chat.completions.create(…, stream=True)` of an `AsyncOpenAI`.

    Raises:
        TypeError: something in the stream is neither.
    """
    if inspect.isawaitable(text):
        text = await text
    source = _source(text)
    try:
        async for item in source:
            if token := _token(item):
                yield token
    finally:
        await _close(source)
        if source is not text:
            await _close(text)


def _source(text: Any) -> AsyncIterator[Any]:
    if isinstance(text, str):
        return _one(text)
    if isinstance(text, AsyncIterable):
        return aiter(text)
    return _threaded(iter(text))


async def _one(text: str) -> AsyncIterator[str]:
    yield text


async def _threaded(items: Iterator[Any]) -> AsyncIterator[Any]:
    while (item := await asyncio.to_thread(next, items, _END)) is not _END:
        yield item


def _token(item: Any) -> str:
    if isinstance(item, str):
        return item
    try:
        choices = item.choices
    except AttributeError:
        raise TypeError(
            f"A token must be a str or a chat completion chunk, not {type(item).__name__}. "
            "Yield the text of each chunk yourself."
        ) from None
    # A usage chunk has no choices; the role chunk and tool calls have no content.
    return (choices[0].delta.content or "") if choices else ""


async def _close(source: Any) -> None:
    """Close a generator or an SDK's stream, so that the vendor sees the hang-up at once."""
    close = getattr(source, "aclose", None) or getattr(source, "close", None)
    if close is not None and not isinstance(source, str):
        closing = close()
        if inspect.isawaitable(closing):
            await closing
