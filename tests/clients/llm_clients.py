"""Ask a model through other people's Python clients; run in an environment that has them.

`python llm_clients.py NAME MODEL` prints one JSON object: what each way of asking said, and the
numbers of the orders that the tool was called with. Addresses and keys are in the environment.
"""

import asyncio
import json
import os
import sys

QUESTION = "Where is my order 1042?"
DESCRIPTION = "Look up an order by its number"
PARAMETERS = {
    "type": "object",
    "properties": {"order_number": {"type": "string", "description": "The order's number"}},
    "required": ["order_number"],
}
URL, KEY = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
asked = []


def find_order(order_number: str) -> str:
    """Look up an order by its number."""
    asked.append(order_number)
    return "on its way"


def litellm(model):
    import litellm

    litellm.telemetry = False
    tools = [
        {
            "type": "function",
            "function": {
                "name": "find_order",
                "description": DESCRIPTION,
                "parameters": PARAMETERS,
            },
        }
    ]
    said = {}
    for stream in (False, True):
        messages = [{"role": "user", "content": QUESTION}]
        text = ""
        while True:
            reply = litellm.completion(
                f"openai/{model}", messages, tools=tools, stream=stream, num_retries=0
            )
            if stream:
                reply = litellm.stream_chunk_builder(list(reply), messages=messages)
            message = reply.choices[0].message
            text += message.content or ""
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                break
            for call in message.tool_calls:
                result = find_order(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        said["streamed" if stream else "whole"] = text
    response = litellm.responses(model=f"openai/{model}", input="Hello!")
    said["responses"] = response.output[0].content[0].text
    return said


def langchain(model):
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_openai import ChatOpenAI

    said = {}
    for by, responses in (("chat", False), ("responses", True)):
        chat = ChatOpenAI(model=model, max_retries=0, use_responses_api=responses)
        chat = chat.bind_tools([find_order])
        for stream in (False, True):
            messages, text = [HumanMessage(QUESTION)], ""
            while True:
                if stream:
                    reply = None
                    for part in chat.stream(messages):
                        reply = part if reply is None else reply + part
                else:
                    reply = chat.invoke(messages)
                text += reply.text
                messages.append(reply)
                if not reply.tool_calls:
                    break
                for call in reply.tool_calls:
                    result = find_order(**call["args"])
                    messages.append(ToolMessage(result, tool_call_id=call["id"]))
            said[f"{by} {'streamed' if stream else 'whole'}"] = text
    return said


def pydantic_ai(model):
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

    async def streamed(agent):
        async with agent.run_stream_events(QUESTION) as events:
            async for event in events:
                last = event
        return last.result.output

    said = {}
    for kind in (OpenAIChatModel, OpenAIResponsesModel):
        agent = Agent(kind(model), tools=[find_order])
        said[f"{kind.__name__} whole"] = agent.run_sync(QUESTION).output
        said[f"{kind.__name__} streamed"] = asyncio.run(streamed(agent))
    return said


def openai_agents(model):
    from agents import Agent, Runner, function_tool, set_tracing_disabled

    set_tracing_disabled(True)
    agent = Agent(name="desk", model=model, tools=[function_tool(find_order)])

    async def run():
        whole = await Runner.run(agent, QUESTION)
        streamed, text = Runner.run_streamed(agent, QUESTION), ""
        async for event in streamed.stream_events():
            raw = event.data if event.type == "raw_response_event" else None
            if raw and raw.type == "response.output_text.delta":
                text += raw.delta
        return {"whole": whole.final_output, "streamed": streamed.final_output, "heard": text}

    return asyncio.run(run())


def instructor(model):
    import instructor
    from openai import OpenAI
    from pydantic import BaseModel, Field

    class FindOrder(BaseModel):
        """Look up an order by its number."""

        order_number: str = Field(description="The order's number")

    client = instructor.from_openai(OpenAI(max_retries=0), mode=instructor.Mode.TOOLS)
    messages = [{"role": "user", "content": QUESTION}]
    ask = {"model": model, "messages": messages, "max_retries": 1}
    asked.append(client.chat.completions.create(response_model=FindOrder, **ask).order_number)
    parts = client.chat.completions.create_partial(response_model=FindOrder, **ask)
    asked.append(list(parts)[-1].order_number)
    return {}


def llm(model):
    from llm.default_plugins.openai_models import Chat

    chat = Chat(model, model_name=model, api_base=URL, supports_tools=True)
    chat.key = KEY
    said = {}
    for stream in (False, True):
        chain = chat.chain(QUESTION, tools=[find_order], stream=stream, key=KEY)
        said["streamed" if stream else "whole"] = "".join(chain)
    return said


if __name__ == "__main__":
    name, model = sys.argv[1:]
    said = globals()[name](model)
    print(json.dumps({"said": said, "asked": asked}))
