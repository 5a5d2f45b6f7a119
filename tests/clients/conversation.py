"""The official Python client runs a script in writing: "sync" or "async", agent id, the lines."""

import asyncio
import json
import os
import sys
import time

from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import (
    AsyncConversation,
    ClientTools,
    Conversation,
)

how, agent_id, *lines = sys.argv[1:]
client = ElevenLabs(base_url=os.environ["ELEVENLABS_BASE_URL"])
said, asked, reasons = [], [], []


def find_order(parameters):
    asked.append(parameters["order_id"])
    return f"Order {parameters['order_id']} arrives on Friday."


async def find_order_later(parameters):
    return find_order(parameters)


async def left(details):
    reasons.append(details.reason)


def converse():
    tools = ClientTools()
    tools.register("find_order", find_order)
    talk = Conversation(
        client,
        agent_id,
        requires_auth=False,
        client_tools=tools,
        callback_agent_response=said.append,
        callback_disconnect=lambda details: reasons.append(details.reason),
    )
    talk.start_session()
    for number, line in enumerate(lines, 1):
        while len(said) < number:
            time.sleep(0.01)
        talk.send_user_message(line)
    return talk.wait_for_session_end()


async def converse_later():
    words = asyncio.Queue()
    tools = ClientTools()
    tools.register("find_order", find_order_later, is_async=True)
    talk = AsyncConversation(
        client,
        agent_id,
        requires_auth=False,
        client_tools=tools,
        callback_agent_response=words.put,
        callback_disconnect=left,
    )
    await talk.start_session()
    for line in lines:
        said.append(await words.get())
        await talk.send_user_message(line)
    conversation_id = await talk.wait_for_session_end()
    while not words.empty():
        said.append(words.get_nowait())
    return conversation_id


conversation = converse() if how == "sync" else asyncio.run(converse_later())
print(json.dumps({"id": conversation, "said": said, "asked": asked, "reason": reasons[0]}))
