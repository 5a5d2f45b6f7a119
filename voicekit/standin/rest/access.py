"""How clients get at an agent: signed URLs, links, tokens, the widget's settings.

Sources: https://elevenlabs.io/docs/api-reference/conversations/get-signed-url, …/agents/get-link.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents.store import Agent
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.settings import Sent, read_query


class SignedUrlQuery(Sent):
    """For whom a URL is signed."""

    agent_id: str
    include_conversation_id: bool = False


async def signed_url(request: Request) -> Response:
    """`GET /v1/convai/conversation/get-signed-url`: on this server, for a quarter of an hour."""
    state = admitted(request)
    query = read_query(SignedUrlQuery, request.query_params)
    agent = state.agents.get(query.agent_id)
    conversation_id = state.conversations.next_id() if query.include_conversation_id else None
    named = {"agent_id": agent.agent_id}
    if conversation_id:
        named["conversation_id"] = conversation_id
    named["conversation_signature"] = state.signatures.sign(agent.agent_id, conversation_id)
    url = request.url
    scheme = "wss" if url.scheme == "https" else "ws"
    path = f"{request.scope['root_path']}/v1/convai/conversation"
    return JSONResponse({"signed_url": f"{scheme}://{url.netloc}{path}?{urlencode(named)}"})


async def token(_request: Request) -> Response:
    """`GET /v1/convai/conversation/token`: refused, since it opens a LiveKit room."""
    said = (
        "The stand-in has no WebRTC: a conversation token is good for a LiveKit server only. "
        "Connect by WebSocket: connectionType 'websocket' with an agentId or a signed URL."
    )
    raise Refusal("elevenlabs", "not_implemented", said)


async def single_use(request: Request) -> Response:
    """`POST /v1/single-use-token/{kind}`: what a browser opens a transcription with, once."""
    state = admitted(request)
    kind = request.path_params["kind"]
    if kind != "realtime_scribe":
        said = f"The stand-in makes no single-use tokens ({kind}). Send any xi-api-key instead."
        raise Refusal("elevenlabs", "not_implemented", said)
    return JSONResponse({"token": state.signatures.sign(kind, "used once")})


async def link(request: Request) -> Response:
    """`GET /v1/convai/agents/{agent_id}/link`: a signature if the agent asks for one."""
    state = admitted(request)
    agent = state.agents.get(request.path_params["agent_id"])
    if not agent.platform_settings["auth"]["enable_auth"]:
        return JSONResponse({"agent_id": agent.agent_id, "token": None})
    signature = state.signatures.sign(agent.agent_id)
    return JSONResponse(
        {
            "agent_id": agent.agent_id,
            "token": {
                "agent_id": agent.agent_id,
                "conversation_token": signature,
                "expiration_time_unix_secs": int(state.signatures.expires(signature)),
                "conversation_id": None,
                "purpose": "signed_url",
            },
        }
    )


async def widget(request: Request) -> Response:
    """`GET /v1/convai/agents/{agent_id}/widget`: needs no key, as pages that embed it have none."""
    agent: Agent = request.state.standin.agents.get(request.path_params["agent_id"])
    config = agent.conversation_config
    settings = agent.platform_settings.get("widget")
    return JSONResponse(
        {
            "agent_id": agent.agent_id,
            "widget_config": {
                **(settings if isinstance(settings, dict) else {}),
                "language": config["agent"]["language"],
                "supported_language_overrides": sorted(config["language_presets"]) or None,
                "first_message": config["agent"]["first_message"] or None,
                "text_only": config["conversation"]["text_only"],
                "supports_text_only": True,
                "use_rtc": False,
            },
        }
    )
