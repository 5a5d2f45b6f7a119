"""`…/agents/{agent_id}/simulate-conversation`, whole and as a stream of transcript items."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.conversation.ending import Ended
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.records import representations
from voicekit.standin.rest import simulation
from voicekit.standin.rest.simulated_user import RULES
from voicekit.standin.rest.simulation import SimulationBody


async def whole(request: Request) -> Response:
    """`POST …/simulate-conversation`: who made the text is said in the summary."""
    state = admitted(request)
    agent = state.agents.get(request.path_params["agent_id"])
    body = await request_bodies.body(request, SimulationBody)
    try:
        said = [item.body() async for item in simulation.items(state, agent, body)]
    except Ended as ended:
        raise _refused(ended) from None
    own = agent.platform_settings["evaluation"]["criteria"]
    criteria = [*own, *(body.extra_evaluation_criteria or [])]
    return JSONResponse(
        {
            "simulated_conversation": said,
            "analysis": {
                "call_successful": "unknown",
                "transcript_summary": f"{RULES} {representations.UNJUDGED}",
                "evaluation_criteria_results": representations.judged(criteria),
                "data_collection_results": {},
                "call_summary_title": None,
            },
        }
    )


async def stream(request: Request) -> Response:
    """`POST …/simulate-conversation/stream`: one transcript item a line, as each is made."""
    state = admitted(request)
    agent = state.agents.get(request.path_params["agent_id"])
    body = await request_bodies.body(request, SimulationBody)

    async def lines() -> AsyncGenerator[bytes, None]:
        try:
            async for item in simulation.items(state, agent, body):
                yield json.dumps(item.body()).encode() + b"\n"
        except Ended as ended:  # the status has been sent long ago
            yield json.dumps(_refused(ended).body("")).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _refused(ended: Ended) -> Refusal:
    return Refusal("elevenlabs", "invalid_parameters", ended.details or ended.reason)
