"""`/v1/convai/tools`: tools that agents share. Source: …/docs/api-reference/tools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.store import Agent
from voicekit.standin.agents.toolbox import Tool
from voicekit.standin.http import pagination
from voicekit.standin.records.representations import ACCESS, identified

Types = Annotated[list[str] | None, Field(max_length=10)]


class ToolQuery(pagination.PageQuery):
    """How tools are listed."""

    types: Types = None
    sort_by: Literal["name", "created_at"] | None = None
    used_by_agent_id: str | None = None


async def create(request: Request) -> Response:
    """`POST /v1/convai/tools`."""
    state = admitted(request)
    return JSONResponse(_whole(state.tools.create(await request_bodies.json_object(request))))


async def get(request: Request) -> Response:
    """`GET /v1/convai/tools/{tool_id}`."""
    return JSONResponse(_whole(admitted(request).tools.get(request.path_params["tool_id"])))


async def update(request: Request) -> Response:
    """`PATCH /v1/convai/tools/{tool_id}`: another configuration, whole."""
    state = admitted(request)
    body = await request_bodies.json_object(request)
    return JSONResponse(_whole(state.tools.update(request.path_params["tool_id"], body)))


async def delete(request: Request) -> Response:
    """`DELETE /v1/convai/tools/{tool_id}`."""
    admitted(request).tools.delete(request.path_params["tool_id"])
    return JSONResponse({})


async def listing(request: Request) -> Response:
    """`GET /v1/convai/tools`: the oldest first."""
    state = admitted(request)
    query = pagination.asked(request, ToolQuery)
    user = state.agents.find(query.used_by_agent_id) if query.used_by_agent_id else None
    found = [
        tool
        for tool in state.tools.all()
        if query.search.lower() in tool.config["name"].lower()
        and (query.types is None or tool.config["type"] in query.types)
        and (query.used_by_agent_id is None or (user is not None and _uses(user, tool)))
    ]
    if query.sort_by == "name":
        found.sort(key=lambda tool: str(tool.config["name"]))
    if query.sort_direction == "desc":
        found.reverse()
    rows, more = pagination.page(found, query)
    return JSONResponse({"tools": [_whole(tool) for tool in rows], **more})


async def dependents(request: Request) -> Response:
    """`GET /v1/convai/tools/{tool_id}/dependent-agents`."""
    state = admitted(request)
    tool = state.tools.get(request.path_params["tool_id"])
    query = pagination.asked(request, pagination.PageQuery)
    found = [agent for agent in state.agents.all() if _uses(agent, tool)]
    rows, more = pagination.page(found, query)
    return JSONResponse({"agents": [identified(agent) for agent in rows], **more})


def _uses(agent: Agent, tool: Tool) -> bool:
    return tool.id in agent.prompt["tool_ids"]


def _whole(tool: Tool) -> dict[str, Any]:
    mean = tool.seconds / tool.calls if tool.calls else 0.0
    return {
        "id": tool.id,
        "tool_config": tool.config,
        "access_info": ACCESS,
        "usage_stats": {"total_calls": tool.calls, "avg_latency_secs": mean},
    }
