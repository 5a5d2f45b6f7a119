"""The webhook as an ASGI app: its routes, and how it is made."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from voicekit.arguments import check_callable
from voicekit.serving import Receive, Scope, Send
from voicekit.serving.lingering import Lingering
from voicekit.webhook import chunks, responses, turn
from voicekit.webhook.guard import Anyone, Guard, Refused
from voicekit.webhook.log import Entry, Log
from voicekit.webhook.reply import Answer, Context, Manner, Reply
from voicekit.world.keys import Secret

APOLOGY = "Sorry, something went wrong on my side. Could you say that again?"
_AN_ANSWER = "Pass a function of one turn, without calling it, or relay(…)."
_MADE = "the webhook itself"
_HINT = " It made one itself: app.secret.reveal(), or give yours, webhook(answer, secret=…)."
_READ_AHEAD = 1 << 16  # bytes that uvicorn reads of a body that nobody asks for
_ELLIPSES = ("... ", "… ")
_OWNER = "voicekit"


class _Api(NamedTuple):
    """One of OpenAI's two APIs: its path, and how a request and its answer are written."""

    path: str
    parse: Callable[..., turn.Turn]
    streamed: type[chunks.Form]
    whole: type[chunks.Form]
    schema: dict[str, Any]
    answer: str


_CHAT = _Api("/chat/completions", turn.parse, chunks.Events, chunks.Whole, turn.SCHEMA, "choices")
_RESPONSES = _Api(
    responses.PATH, responses.parse, responses.Events, responses.Whole, responses.SCHEMA, "output"
)
_PLAIN = _CHAT._replace(path="/llm-webhook", streamed=chunks.Plain, whole=chunks.Plain)
_APIS = (_CHAT, _RESPONSES)
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "object", "required": ["message", "type"]}},
}
_REFUSALS = {
    400: "not a chat completion request",
    401: "wrong or no secret",
    408: "the body did not come",
    413: "the body is too large",
    415: "the body is no JSON, by its own account",
    429: "too many answers under way",
    500: "the answer failed",
    502: "the server behind it failed",
}


def webhook(
    answer: Answer,
    *,
    secret: str | Secret | Sequence[str | Secret] | Anyone | None = None,
    system: str | None = None,
    context: Context | None = None,
    filler: str | Sequence[str] | None = None,
    filler_after: float = 0.8,
    max_sentences: int | None = None,
    max_characters: int | None = None,
    language: str = "en",
    timeout: float = 15.0,
    longest: float = 120.0,
    apology: str = APOLOGY,
    max_body: int = 1 << 20,
    streams: int = 200,
    keep_contents: bool = False,
) -> Webhook:
    """The endpoint that ElevenLabs calls as a custom LLM, around your own answer.

    Args:
        answer: an async generator function of a `Turn` that yields text, `ToolCall`s, chat
            completion chunks or another server's bytes; or `relay(…)`. A function that returns
            text or a stream of these will do, and so will a synchronous one, in a thread.
            What a model thinks aloud, `<think>…</think>`, is left out, but not of bytes.
        secret: what the platform sends as `Authorization: Bearer …`, the custom LLM's API key in
            the agent's settings; several while one is being replaced. None makes one, to be read
            with `app.secret.reveal()`: in each process another. `voicekit.webhook.ANYONE` asks
            for none, and then whoever finds the address may ask.
        system: a system prompt to put before the platform's.
        context: a function of the turn that looks up facts for the reply; text, a list of texts,
            or nothing. They are put before what the caller said last.
        filler: words to say when nothing has come after `filler_after` seconds; they end in
            "... ", with the space, so that the voice starts and its melody goes on. Several take
            turns.
        filler_after: seconds.
        max_sentences: cut the reply after so many.
        max_characters: cut the reply at the last word before so many.
        language: whose rules tell where a sentence ends.
        timeout: seconds without anything from the answer after which it has failed.
        longest: seconds after which any answer is ended.
        apology: what the caller hears when the answer fails.
        max_body: bytes of a request.
        streams: answers under way at once for each secret; more get a 429.
        keep_contents: keep in the log what was said. Mind whose words these are.

    Raises:
        TypeError: `answer` cannot be called with a turn.
        ValueError: a filler without its ellipsis and space, an empty secret, or a limit below 1.
    """
    # A traceback that shows variables shows no key then, also of what is refused here.
    secret = _hidden(secret)
    asked = _secrets(secret)
    check_callable("answer", answer, 1, _AN_ANSWER)
    fillers = [filler] if isinstance(filler, str) else list(filler or ())
    for words in fillers:
        if not words.endswith(_ELLIPSES):
            raise ValueError(f'The filler {words!r} must end in "... ", with the space.')
    limits = {"max_sentences": max_sentences, "max_characters": max_characters, "streams": streams}
    for name, limit in limits.items():
        if limit is not None and limit < 1:
            raise ValueError(f"{name} must be at least 1, not {limit}.")
    manner = Manner(
        answer=answer,
        system=system,
        context=context,
        fillers=fillers,
        filler_after=filler_after,
        max_sentences=max_sentences,
        max_characters=max_characters,
        language=language,
        timeout=timeout,
        longest=longest,
        apology=apology,
        keep_contents=keep_contents,
    )
    made = next((one for one in asked if one.source == _MADE), None)
    guard = Guard(asked, max_body, streams, _HINT if made else "")
    return Webhook(manner, guard, asked[0] if asked else None)


def _unlocked(request: Request) -> dict[str, str]:
    """A request's headers without the secret."""
    headers = request.headers
    return {name: headers[name] for name in headers if name != "authorization"}


def _hidden(
    given: str | Secret | Sequence[str | Secret] | Anyone | None,
) -> list[Secret] | Anyone | None:
    if given is None or isinstance(given, Anyone):
        return given
    return [Secret.of(one) for one in ([given] if isinstance(given, str | Secret) else given)]


def _secrets(given: list[Secret] | Anyone | None) -> list[Secret]:
    """The secrets to ask for; one is made unless told otherwise.

    Raises:
        ValueError: one is empty, or there is none in a list.
    """
    if given is None:
        return [Secret(secrets.token_urlsafe(24), _MADE)]
    if isinstance(given, Anyone):
        return []
    if not given or "" in given:
        raise ValueError(
            "The secret is empty. Leave it out, and the webhook makes one; "
            "secret=voicekit.webhook.ANYONE lets everybody ask."
        )
    return given


async def _refuse(_request: Request, error: Exception) -> Response:
    """Whatever else went wrong, in the shape that OpenAI's clients read."""
    headers = None
    if isinstance(error, HTTPException):
        status, message, headers = error.status_code, str(error.detail), error.headers
    elif isinstance(error, RequestValidationError):
        first = error.errors()[0]
        status, message = 422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        status, message = 500, "The webhook failed; its log says more."
    code = HTTPStatus(status).phrase.lower().replace(" ", "_")
    return Refused(status, code, message).response(headers)


class Webhook(FastAPI):
    """Made by `webhook`: a FastAPI app, to which you may add routes of your own.

    `log` shows the requests so far as a table. `secret` is what callers must show, the first of
    several, and None when anybody may call.
    """

    def __init__(self, manner: Manner, guard: Guard, secret: Secret | None) -> None:
        super().__init__(title="voicekit webhook", docs_url=None, redoc_url=None)
        self.log = Log()
        self._made = int(time.time())
        self.secret = secret
        self._whole = Lingering(self._direct, over=_READ_AHEAD)
        self._manner = manner
        self._guard = guard
        for api in _APIS:
            for base in ("/v1", "", "/{base:path}"):
                self._post(base + api.path, api, shown=base == "/v1")
        self._post(_PLAIN.path, _PLAIN, shown=True)
        for base in ("/v1", ""):
            for path in ("/models", "/models/{model:path}"):
                self.add_api_route(
                    base + path, self._models, methods=["GET"], include_in_schema=False
                )
        for kind in (HTTPException, RequestValidationError, Exception):
            self.add_exception_handler(kind, _refuse)
        self.add_api_route("/health", self._health, methods=["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, also whoever is refused in the middle of sending."""
        await self._whole(scope, receive, send)

    async def _direct(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a turn directly: each of FastAPI's layers would cost time at every word."""
        post = scope["type"] == "http" and scope["method"] == "POST" and not self.user_middleware
        api = next((one for one in _APIS if post and scope["path"].endswith(one.path)), None)
        if api is None:
            await super().__call__(scope, receive, send)
            return
        reply = await self._receive(Request(scope, receive), api)
        await reply(scope, receive, send)

    def __repr__(self) -> str:
        if self.secret is None:
            who = ", open to anyone"
        else:
            who = ", its secret: app.secret.reveal()" if self.secret.source == _MADE else ""
        return f"<webhook, {len(self.log)} requests, {self._guard.streams} answers under way{who}>"

    def openapi(self) -> dict[str, Any]:
        """FastAPI's description, with what it cannot know: the raw handlers' schemas."""
        described = super().openapi()
        parts = described.setdefault("components", {})
        for api in _APIS:
            parts.setdefault("schemas", {}).update(deepcopy(api.schema["$defs"]))
        parts["securitySchemes"] = {"secret": {"type": "http", "scheme": "bearer"}}
        return described

    def _post(self, path: str, api: _Api, shown: bool) -> None:
        async def handler(request: Request) -> Response:
            return await self._receive(request, api)

        schema = {name: part for name, part in api.schema.items() if name != "$defs"}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        extra: dict[str, Any] = {"requestBody": body}
        if self._guard.asks:
            extra["security"] = [{"secret": []}]
        text = {"schema": {"type": "string"}}
        whole = {"schema": {"type": "object", "required": [api.answer]}}
        plain = api is _PLAIN
        event = {"type": "object", "required": ["data"], "properties": {"data": text["schema"]}}
        fine = {"text/plain": text} if plain else {"text/event-stream": {"schema": event}}
        json_too = {} if plain else {"application/json": whole}
        failing = {"application/json": {"schema": _ERROR}}
        self.add_api_route(
            path,
            handler,
            methods=["POST"],
            name=api.path.strip("/"),
            include_in_schema=shown,
            response_model=None,
            response_class=Response,
            openapi_extra=extra,
            responses={
                200: {"description": "The answer, as it comes.", "content": {**fine, **json_too}},
                **{
                    status: {"description": why, "content": failing}
                    for status, why in _REFUSALS.items()
                },
            },
        )

    async def _health(self) -> dict[str, Any]:
        """Whether it runs, and how many answers are under way."""
        return {"ok": True, "streams": self._guard.streams}

    async def _models(self, request: Request) -> Response:
        """The one model there is: whichever name is asked for, the same answer is given."""
        try:
            self._guard.admit(request)
        except Refused as refusal:
            return refusal.response()
        name = request.path_params.get("model", _OWNER)
        model = {"id": name, "object": "model", "created": self._made, "owned_by": _OWNER}
        one = "model" in request.path_params
        return JSONResponse(model if one else {"object": "list", "data": [model]})

    async def _receive(self, request: Request, api: _Api) -> Response:
        entry = self.log.add(Entry(request.scope["path"]))
        guard = self._guard
        place: int | None = None
        try:
            who = guard.admit(request)
            guard.check_type(request)
            guard.enter(who)
            place = who
            asked = api.parse(await guard.read(request), _unlocked(request))
            entry.turn = asked.key[:6]
            form = api.streamed if asked.body.get("stream") else api.whole
            reply = Reply(self._manner, asked, form, entry, lambda: guard.leave(who))
            place = None  # now it is the reply's to give back
        except Refused as refusal:
            entry.status, entry.finish, entry.note = refusal.status, "refused", refusal.code
            return refusal.response()
        except ValueError as error:
            entry.status, entry.finish, entry.note = 400, "refused", "invalid_request"
            return Refused(400, "invalid_request", str(error)).response()
        except ClientDisconnect:
            entry.finish = "hung up"
            return Response(status_code=400)  # nobody reads it
        finally:
            if place is not None:
                guard.leave(place)
        return reply
