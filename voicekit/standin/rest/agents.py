"""`/v1/convai/agents`: create, get, list, change, duplicate, delete.

Source: https://elevenlabs.io/docs/api-reference/agents. A configuration that is accepted and has no
effect is answered as on the platform, and named in the header `x-voicekit-warning` and the journal.
"""

from __future__ import annotations

from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.store import Agent
from voicekit.standin.http import pagination
from voicekit.standin.records.representations import ACCESS
from voicekit.standin.speech.settings import Sent
from voicekit.standin.state import State


class AgentQuery(pagination.PageQuery):
    """How agents are listed."""

    archived: bool | None = None
    sort_by: Literal["name", "created_at", "call_count_7d"] | None = None


class Copy(Sent):
    """What duplicating an agent may say."""

    name: str | None = None


async def create(request: Request) -> Response:
    """`POST /v1/convai/agents/create`."""
    state = admitted(request)
    agent = state.agents.create(await request_bodies.json_object(request))
    return _warned(request, agent, {"agent_id": agent.agent_id})


async def get(request: Request) -> Response:
    """`GET /v1/convai/agents/{agent_id}`."""
    state = admitted(request)
    return JSONResponse(_whole(state.agents.get(request.path_params["agent_id"])))


async def update(request: Request) -> Response:
    """`PATCH /v1/convai/agents/{agent_id}`: what is not named stays as it is."""
    state = admitted(request)
    change = await request_bodies.json_object(request)
    agent = state.agents.update(request.path_params["agent_id"], change)
    return _warned(request, agent, _whole(agent))


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/agents/{agent_id}`."""
    admitted(request).agents.delete(request.path_params["agent_id"])
    return Response(status_code=204)


async def duplicate(request: Request) -> Response:
    """`POST /v1/convai/agents/{agent_id}/duplicate`."""
    state = admitted(request)
    name = (await request_bodies.body(request, Copy)).name
    agent = state.agents.duplicate(request.path_params["agent_id"], name)
    return JSONResponse({"agent_id": agent.agent_id})


async def listing(request: Request) -> Response:
    """`GET /v1/convai/agents`: the newest first, unless sorted by name."""
    state = admitted(request)
    query = pagination.asked(request, AgentQuery)
    word = query.search.lower()
    found = [agent for agent in state.agents.all() if word in agent.name.lower()]
    if query.archived is not None:
        found = [agent for agent in found if _archived(agent) == query.archived]
    if query.sort_by == "name":
        found.sort(key=lambda agent: agent.name)
    elif query.sort_direction != "asc":
        found.reverse()
    if query.sort_by == "name" and query.sort_direction == "desc":
        found.reverse()
    rows, more = pagination.page(found, query)
    return JSONResponse({"agents": [_row(state, agent) for agent in rows], **more})


async def summaries(request: Request) -> Response:
    """`GET /v1/convai/agents/summaries`: by id, each found or not."""
    state = admitted(request)
    answer: dict[str, Any] = {}
    for agent_id in request.query_params.getlist("agent_ids"):
        agent = state.agents.find(agent_id)
        answer[agent_id] = (
            {"status": "success", "data": _row(state, agent)}
            if agent
            else {
                "status": "failure",
                "error_code": 404,
                "error_status": "agent_not_found",
                "error_message": f"There is no agent {agent_id!r}.",
            }
        )
    return JSONResponse(answer)


def _warned(request: Request, agent: Agent, body: dict[str, Any]) -> Response:
    if not agent.warnings:
        return JSONResponse(body)
    request.scope["voicekit.journal"]["warnings"] = agent.warnings
    said = " ".join(agent.warnings).encode("ascii", "replace").decode()
    return JSONResponse(body, headers={"x-voicekit-warning": said})


def _archived(agent: Agent) -> bool:
    return bool(agent.platform_settings.get("archived"))


def _whole(agent: Agent) -> dict[str, Any]:
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "conversation_config": agent.conversation_config,
        "metadata": {
            "created_at_unix_secs": int(agent.created),
            "updated_at_unix_secs": int(agent.updated),
        },
        "platform_settings": agent.platform_settings,
        "phone_numbers": [],
        "whatsapp_accounts": [],
        "workflow": agent.workflow,
        "access_info": ACCESS,
        "tags": agent.tags,
        "version_id": None,
        "branch_id": None,
        "main_branch_id": None,
        "procedures": {},
    }


def _row(state: State, agent: Agent) -> dict[str, Any]:
    mine = (r.started for r in state.conversations.all() if r.agent_id == agent.agent_id)
    last = max(mine, default=None)
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "voice_id": agent.conversation_config["tts"]["voice_id"],
        "tags": agent.tags,
        "created_at_unix_secs": int(agent.created),
        "updated_at_unix_secs": int(agent.updated),
        "access_info": ACCESS,
        "last_call_time_unix_secs": None if last is None else int(last),
        "archived": _archived(agent),
    }
