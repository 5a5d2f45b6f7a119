"""Text as it comes: a string, an iterator, or an LLM's stream, all read one token at a time."""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Iterable,
    Mapping,
)
from typing import Any

from voicekit.errors import UpstreamError
from voicekit.streams import opened

Text = str | Iterable[Any] | AsyncIterable[Any] | Awaitable[Any]
"""What can be spoken: strings, the chunks of a chat completion stream, or what gives one later."""


async def tokens(text: Text) -> AsyncGenerator[str]:
    """The text's tokens, empty ones left out; closes the source when it is closed itself.

    Args:
        text: a whole text; an iterable (synchronous or not) of strings or of chat completion
            chunks, as objects or as dicts; or an awaitable that gives one of these, such as the
            coroutine `client.chat.completions.create(…, stream=True)` of an `AsyncOpenAI`.

    Raises:
        TypeError: the text, or something in the stream, is neither; says what to pass.
        UpstreamError: an event of the stream says that the LLM failed.
    """
    source: Any = await text if inspect.isawaitable(text) else text
    if not isinstance(source, str):
        _check(source)
    async with opened([source] if isinstance(source, str) else source) as items:
        async for item in items:
            if token := _token(item):
                yield token


def _check(source: Any) -> None:
    """Refuse what is no stream; a whole answer can be iterated, but into its fields.

    Raises:
        TypeError: with what to pass.
    """
    if inspect.iscoroutinefunction(source) or inspect.isasyncgenfunction(source):
        raise TypeError(f"{source.__name__} is a function. Call it, and pass what it gives.")
    is_answer = hasattr(source, "model_dump") or isinstance(source, Mapping | bytes | bytearray)
    if is_answer or not isinstance(source, AsyncIterable | Iterable):
        raise TypeError(
            f"No stream of tokens: {type(source).__name__}. Ask the LLM with stream=True, or pass "
            "the answer's text."
        )


def _token(item: Any) -> str:
    """The text in one item of a stream; empty where it brings none."""
    if isinstance(item, str):
        return item
    choices = _field(item, "choices", None)
    if isinstance(choices, list | tuple):
        # Usage and filter results have no choice or no delta; roles and tool calls no content.
        delta = _field(choices[0], "delta", None) if choices else None
        return _content(_field(delta, "content", None))
    kind = _field(item, "type", None)  # an event of the Responses API
    if kind in ("error", "response.failed"):
        raise UpstreamError("The LLM failed within its answer.", "dropped")
    if isinstance(kind, str) and kind.startswith("response."):
        return _content(_field(item, "delta", None)) if kind == "response.output_text.delta" else ""
    raise TypeError(
        f"A token must be a str or a chat completion chunk, not {type(item).__name__}. "
        "Yield the text of each chunk yourself."
    )


def _content(content: Any) -> str:
    """The words of a content: a text, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list | tuple):
        return "".join(part if isinstance(part, str) else _part(part) for part in content)
    return ""


def _part(part: Any) -> str:
    return _content(_field(part, "text", None)) if _field(part, "type", "text") == "text" else ""


def _field(item: Any, name: str, default: Any) -> Any:
    """A field of an SDK's object or of a dict."""
    return item.get(name, default) if isinstance(item, Mapping) else getattr(item, name, default)
