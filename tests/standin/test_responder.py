from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicekit.standin.http.refusals import Refusal
from voicekit.standin.openai import chat
from voicekit.standin.script import completions, tokens
from voicekit.standin.script.dialogue import Answer
from voicekit.standin.script.responder import answer
from voicekit.standin.script.tool_results import spoken

TEXT = {"type": "string"}
TODAY = date(2026, 11, 30)


def tool(name: str, description: str = "", required: Any = None, **properties: Any) -> Any:
    needed = list(properties) if required is None else required
    parameters = {"type": "object", "properties": properties, "required": needed}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


STATUS = tool("get_order_status", "Look up an order.", order_id=TEXT)
CANCEL = tool("cancel_order", "Cancel an order.", order_id=TEXT)
REFUND = tool(
    "refund_order", "Refund an order.", order_id={"type": "integer"}, amount={"type": "number"}
)
WEATHER = tool(
    "get_weather",
    "Get the current weather.",
    ["location"],
    location=TEXT,
    unit={"type": "string", "enum": ["celsius", "fahrenheit"]},
)
FIND = tool("find_customer", "Find a customer by e-mail.", email=TEXT)
ORDERS = tool("list_orders", "List the orders of a customer.", customer_id=TEXT)
END_CALL = tool("end_call", "End the call.", ["reason"], reason=TEXT, message=TEXT)
TOOLS = [STATUS, CANCEL, REFUND, WEATHER, FIND, ORDERS, END_CALL]


def request(*turns: Any, **options: Any) -> chat.ChatRequest:
    messages = [{"role": "user", "content": t} if isinstance(t, str) else t for t in turns]
    return chat.parse(
        json.dumps({"model": "voicekit-script-1", "messages": messages, **options}).encode(), TODAY
    )


def say(*turns: Any, **options: Any) -> Answer:
    return answer(request(*turns, **options))


def calls(*turns: Any, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    options.setdefault("tools", TOOLS)
    return [(call.name, call.arguments) for call in say(*turns, **options).calls]


def called(name: str, arguments: dict[str, Any], result: str, call_id: str = "a") -> list[Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return [
        {
            "role": "assistant",
            "tool_calls": [{"id": call_id, "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": call_id, "content": result},
    ]


# --- the four layers ---


def test_a_lessons_line_is_answered_word_for_word() -> None:
    assert say("say HELLO") == Answer("script", "Hello!")
    assert say("Read me a sample invoice", tools=TOOLS).layer == "script"


def test_a_known_question_is_answered_by_retrieval() -> None:
    found = say("How long does the warranty last?")
    assert found.layer == "retrieval"
    assert "two-year warranty" in found.text


def test_off_topic_is_admitted() -> None:
    found = say("What is the capital of France?")
    assert found.layer == "fallback"
    assert found.text.startswith("I am a scripted stand-in, no language model is running.")


def test_without_a_caller_the_opening_is_said() -> None:
    assert say({"role": "system", "content": "You are a pirate."}).layer == "script"


def test_the_long_answers_hold_amounts_dates_times_and_an_address() -> None:
    for question in (
        "Explain the refund policy in detail.",
        "Explain shipping in detail.",
        "Read me a sample invoice.",
        "Tell me about the weekend sale.",
    ):
        text = say(question).text
        assert 4 <= text.count(". ") + 1 <= 6
        assert "$" in text
        assert "@acme.example" in text


# --- slots over several turns ---


def test_an_order_is_never_invented_without_a_tool() -> None:
    assert say("Where is my order?").text.endswith("What is your order number?")
    found = say("Where is my order 1042?")
    assert "order 1042" in found.text
    assert "no order system" in found.text


def test_a_bare_number_answers_the_question_for_it() -> None:
    assert "order 1042" in say("Where is my order?", "one zero four two").text


def test_an_order_number_out_of_the_blue_is_taken_for_a_question_about_it() -> None:
    assert "order A-1042" in say("It's A-1042").text
    assert say("Who won in 1998?").layer == "fallback"


def test_another_topic_leaves_the_question_behind() -> None:
    assert "9:00 to 19:00" in say("Where is my order?", "What are your opening hours?").text


def test_an_order_named_earlier_is_remembered_unless_another_is_meant() -> None:
    earlier = "I have a question about order 1042."
    assert "order 1042" in say(earlier, "I want to cancel my order.").text
    assert say(earlier, "I want to cancel another order.").text.endswith("?")


def test_the_last_reply_can_be_repeated() -> None:
    replied = {"role": "assistant", "content": "Foo and bar."}
    assert say("Hi", replied, "Can you repeat that?").text == "Foo and bar."
    assert say("Can you repeat that?").text == "I have not said anything yet."


# --- tools ---


def test_a_tool_is_called_with_what_was_said() -> None:
    assert calls("Where is my order 1042?") == [("get_order_status", {"order_id": "1042"})]
    assert calls("Refund order 1043, $12.50 please") == [
        ("refund_order", {"order_id": 1043, "amount": 12.5})
    ]
    assert calls("What is the weather in Paris, in celsius?") == [
        ("get_weather", {"location": "Paris", "unit": "celsius"})
    ]


def test_a_missing_parameter_is_asked_for_and_then_used() -> None:
    asked = say("Where is my order?", tools=TOOLS)
    assert asked == Answer("tool", "What is your order number?")
    assert calls("Where is my order?", "ten forty two") == [
        ("get_order_status", {"order_id": "1042"})
    ]
    assert calls("What is the weather like?", "London") == [("get_weather", {"location": "London"})]


def test_a_parameter_of_no_known_kind_takes_the_whole_answer() -> None:
    paint = tool("paint_room", "Paint a room.", colour=TEXT)
    assert say("Please paint my room", tools=[paint]).text == "What is the colour?"
    assert calls("Please paint my room", "sky blue!", tools=[paint]) == [
        ("paint_room", {"colour": "sky blue"})
    ]
    changed = say("Please paint my room", "What are your opening hours?", tools=[paint])
    assert changed.layer == "retrieval"


def test_an_utterance_with_two_wishes_makes_two_calls() -> None:
    both = "Cancel order 1042 and refund order 1043, $5"
    assert [name for name, _ in calls(both)] == ["cancel_order", "refund_order"]
    assert [arguments for _, arguments in calls("Cancel orders 1042 and 1043")] == [
        {"order_id": "1042"},
        {"order_id": "1043"},
    ]
    assert len(calls("Cancel orders 1042 and 1043", parallel_tool_calls=False)) == 1


def test_an_action_is_taken_only_when_its_word_is_said() -> None:
    assert calls("Tell me about order 1042", tools=[CANCEL]) == []


def test_a_question_of_policy_calls_no_tool() -> None:
    assert say("What is your return policy?", tools=TOOLS).layer == "retrieval"


def test_an_intent_names_the_tool_that_fits() -> None:
    assert calls("Goodbye!") == [("end_call", {"reason": "Goodbye!"})]


def test_a_yes_to_a_tools_own_question_confirms_it() -> None:
    ask = tool(
        "request_refund", "Refund an order.", ["order_id"], order_id=TEXT,
        amount={"type": "number"}, confirmed={"type": "boolean"},
    )  # fmt: skip
    asked = {"role": "assistant", "content": "Shall I refund $42.00 for order 1042?"}
    agreed = {"order_id": "1042", "amount": 42, "confirmed": True}
    assert calls("Refund 1042", asked, "Yes, please.", tools=[ask]) == [("request_refund", agreed)]
    assert calls("Refund 1042", asked, "No, thanks.", tools=[ask]) == []
    assert calls("Refund 1042", asked, "How long does the warranty last?", tools=[ask]) == []
    told = {"role": "assistant", "content": "I can refund order 1042."}
    assert calls("Refund 1042", told, "Yes, please.", tools=[ask]) == []
    assert calls("Refund 1042", asked, "Yes, please.", tools=[STATUS]) == []


def test_tool_choice_is_honoured() -> None:
    question = "Where is my order 1042?"
    assert say(question, tools=TOOLS, tool_choice="none").layer == "retrieval"
    assert calls("Tell me about elephants", tools=TOOLS, tool_choice="required")
    named = {"type": "function", "function": {"name": "cancel_order"}}
    assert calls(question, tool_choice=named) == [("cancel_order", {"order_id": "1042"})]


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_order_status"}}]
)
def test_a_forced_call_that_lacks_what_nobody_said_is_refused_in_words(choice: Any) -> None:
    with pytest.raises(Refusal, match="'order_id' nobody has named") as refused:
        answer(request("Hello", tools=[STATUS], tool_choice=choice))
    assert (refused.value.status, refused.value.param) == (400, "tool_choice")


def test_a_forced_call_is_of_a_tool_that_can_be_called() -> None:
    free = tool("list_shops", "List the shops.", city={"type": "string"}, required=[])
    assert calls("Hello", tools=[STATUS, free], tool_choice="required") == [("list_shops", {})]
    assert calls("Hello, 1042", tools=[free, STATUS], tool_choice="required")


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"type": "number"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "number"}]},
        {"type": ["number", "null"]},
        {"type": "null"},
    ],
)
def test_a_parameter_that_may_be_null_is_null_when_nobody_named_it(schema: Any) -> None:
    strict = tool("refund_order", "Refund.", order_id={"type": "string"}, amount=schema)
    forced = calls("Order 1042", tools=[strict], tool_choice="required")
    assert forced == [("refund_order", {"order_id": "1042", "amount": None})]


def test_a_value_that_does_not_fit_the_schema_is_none() -> None:
    for rule in ({"pattern": "^[A-Z]-[0-9]+$"}, {"minLength": 6}, {"maxLength": 3}):
        picky = tool("get_order_status", "Status.", order_id={"type": "string", **rule})
        with pytest.raises(Refusal, match="order_id"):
            answer(request("Order 1042", tools=[picky], tool_choice="required"))
    with_type = tool("get_order_status", "Status.", order_id={"type": ["integer", "null"]})
    assert calls("Order 1042", tools=[with_type], tool_choice="required") == [
        ("get_order_status", {"order_id": 1042})
    ]


def test_lists_numbers_and_defaults_follow_the_schema() -> None:
    many = tool(
        "track_parcels",
        "Track parcels.",
        order_ids={"type": "array", "items": {"type": "integer"}},
        language={"type": "string", "default": "en"},
    )
    assert calls("Track my parcels 1042 and 1043", tools=[many]) == [
        ("track_parcels", {"order_ids": [1042, 1043], "language": "en"})
    ]
    few = tool("get_pieces", "How many pieces.", quantity={"type": "integer", "maximum": 5})
    assert calls("Get 4 pieces", tools=[few]) == [("get_pieces", {"quantity": 4})]
    assert say("Get 9 pieces", tools=[few]).text == "How many?"


# --- results ---


def test_a_result_is_read_out() -> None:
    turn = called("get_order_status", {"order_id": "1042"}, '{"status": "shipped", "days": 2}')
    found = say("Where is my order 1042?", *turn, tools=TOOLS)
    assert found == Answer("tool", "I found this: the status is shipped, and the days is 2.")


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ({"error": "no such order"}, "I am sorry, that did not work: no such order."),
        ("Error: timed out.", "I am sorry, that did not work: timed out."),
        ({"success": False}, "I am sorry, that did not work."),
        (False, "I am sorry, that did not work."),
        (None, "Done."),
        ("", "Done."),
        ({}, "Done."),
        ([], "I found nothing."),
        ("It comes on Friday", "It comes on Friday."),
        ({"message": "It comes on Friday."}, "It comes on Friday."),
        ({"eta": "2026-11-24", "paid": True}, "I found this: the eta is 24 November 2026, and "),
        ([{"id": 1}, {"id": 2}], "I found 2: the id is 1; the id is 2."),
        ({"items": [{"sku": "x"}]}, "I found this: the number of items is 1."),
        (3.5, "3.5."),
    ],
)
def test_each_shape_of_result_becomes_a_sentence(result: Any, sentence: str) -> None:
    assert spoken(result).startswith(sentence)


def test_a_result_can_feed_the_next_tool() -> None:
    question = "Find customer anna@example.com and show her orders"
    assert calls(question) == [("find_customer", {"email": "anna@example.com"})]
    turn = called("find_customer", {"email": "anna@example.com"}, '{"customer_id": "C7"}')
    assert calls(question, *turn) == [("list_orders", {"customer_id": "C7"})]


def test_an_error_ends_the_calls() -> None:
    question = "Find customer anna@example.com and show her orders"
    turn = called("find_customer", {"email": "anna@example.com"}, '{"error": "down"}')
    assert "that did not work: down" in say(question, *turn, tools=TOOLS).text


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_every_loop_of_tools_ends(choice: str) -> None:
    turns: list[Any] = ["Cancel orders 1042, 1043, 1044 and 1045 and find customer a@b.example"]
    for step in range(20):
        found = say(*turns, tools=TOOLS, tool_choice=choice, parallel_tool_calls=False)
        if not found.calls:
            break
        result = json.dumps({"order_id": f"{2000 + step}", "customer_id": f"C{step}"})
        turns += called(found.calls[0].name, found.calls[0].arguments, result, f"c{step}")
    assert found.text
    assert 1 <= step <= 8


# --- whatever comes ---

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "enum", "items", "default", "minimum", "order_id", "properties"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["order_id", "x", "when"]) | st.text(max_size=5), JSON),
    st.sampled_from(["auto", "required"]),
)
def test_any_schema_is_either_used_or_refused(properties: dict[str, Any], choice: str) -> None:
    odd = tool("get_order_status", "Odd.", **properties)
    asked = refused = None
    try:
        asked = request("Where is my order 1042?", tools=[odd], tool_choice=choice)
    except Refusal as refusal:
        refused = refusal
    if asked is None:
        assert refused is not None
        assert refused.name == "invalid_function_parameters"
        return
    try:
        found = answer(asked)
    except Refusal as refusal:
        refused = refusal
    if refused is not None:
        assert (choice, refused.param) == ("required", "tool_choice")
        return
    completion = completions.complete(asked, found, lambda: "call_1")
    assert found.text or found.calls
    assert completion.deltas


@settings(max_examples=200)
@given(JSON)
def test_any_result_becomes_a_sentence(result: Any) -> None:
    assert spoken(result)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(list(chat.ChatRequest.model_fields)), JSON))
def test_any_body_is_either_read_or_refused(body: dict[str, Any]) -> None:
    raw = json.dumps(
        {"model": "voicekit-script-1", "messages": [{"role": "user", "content": "hi"}], **body}
    )
    status = 200
    try:
        answer(chat.parse(raw.encode(), TODAY))
    except Refusal as refusal:
        status = refusal.status
    assert status in (200, 400, 404)


@settings(max_examples=200)
@given(st.text(max_size=80))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens.split(text)) == text


def test_tokens_are_cut_like_a_tokenisers() -> None:
    assert tokens.split("It's $1,234.50 at 9:30.") == [
        *["It's", " $", "1", ",", "234", ".", "50", " at", " ", "9", ":", "30", "."]
    ]
