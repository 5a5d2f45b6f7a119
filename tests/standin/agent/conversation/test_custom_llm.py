"""The user's own language model: what it is sent, and what its mistakes look like."""

from __future__ import annotations

import json
import time

import pytest
from llm import NOT_SSE, WHOLE
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from talk import agent, dial, hear, hear_all, hear_until, of, say, utter
from waiting import until

from voicekit import serve, webhook

NEVER = 600.0  # seconds
READ = "One moment, I read you everything."
WRITING = {"conversation_config_override": {"conversation": {"text_only": True}}}


def custom(standin, model, **prompt):
    url = model if isinstance(model, str) else model.url
    own = {"url": url, "model_id": "mine", **prompt.pop("custom_llm", {})}
    return agent(standin, agent={"prompt": {"llm": "custom-llm", "custom_llm": own, **prompt}})


def test_it_gets_the_prompt_the_history_its_key_and_the_clients_extras(standin, llm):
    model = llm("Of course.", "Goodbye.")
    secret = standin.state.vault.put("llm key", "s3cret")
    made = custom(
        standin,
        model,
        prompt="You serve {{name}}.",
        temperature=0.5,
        custom_llm={
            "api_key": {"secret_id": secret.secret_id},
            "request_headers": {"x-tier": "gold"},
        },
    )
    start = {
        **WRITING,
        "dynamic_variables": {"name": "Ada"},
        "custom_llm_extra_body": {"trace": 7},
        "user_id": "u1",
    }
    with dial(standin, made, start) as socket:
        say(socket, type="contextual_update", text="The caller looks at shoes.")
        say(socket, type="user_message", text="Can you help me?")
        first = hear(socket, "agent_response")
        say(socket, type="user_message", text="Thank you.")
        hear(socket, "agent_response")
    assert first["agent_response_event"]["agent_response"] == "Of course."
    system = ("system", "You serve Ada.\n\nContext:\n- The caller looks at shoes.")
    assert model.said == [
        [system, ("user", "Can you help me?")],
        [
            system,
            ("user", "Can you help me?"),
            ("assistant", "Of course."),
            ("user", "Thank you."),
        ],
    ]
    body = model.bodies[0]
    assert (body["model"], body["stream"], body["temperature"]) == ("mine", True, 0.5)
    assert (body["elevenlabs_extra_body"], body["user_id"]) == ({"trace": 7}, "u1")
    assert "max_tokens" not in body
    assert model.headers[0]["authorization"] == "Bearer s3cret"
    assert model.headers[0]["x-tier"] == "gold"


def test_a_newer_contextual_update_of_the_same_id_replaces_the_older(standin, llm):
    model = llm("Yes.")
    with dial(standin, custom(standin, model), WRITING) as socket:
        for text in ("Page one.", "Page two."):
            say(socket, type="contextual_update", text=text, context_id="page")
        say(socket, type="user_message", text="Hi.")
        hear(socket, "agent_response")
    assert model.said[0][0] == ("system", "Context:\n- Page two.")


def test_thoughts_in_the_text_are_said_and_noted_and_those_beside_it_are_not(standin, llm):
    aloud = [{"content": part} for part in ("<th", "ink>A plan.</think>", "Hello.")]
    beside = [{"reasoning_content": "A plan."}, {"reasoning": "Two."}, {"content": "Hello."}]
    model = llm(aloud, beside)
    with dial(standin, custom(standin, model), WRITING) as socket:
        replies = []
        for _ in range(2):
            say(socket, type="user_message", text="Hi.")
            reply = hear(socket, "agent_response")["agent_response_event"]
            replies.append(reply["agent_response"])
    assert replies == ["<think>A plan.</think>Hello.", "Hello."]
    calls = [e for e in standin.state.journal.entries if e["path"].startswith(model.url)]
    assert ["problem" in call for call in calls] == [True, False]
    assert "<think>" in calls[0]["problem"]


def test_an_address_with_the_path_gets_no_second_one(standin, llm):
    model = llm("Yes.")
    with dial(standin, custom(standin, f"{model.url}/chat/completions/"), WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        assert hear(socket, "agent_response")


def stream(*lines):
    """An event stream of exactly this."""
    return StreamingResponse(iter(lines), media_type="text/event-stream")


@pytest.mark.parametrize(
    ("answer", "said", "quoted"),
    [
        (NOT_SSE, "content type is text/plain", ""),
        (WHOLE, "content type is application/json", ""),
        (JSONResponse({"error": "no"}, 401), "HTTP 401", "no"),
        (stream("Hello.\n\n"), "a line was none", "Hello."),
        (stream("data: Hi\n\n"), "not JSON", "Hi"),
        (stream('data: {"a": 1}\n\n'), "choices", '"a"'),
        (stream('data: {"error": {"message": "out of tea"}}\n\n'), "sent an error", "out of tea"),
        (stream("data: [DONE]\n\n"), "without any text", ""),
    ],
    ids=["text", "whole", "401", "no data", "no JSON", "no chunk", "error", "empty"],
)
def test_a_mistake_is_said_in_plain_words_everywhere(standin, llm, answer, said, quoted):
    model = llm(answer)
    with dial(standin, custom(standin, model), WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        heard, code, reason = hear_all(socket)
    assert code == 1002
    assert said in reason
    (error,) = of(heard, "error")
    assert (error["code"], error["error_type"]) == (1002, "custom_llm_error")
    assert said in error["message"]
    entry = next(e for e in standin.state.journal.entries if "problem" in e)
    assert said in entry["problem"]
    # What the server said itself is for whoever may read the journal.
    assert quoted in entry["problem"]
    assert not quoted or f": {quoted}" not in f"{reason} {error} {heard}"
    conversation_id = of(heard, "conversation_initiation_metadata")[0]["conversation_id"]
    record = standin.state.conversations.get(conversation_id)
    assert record.status == "failed"
    assert said in record.reason
    assert len(model.bodies) == 1


def test_a_passing_failure_is_tried_again(standin, llm):
    model = llm(PlainTextResponse("busy", 503), PlainTextResponse("busy", 429), "Here I am.")
    with dial(standin, custom(standin, model), WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        heard = hear(socket, "agent_response")
    assert heard["agent_response_event"]["agent_response"] == "Here I am."
    assert len(model.bodies) == 3


def test_a_server_that_is_not_there_is_tried_thrice(standin):
    made = custom(standin, "http://127.0.0.1:9/v1")
    with dial(standin, made, WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        _, code, reason = hear_all(socket)
    assert code == 1002
    assert "connection failed" in reason
    assert "(3 attempts)" in reason


def test_a_slow_model_is_asked_again_after_the_cascade_timeout(standin, llm):
    model = llm([NEVER, {"content": "Late."}], "In time.")
    made = custom(standin, model, cascade_timeout_seconds=2)
    with dial(standin, made, WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        heard = hear(socket, "agent_response")
    assert heard["agent_response_event"]["agent_response"] == "In time."
    until(lambda: model.aborted == 1)


def test_barge_in_aborts_the_request_and_corrects_the_history(standin, llm, ears):
    ears("Stop, please.")
    begun, rest = ({"content": text} for text in (READ, " Never said."))
    model = llm([begun, NEVER, rest], "All right.")
    with dial(standin, custom(standin, model), {}) as socket:
        say(socket, type="user_message", text="Read me everything.")
        hear_until(socket, lambda m: m["type"] == "audio")
        time.sleep(1.2)
        utter(socket)
        heard = hear_until(socket, lambda m: m["type"] == "user_transcript")
        hear(socket, "audio")
        until(lambda: model.aborted == 1)
    (corrected,) = [content for role, content in model.said[1] if role == "assistant"]
    assert corrected.endswith("...")
    assert READ.startswith(corrected[:-3])
    assert "One" in corrected
    assert of(heard, "interruption")


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com/v1", "http://[x/", "http://0177.0.0.1"]
)
def test_an_address_that_is_none_closes_with_1008(standin, url):
    with dial(standin, custom(standin, url), WRITING) as socket:
        _, code, reason = hear_all(socket)
    assert code == 1008
    assert "custom_llm.url" in reason


# --- the Responses API ---

BY_RESPONSES = {"custom_llm": {"api_type": "responses"}}


def test_by_responses_a_webhook_of_ours_is_asked_told_and_called_the_same(standin):
    tool = {
        "type": "client",
        "name": "look_up",
        "description": "Look an order up.",
        "parameters": {"type": "object", "properties": {}, "required": []},
        "expects_response": True,
    }
    seen = []

    async def answer(turn):
        seen.append(turn)
        if turn.results:
            yield f"It says {turn.results[0]['content']}."
        elif "order" in turn.said:
            yield "Let me see. "
            yield webhook.ToolCall("look_up")
        else:
            yield "Hello."

    served = serve(webhook.webhook(answer, secret=webhook.ANYONE), name="responses-webhook")
    try:
        ids = [standin.state.tools.create({"tool_config": tool}).id]
        made = custom(standin, f"{served.url}/v1", prompt="Be kind.", tool_ids=ids, **BY_RESPONSES)
        with dial(standin, made, WRITING) as socket:
            say(socket, type="user_message", text="Hi.")
            first = hear(socket, "agent_response")
            say(socket, type="user_message", text="My order?")
            call = hear(socket, "client_tool_call")["client_tool_call"]
            say(
                socket,
                type="client_tool_result",
                tool_call_id=call["tool_call_id"],
                result="shipped",
                is_error=False,
            )
            last = hear_until(
                socket, lambda m: "shipped" in json.dumps(m) and m["type"] == "agent_response"
            )
    finally:
        served.stop()
    assert first["agent_response_event"]["agent_response"] == "Hello."
    assert "It says shipped." in json.dumps(last)
    assert all(turn.request is not None and turn.request["store"] is False for turn in seen)
    assert seen[0].messages[0] == {"role": "system", "content": "Be kind."}
    assert seen[-1].results[0]["name"] == "look_up"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (stream('data: {"choices": []}\n\n'), "chunk of a chat completion"),
        (stream('data: {"a": 1}\n\n'), "had no 'type'"),
        (stream('data: {"type": "error", "message": "tea"}\n\n'), "sent an error"),
        (
            stream(
                'data: {"type": "response.failed", "response": {"error": {"message": "x"}}}\n\n'
            ),
            "sent an error",
        ),
        (stream('data: {"type": "response.output_item.done", "item": 1}\n\n'), "output item"),
        (stream('data: {"type": "response.completed", "response": {}}\n\n'), "without any text"),
    ],
    ids=["chunk", "no type", "error", "failed", "no item", "empty"],
)
def test_by_responses_a_mistake_is_said_in_plain_words(standin, llm, answer, said):
    model = llm(answer)
    with dial(standin, custom(standin, model, **BY_RESPONSES), WRITING) as socket:
        say(socket, type="user_message", text="Hi.")
        error = hear(socket, "error")
    assert said in json.dumps(error)


def test_a_kind_of_api_that_nobody_publishes_is_refused(standin, llm):
    prompt = {"custom_llm": {"api_type": "websocket"}}
    with dial(standin, custom(standin, llm("Hi."), **prompt), WRITING) as socket:
        assert "does not publish" in json.dumps(hear_all(socket))
