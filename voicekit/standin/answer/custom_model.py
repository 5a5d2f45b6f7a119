"""The user's own language model, called as the hosted platform calls it.

`POST` to the configured address with `/chat/completions` added, or `/responses` when that is its
`api_type`, and `stream: true`; server-sent events come back. What goes wrong is said in plain
words: in the journal, in the `error` event, in the record, and in the reason of the close frame.
What the server itself said is in the journal alone: its address may be one that whoever calls
cannot see into.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from voicekit.standin.answer import llm_http, responses_wire, sse
from voicekit.standin.answer.model import ToolCall
from voicekit.standin.conversation.ending import CLIENT, OPERATIONAL, Ended
from voicekit.standin.conversation.initiation import Opening
from voicekit.standin.http import reach
from voicekit.standin.state import State

ATTEMPTS = 3
"""How often one answer is asked for; the hosted platform tries at least this often."""

_PATHS = {"chat_completions": "/chat/completions", "responses": responses_wire.PATH}
_PASSING = frozenset({408, 409, 425, 429})
_THINKS = re.compile(r"<think(?:ing)?>", re.I)
_ALOUD = (
    "its text holds a model's thoughts, <think>, and they are spoken: ElevenLabs documents nowhere "
    "that it leaves them out"
)
_QUOTED = 200  # characters of the server's own words that the journal keeps
# Types that may be named to whoever calls: these words are ours, not the server's.
_TYPES = ("application/json", "application/x-ndjson", "text/html", "text/plain")


class _Failed(Exception):
    """An attempt failed; `again` says whether another may do better.

    `quoted` are the server's own words.
    """

    def __init__(self, said: str, quoted: object = "", *, again: bool) -> None:
        super().__init__(said)
        self.quoted = str(quoted)[:_QUOTED]
        self.again = again


class CustomModel:
    """Asks an OpenAI-compatible server.

    Args:
        state: for the journal, secrets and the clock.
        start: the conversation's settings; its agent must have a `custom_llm`.

    Raises:
        Ended: 1008, the address, its kind, a header or the key is not usable.
    """

    def __init__(self, state: State, start: Opening) -> None:
        prompt = start.config.agent.prompt
        assert prompt.custom_llm is not None  # noqa: S101  the socket chose us by it
        custom = prompt.custom_llm
        self.name = custom.model_id or "custom-llm"
        self._state = state
        self._responses = custom.api_type == "responses"
        self._url = address(custom.url, custom.api_type)
        self._patience = prompt.cascade_timeout_seconds
        self._headers = partial(llm_http.headers, custom, state.vault, start.variables)
        self._headers()  # what is not known is said before anybody speaks
        limit = {"max_tokens": prompt.max_tokens} if prompt.max_tokens > 0 else {}
        self._fixed = {
            "model": self.name,
            "temperature": prompt.temperature,
            **limit,
            "stream": True,
            **({"user_id": start.user_id} if start.user_id else {}),
            **({"elevenlabs_extra_body": start.extra_body} if start.extra_body else {}),
        }
        url = httpx.URL(self._url)
        # A proxy in the environment has no way to this machine.
        self._proxied = url.host not in reach.LOOPBACK and reach.has_proxy(url)
        # Certificates are loaded for https only: that takes longer than many an answer.
        self._client = httpx.AsyncClient(
            timeout=None,  # noqa: S113  ours is stricter, and says which time was up
            trust_env=self._proxied,
            follow_redirects=False,  # a conversation and its key go where they were meant to
            verify=ssl.create_default_context() if url.scheme == "https" else False,
        )

    async def answer(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncGenerator[str | ToolCall, None]:
        """See `Model.answer`; another attempt is made as long as nothing was said."""
        body = {"messages": messages, **self._fixed, **({"tools": tools} if tools else {})}
        if self._responses:
            body = responses_wire.body(body)
        for attempt in range(1, ATTEMPTS + 1):
            said_something = False
            entry = llm_http.note(self._state.journal, self._url, body)
            try:
                async with contextlib.aclosing(self._attempt(body, entry)) as pieces:
                    async for piece in pieces:
                        said_something = True
                        yield piece
                return
            except _Failed as failed:
                entry["problem"] = f"{failed}: {failed.quoted}" if failed.quoted else str(failed)
                if said_something or not failed.again or attempt == ATTEMPTS:
                    raise _end(self._url, failed, attempt) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _attempt(
        self, body: dict[str, Any], entry: dict[str, Any]
    ) -> AsyncGenerator[str | ToolCall, None]:
        """One request, with its first output in time.

        Raises:
            _Failed: it went wrong.
        """
        chunks = responses_wire.Events() if self._responses else sse.Chunks()
        answer, empty = "", True
        try:
            async with (
                asyncio.timeout(self._patience) as first,
                self._open(body, entry) as reply,
                contextlib.aclosing(sse.events(reply.aiter_bytes())) as events,
            ):
                async for data in events:
                    text = chunks.text(data)
                    if text or chunks.calls:
                        first.reschedule(None)
                    if text:
                        answer, empty = answer + text, False
                        yield text
            if _THINKS.search(answer):
                entry["problem"] = _ALOUD
            for call in chunks.finished():
                empty = False
                yield call
        except TimeoutError:
            said = f"nothing came within cascade_timeout_seconds, {self._patience:g} s"
            raise _Failed(said, again=True) from None
        except httpx.HTTPError as error:
            said = f"the connection failed ({type(error).__name__})"
            raise _Failed(said, error, again=True) from None
        except OSError as error:
            raise _Failed("its address was not found", error, again=True) from None
        except reach.OutOfReach as error:
            raise _Failed(str(error), again=False) from None
        except sse.NotAStream as error:
            raise _Failed(str(error), error.quoted, again=False) from None
        if empty:
            raise _Failed("the stream ended without any text or tool call", again=False)

    @contextlib.asynccontextmanager
    async def _open(
        self, body: dict[str, Any], entry: dict[str, Any]
    ) -> AsyncGenerator[httpx.Response, None]:
        request = self._client.build_request("POST", self._url, json=body, headers=self._headers())
        await self._state.reach.pin_soon(request, proxied=self._proxied)
        async with contextlib.aclosing(await self._client.send(request, stream=True)) as reply:
            entry["status"] = reply.status_code
            if reply.status_code != httpx.codes.OK:
                words = (await reply.aread()).decode(errors="replace")
                again = reply.status_code in _PASSING or reply.status_code >= 500
                raise _Failed(f"it answered HTTP {reply.status_code}", words, again=again)
            kind = reply.headers.get("content-type", "").lower()
            if not kind.startswith("text/event-stream"):
                named = next((name for name in _TYPES if kind.startswith(name)), "another one")
                said = f"its content type is {named}, and must be text/event-stream"
                raise _Failed(said, kind, again=False)
            yield reply


def address(url: str, api_type: str) -> str:
    """Where requests go: the configured address, with the path added unless it is there.

    Raises:
        Ended: 1008, it is no HTTP address, or of an API that nobody outside has seen.
    """
    if api_type not in _PATHS:
        said = f"custom_llm.api_type {api_type!r}: ElevenLabs does not publish what it sends."
        raise Ended(CLIENT, f"{said} Here it is one of {', '.join(_PATHS)}.", "value_error")
    try:
        parts, readable = urlsplit(url), httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        parts, readable = urlsplit(""), httpx.URL("")
    if parts.scheme not in ("http", "https") or not readable.host:
        said = "custom_llm.url must be an http or https address, such as https://example.com/v1"
        raise Ended(CLIENT, said, "value_error")
    path, end = parts.path.rstrip("/"), _PATHS[api_type]
    return parts._replace(path=path if path.endswith(end) else f"{path}{end}").geturl()


def _end(url: str, failed: _Failed, attempts: int) -> Ended:
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
    times = f" ({attempts} attempts)" if attempts > 1 else ""
    return Ended(
        OPERATIONAL,
        f"Custom LLM failed: {failed}{times}",
        "custom_llm_error",
        f"POST {where}: {failed}{times}",
    )
