"""Text as it comes: a string, an iterator, or an LLM's stream, all read one token at a time."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterable
from typing import Any

from voicekit.sources import opened

Text = str | Iterable[Any] | AsyncIterable[Any] | Awaitable[Any]
"""What can be spoken: strings, the chunks of a chat completion stream, or what gives one later."""


async def tokens(text: Text) -> AsyncGenerator[str]:
    """The text's tokens, empty ones left out; closes the source when it is closed itself.

    Args:
        text: a whole text; an iterable (synchronous or not) of strings or of chat completion
            chunks; or an awaitable that gives one of these, such as the coroutine
            `client.chat.completions.create(…, stream=True)` of an `AsyncOpenAI`.

    Raises:
        TypeError: something in the stream is neither.
    """
    given: Any = await text if inspect.isawaitable(text) else text
    async with opened([given] if isinstance(given, str) else given) as source:
        async for item in source:
            if token := _token(item):
                yield token


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
