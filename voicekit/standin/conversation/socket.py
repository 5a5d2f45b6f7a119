"""`/v1/convai/conversation`: the handshake of a conversation with a managed agent, and its end.

The hosted platform accepts first and then closes with a code and a reason, so that clients can
tell why; only the vendor's own subprotocol is echoed, and only to those who offer it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial

from starlette.websockets import WebSocket, WebSocketDisconnect

from voicekit.standin.agents.store import Agent
from voicekit.standin.answer.custom_model import CustomModel
from voicekit.standin.answer.history import History
from voicekit.standin.answer.model import Model
from voicekit.standin.answer.scripted_model import ScriptedModel
from voicekit.standin.catalog import elevenlabs
from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import (
    CLIENT,
    CRASHED,
    NORMAL,
    UNAUTHORISED,
    ClientLeft,
    Ended,
    first_end,
)
from voicekit.standin.conversation.initiation import GRACE, KIND, Opening, opening
from voicekit.standin.conversation.outbox import Outbox
from voicekit.standin.conversation.session import Message, Session, receive
from voicekit.standin.conversation.sound import rate
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.records.recording import Recording
from voicekit.standin.state import State

SUBPROTOCOL = "convai"
_log = logging.getLogger(__name__)
# Seconds from the metadata to whatever follows. The official JavaScript client changes its listener
# in between; under Node, what comes in the same read as the metadata is lost to it.
_APART = 0.03


async def conversation(websocket: WebSocket) -> None:
    """Serve one conversation."""
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        await _converse(websocket)
    except ClientLeft:
        return  # it needs no goodbye; all tasks have ended
    except Ended as end:
        await _close(websocket, end)
    except Exception as error:
        _log.exception("The stand-in failed in a conversation")
        await _close(websocket, Ended(CRASHED, f"A bug of ours: {error!r}"))


async def _converse(websocket: WebSocket) -> None:
    """From the first message to the end.

    Raises:
        Ended: always, with why.
    """
    state: State = websocket.state.standin
    outbox = Outbox(websocket)
    # A close before the client has sent its first message would meet it in the middle of sending.
    message, early = await _first_message(websocket)
    agent, signed = _agent(websocket, state)
    conversation_id = signed or state.conversations.next_id()
    system = {"system__conversation_id": conversation_id, "system__agent_id": agent.agent_id}
    start = opening(agent, message, system, strict=state.strict_overrides)
    call = _call(state, agent, start, outbox, conversation_id, websocket)
    outbox.want(start.client_events)
    config = start.config
    sending = asyncio.create_task(outbox.run())
    try:
        session = Session(websocket, call, early)
        outbox.post(
            events.metadata(
                conversation_id,
                config.tts.agent_output_audio_format,
                config.asr.user_input_audio_format,
            ),
            always=True,
        )
        await outbox.drained()
        await asyncio.sleep(_APART)
        await session.run()
    except* Ended as group:
        end = first_end(group)
        end.late = True
        if isinstance(end, ClientLeft):
            session.hung_up()
        _finish(call, end)
        if end.error_type:
            outbox.post(events.error(end.code, end.error_type, end.reason, end.details))
        if not isinstance(end, ClientLeft):
            await outbox.drained()
        raise end from None
    finally:
        _finish(call, Ended(CRASHED, "The stand-in ended the conversation."))
        sending.cancel()
        await asyncio.wait({sending})
        await call.model.close()


def _agent(websocket: WebSocket, state: State) -> tuple[Agent, str | None]:
    """Whom the address names, and the conversation's id if a signature fixes it."""
    query = websocket.query_params
    agent_id = query.get("agent_id")
    if not agent_id:
        raise Ended(CLIENT, "The address needs an agent_id.", "missing_fields")
    try:
        agent = state.agents.get(agent_id)
    except Refusal as refusal:
        said = "The AI agent you are trying to reach does not exist."
        raise Ended(UNAUTHORISED, said, details=refusal.message) from None
    signature = query.get("conversation_signature")
    found = state.signatures.redeem(signature, agent_id) if signature else None
    needed = agent.platform_settings["auth"]["enable_auth"]
    if (signature or needed) and found is None:
        raise Ended(
            UNAUTHORISED,
            "Could not authorize the conversation: it needs a signed URL that is still valid.",
        )
    return agent, found.conversation_id if found else None


async def _first_message(websocket: WebSocket) -> tuple[Message | None, list[Message]]:
    """The client's first message, if it sends one in time, and what came before it."""
    early: list[Message] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            while True:
                message = await receive(websocket)
                if message.get("type") == KIND:
                    return message, early
                early.append(message)
    return None, early


def _call(
    state: State,
    agent: Agent,
    start: Opening,
    outbox: Outbox,
    conversation_id: str,
    websocket: WebSocket,
) -> Call:
    config, query = start.config, websocket.query_params
    try:
        voice = elevenlabs.voice(config.tts.voice_id)
    except Refusal as refusal:
        raise Ended(CLIENT, refusal.message, "value_error") from None
    source = start.data.get("source_info") or {}
    record = state.conversations.start(
        agent,
        conversation_id=conversation_id,
        recording=Recording(agent_rate=rate(config.tts.agent_output_audio_format)),
        user_id=start.user_id,
        text_only=start.text_only,
        initiation=start.data,
        source=str(query.get("source") or source.get("source") or "unknown"),
        version=query.get("version") or source.get("version"),
        authorization="signed_url" if query.get("conversation_signature") else "public",
        main_language=config.agent.language,
    )
    history = History(start.prompt)
    model: Model
    if config.agent.prompt.llm == "custom-llm" and config.agent.prompt.custom_llm:
        model = CustomModel(state, start)
    else:
        model = ScriptedModel(state, partial(state.knowledge.answer, agent))
    return Call(state, agent, start, record, outbox, history, model, voice, state.now())


def _finish(call: Call, end: Ended) -> None:
    failed = end.code != NORMAL and not isinstance(end, ClientLeft)
    call.record.finish(
        end.reason,
        call.at,
        "failed" if failed else "done",
        (end.code, end.reason) if failed else None,
    )


async def _close(websocket: WebSocket, end: Ended) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the client was faster
        if not end.late:
            kind = end.error_type or "authorization_error"
            await websocket.send_json(events.error(end.code, kind, end.reason, end.details))
        await websocket.close(end.code, end.frame_reason)
