"""Another OpenAI-compatible server as the answer: its bytes, as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp

from voicekit.arguments import check_type
from voicekit.errors import UpstreamError
from voicekit.webhook import mending
from voicekit.webhook.turn import Turn
from voicekit.world.keys import Secret

_PATH = "/chat/completions"
_DONE = b"[DONE]"
_TO_END = 0.1  # seconds for the end of a body whose last event has come; else it is hung up on
_REFUSAL = 1 << 14  # bytes of an error's body that are looked at
_SAME = (  # the name of today, and the one it replaced
    ("max_completion_tokens", "max_tokens"),
    ("tools", "functions"),
    ("tool_choice", "function_call"),
)
_WITH_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")  # refused where there are no tools
_SAMPLING = ("temperature", "top_p")
_IDLE = 60.0  # seconds that a connection is kept for the next turn


def relay(
    url: str, key: str | Secret | None = None, model: str | None = None, **parameters: Any
) -> Relay:
    """An answer that another OpenAI-compatible server gives: OpenAI, Ollama, vLLM, llama.cpp.

    Its bytes are passed on as they come, thoughts among them: ElevenLabs documents nowhere that it
    leaves `<think>…</think>` out of what it says. Have the server keep them out of `content`
    (vLLM's `--reasoning-parser`), or ask it yourself in an answer function: `webhook` leaves them
    out of the text and the chunks that one yields.

    Args:
        url: its base, such as `https://api.openai.com/v1`, or the whole path.
        key: its API key.
        model: the model to ask for; None passes on the one in the agent's settings.
        parameters: more of the request's fields, such as `max_completion_tokens=150`; they
            outweigh the platform's. OpenAI's models of today want `reasoning_effort="none"`:
            they think before they speak, and refuse tools while they do.

    Raises:
        ValueError: the URL has no host.
    """
    key = None if key is None else Secret.of(key)
    return Relay(url, key, model, parameters)


class Relay:
    """Made by `relay`; call it with a turn for the server's stream as blocks of bytes."""

    def __init__(
        self, url: str, key: Secret | None, model: str | None, parameters: dict[str, Any]
    ) -> None:
        self.url = ""  # shown by a traceback, should the next lines refuse
        check_type("url", url, str, "Pass the server's address, like http://host:port/v1.")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no server's address. Give one like http://host:port/v1.")
        self.url = url.rstrip("/").removesuffix(_PATH) + _PATH
        self._key = key
        self._fields = {**parameters, **({"model": model} if model else {})}
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, _Session] = WeakKeyDictionary()

    def __repr__(self) -> str:
        host = urlsplit(self.url).netloc.rpartition("@")[2]
        return f"<relay to {host}>"

    async def __call__(self, turn: Turn) -> AsyncIterator[bytes]:
        """Ask the server, and pass its stream on.

        Raises:
            UpstreamError: it refused, was not there, or broke off.
        """
        response = await self._ask(self.body(turn))
        last = b""
        try:
            while block := await response.content.readany():
                last = block
                yield block
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamError("The server broke off within its answer.", "dropped") from error
        finally:
            if last.rstrip().endswith(_DONE) and not response.content.at_eof():
                with suppress(TimeoutError, aiohttp.ClientError):
                    async with asyncio.timeout(_TO_END):
                        await response.read()
            response.close()  # keeps the connection if the answer was read to its end

    def body(self, turn: Turn) -> dict[str, Any]:
        """What is sent: the platform's request without the fields that a strict server refuses."""
        asked = {name: value for name, value in turn.body.items() if value is not None}
        for today, before in _SAME:  # a server that knows both refuses a request with both
            if today in self._fields or before in self._fields:
                asked.pop(today, None)
                asked.pop(before, None)
            elif today in asked:
                asked.pop(before, None)
        body = {**asked, "messages": turn.messages, "stream": True, **self._fields}
        body.pop("elevenlabs_extra_body", None)
        user = body.pop("user_id", None)
        if user and "user" not in body:
            body["user"] = user
        body.setdefault("model", turn.model)
        for name in () if body.get("tools") else _WITH_TOOLS:
            body.pop(name, None)
        if effort := body.get("reasoning_effort"):  # such a model refuses what others take
            limit = body.pop("max_tokens", None)
            body |= {"max_completion_tokens": limit} if limit else {}
            for name in () if effort == "none" else _SAMPLING:
                body.pop(name, None)
        return body

    async def _ask(self, body: dict[str, Any]) -> aiohttp.ClientResponse:
        data = mending.dumps(body)
        session = await self._session()
        for attempt in (1, 2):  # from None: the causes' frames hold the headers, and the key
            try:
                response = await session.post(
                    self.url,
                    data=data,
                    headers=self._headers(),
                    allow_redirects=False,  # the conversation and the key are for this address
                )
                break
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if isinstance(error, aiohttp.ClientConnectorError):
                    raise self._unreachable(error) from None
                # A kept connection may have been closed just now; asking for words changes nothing.
                if attempt == 2:
                    raise UpstreamError("The server hung up.", "dropped") from None
            except OSError as error:  # a timeout is one
                raise self._unreachable(error) from None
            except aiohttp.ClientError as error:
                raise UpstreamError(
                    f"What answers there does not speak HTTP ({type(error).__name__}).", "malformed"
                ) from None
        try:
            await _check(response)
        except BaseException:
            response.close()
            raise
        return response

    def _headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if self._key is None:
            return headers
        return {**headers, "authorization": f"Bearer {self._key.reveal()}"}

    def _unreachable(self, error: Exception) -> UpstreamError:
        host = urlsplit(self.url).netloc.rpartition("@")[2]
        return UpstreamError(
            f"The server at {host} cannot be reached ({type(error).__name__}). Check its address, "
            "and that it runs.",
            "unreachable",
        )

    async def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        kept = self._sessions.get(loop)
        if kept is None:
            kept = self._sessions[loop] = _Session(loop)
        return await kept.ready


class _Session:
    """A session that a task of its loop holds, so that it is closed when the loop ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ready: asyncio.Future[aiohttp.ClientSession] = loop.create_future()
        self._task = loop.create_task(self._hold(), name="voicekit-relay")

    async def _hold(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE)
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5.0),
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            self.ready.set_result(session)
            await asyncio.get_running_loop().create_future()  # until the loop ends


async def _check(response: aiohttp.ClientResponse) -> None:
    """See that the answer is a stream.

    Raises:
        UpstreamError: it is not.
    """
    if response.status == 200 and response.content_type == "text/event-stream":
        return
    if response.status == 200:
        raise UpstreamError(
            f"The server answered with {response.content_type}, not with a stream of events.",
            "malformed",
        )
    if 300 <= response.status < 400:
        raise UpstreamError(
            f"The server sends its callers elsewhere ({response.status}). The conversation and the "
            "key go to the address given to relay(…) only: give it the right one.",
            "redirected",
            response.status,
        )
    said: Any = None
    with suppress(TimeoutError, aiohttp.ClientError, ValueError):
        async with asyncio.timeout(2.0):
            said = json.loads(await response.content.read(_REFUSAL))
    raise UpstreamError.refused(response.status, said)
