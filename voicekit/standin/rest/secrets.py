"""`/v1/convai/secrets`: values go in and never come out. Source: …/docs/api-reference/workspace."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.secrets import Secret
from voicekit.standin.http import pagination
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.records.representations import identified
from voicekit.standin.speech.settings import Sent
from voicekit.standin.state import State


class NewSecret(Sent):
    """A secret to keep."""

    type: Literal["new"]
    name: str
    value: SecretStr


class ChangedSecret(NewSecret):
    """A secret to keep in place of an old one."""

    type: Literal["update"]  # type: ignore[assignment]


class SecretQuery(pagination.PageQuery):
    """How secrets are listed."""

    dependency_limit: int | None = None


async def create(request: Request) -> Response:
    """`POST /v1/convai/secrets`."""
    state = admitted(request)
    wanted = await request_bodies.body(request, NewSecret)
    return JSONResponse(_named(state.vault.put(wanted.name, wanted.value)))


async def update(request: Request) -> Response:
    """`PATCH /v1/convai/secrets/{secret_id}`."""
    state = admitted(request)
    wanted = await request_bodies.body(request, ChangedSecret)
    old = state.vault.get(request.path_params["secret_id"])
    return JSONResponse(_named(state.vault.put(wanted.name, wanted.value, old.secret_id)))


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/secrets/{secret_id}`: refused while an agent or a tool uses it."""
    state = admitted(request)
    secret = state.vault.get(request.path_params["secret_id"])
    used = _used_by(state, secret)
    if used["agents"] or used["tools"]:
        said = "This secret is in use: take it out of the agents and tools that name it first."
        raise Refusal("elevenlabs", "invalid_parameters", said, "secret_id")
    state.vault.delete(secret.secret_id)
    return Response(status_code=204)


async def listing(request: Request) -> Response:
    """`GET /v1/convai/secrets`."""
    state = admitted(request)
    query = pagination.asked(request, SecretQuery)
    found = [kept for kept in state.vault.all() if query.search.lower() in kept.name.lower()]
    rows, more = pagination.page(found, query)
    named = [_named(secret) | {"used_by": _used_by(state, secret)} for secret in rows]
    return JSONResponse({"secrets": named, **more})


def _named(secret: Secret) -> dict[str, Any]:
    return {"type": "stored", "secret_id": secret.secret_id, "name": secret.name}


def _used_by(state: State, secret: Secret) -> dict[str, Any]:
    agents = [a for a in state.agents.all() if _names(a.conversation_config, secret.secret_id)]
    tools = [t for t in state.tools.all() if _names(t.config, secret.secret_id)]
    return {
        "tools": [
            {
                "id": tool.id,
                "name": tool.config["name"],
                "type": "available",
                "created_at_unix_secs": int(tool.created),
                "access_level": "admin",
            }
            for tool in tools
        ],
        "agents": [identified(agent) for agent in agents],
        "others": [],
        "phone_numbers": [],
    }


def _names(value: Any, secret_id: str) -> bool:
    """Whether a configuration names this secret anywhere."""
    if isinstance(value, dict):
        inside = any(_names(part, secret_id) for part in value.values())
        return value.get("secret_id") == secret_id or inside
    return isinstance(value, list) and any(_names(part, secret_id) for part in value)
