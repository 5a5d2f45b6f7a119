"""THE route table of the stand-in, and the layers every request passes through.

A request meets, from the outside in: a number, the journal, a fault if one waits for it, the
vendor's way of refusing, and then its handler. Paths are the vendors', in the vendors' order.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute

from voicekit.serving import App, Receive, Scope, Send
from voicekit.standin import account, control
from voicekit.standin.catalog import listing
from voicekit.standin.conversation.socket import conversation
from voicekit.standin.http.faults import Faulting
from voicekit.standin.http.journal import Journaling
from voicekit.standin.http.refusals import Refusal, Refusing, refuse
from voicekit.standin.openai import chat_completions, responses, transcriptions
from voicekit.standin.rest.routes import AGENTS
from voicekit.standin.speech import dialogue, realtime, speech_to_text, text_to_speech
from voicekit.standin.speech.multi_stream_input import multi_stream_input
from voicekit.standin.speech.stream_input import stream_input
from voicekit.standin.tenants import Tenants

Handler = Callable[[Request], Awaitable[Response]]


def _get(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["GET"])


def _post(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["POST"])


def _any(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["GET", "POST", "PUT", "DELETE"])


_WORD = re.compile("[a-z][a-z-]*")
_SPEECH = "/v1/text-to-speech/{voice_id}"

ELEVENLABS: Sequence[BaseRoute] = (
    _post(_SPEECH, text_to_speech.convert),
    _post(f"{_SPEECH}/stream", text_to_speech.stream),
    _post(f"{_SPEECH}/with-timestamps", text_to_speech.convert_with_timestamps),
    _post(f"{_SPEECH}/stream/with-timestamps", text_to_speech.stream_with_timestamps),
    WebSocketRoute(f"{_SPEECH}/stream-input", stream_input),
    WebSocketRoute(f"{_SPEECH}/multi-stream-input", multi_stream_input),
    WebSocketRoute("/v1/text-to-dialogue/stream-input", dialogue.stream_input),
    WebSocketRoute("/v1/text-to-dialogue/multi-stream-input", dialogue.multi_stream_input),
    WebSocketRoute("/v1/convai/conversation", conversation),
    *AGENTS,  # the REST half: see agent/routes.py
    _post("/v1/speech-to-text", speech_to_text.convert),
    WebSocketRoute(realtime.PATH, realtime.realtime),
    _get("/v1/voices", listing.all_voices),
    _get("/v2/voices", listing.search_voices),
    _get("/v1/voices/settings/default", listing.default_settings),
    _get("/v1/voices/{voice_id}", listing.one_voice),
    _get("/v1/voices/{voice_id}/settings", listing.voice_settings),
    _get("/v1/models", listing.models),
    _get("/v1/user", account.user),
    _get("/v1/user/subscription", account.subscription),
)

OPENAI: Sequence[BaseRoute] = (
    _get("/v1/models", chat_completions.list_models),
    _get("/v1/models/{model}", chat_completions.retrieve_model),
    _post("/v1/chat/completions", chat_completions.create_completion),
    _post("/v1/audio/transcriptions", transcriptions.create_transcription),
    _post("/v1/responses", responses.create),
    _get("/v1/responses/{response}", responses.retrieve),
    Route("/v1/responses/{response}", responses.delete, methods=["DELETE"]),
)

STANDIN: Sequence[BaseRoute] = (
    _get("/", control.index),
    _get("/journal", control.journal),
    _post("/reset", control.reset),
    _any("/profile", control.profile),
    _any("/faults", control.faults),
    _any("/settings", control.settings),
    _get("/authority", control.authority),
)


def build(tenants: Tenants) -> App:
    """The whole stand-in as one ASGI app."""
    vendors = {
        "/elevenlabs": Refusing(_router("elevenlabs", ELEVENLABS), "elevenlabs"),
        "/openai": Refusing(_router("openai", OPENAI), "openai"),
    }
    own = control.Answering(_router("elevenlabs", STANDIN), tenants)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        prefix = "/".join(scope["path"].split("/")[:2])  # the path need not begin with a slash
        scope["root_path"] = prefix
        await vendors.get(prefix, _lost)(scope, receive, send)

    journaled = Journaling(Faulting(dispatch))

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/_standin"):  # looking at the journal leaves no trace in it
            scope["root_path"] = "/_standin"
            await own(scope, receive, send)
            return
        state = tenants.choose(scope)
        scope["state"] = {"standin": state, "tenants": tenants}
        scope["voicekit.at"] = state.now()
        scope["voicekit.request_id"] = state.next_id("req")
        await journaled(scope, receive, send)

    return enter


def _router(vendor: str, routes: Sequence[BaseRoute]) -> App:
    """A router that says what is known when asked for what is not."""
    known = ", ".join(str(getattr(route, "path", route)) for route in routes)

    async def unknown(scope: Scope, _receive: Receive, _send: Send) -> None:
        said = f"{_path(scope)} is not served here. The stand-in knows: {known}."
        raise Refusal(vendor, "not_found", said)

    router = Router(routes, redirect_slashes=False, default=unknown)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = router  # with it, a wrong method raises instead of answering in plain text
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            methods = (error.headers or {}).get("Allow", "").split(", ")
            served = " or ".join(sorted({*methods} - {"HEAD"}))
            said = f"{scope['method']} {_path(scope)} is not served here; {served} is."
            raise Refusal(vendor, "method_not_allowed", said) from error
        except Refusal as refusal:
            if refusal.status == 404 and _has_a_word_for_an_id(scope):
                refusal.message = (
                    f"{_path(scope)} is not served here. Taken for an id: {refusal.message}"
                )
            raise

    return route


def _path(scope: Scope) -> str:
    return repr(scope["path"].removeprefix(scope["root_path"]))


def _has_a_word_for_an_id(scope: Scope) -> bool:
    """Whether an id is a plain word: the vendor may have a path of that name."""
    return any(_WORD.fullmatch(str(one)) for one in scope.get("path_params", {}).values())


async def _lost(scope: Scope, receive: Receive, send: Send) -> None:
    message = (
        "This is voicekit's stand-in. ElevenLabs is under /elevenlabs/v1/…, "
        "OpenAI under /openai/v1/…, the control plane under /_standin/."
    )
    await refuse(scope, receive, send, 404, message)
