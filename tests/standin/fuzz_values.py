"""Valid requests to spoil, and JSON to spoil them with."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from wire import FLASH, RACHEL

SPEECH = f"/elevenlabs/v1/text-to-speech/{RACHEL}"
CHAT = "/openai/v1/chat/completions"
SPEECH_BODY = {
    "text": "Fine.",
    "model_id": FLASH,
    "language_code": "en",
    "voice_settings": {"stability": 0.5, "similarity_boost": 0.75, "speed": 1.0},
    "seed": 1,
    "previous_text": "Before.",
    "previous_request_ids": ["req_000001"],
    "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "p", "version_id": "v"}],
    "apply_text_normalization": "auto",
}
CHAT_BODY = {
    "model": "voicekit-script-1",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Where is my order 4711?"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "order_status", "arguments": '{"order_id": "4711"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": '{"status": "shipped"}'},
        {"role": "user", "content": "And when?"},
    ],
    "temperature": 0.5,
    "max_completion_tokens": 9,
    "stop": ["never"],
    "stream": True,
    "stream_options": {"include_usage": True},
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "order_status",
                "description": "Where an order is.",
                "parameters": {
                    "type": "object",
                    "properties": {"order_id": {"type": "string", "enum": ["4711"]}},
                    "required": ["order_id"],
                },
            },
        }
    ],
    "tool_choice": "auto",
    "response_format": {"type": "text"},
}
POSTS = [
    (f"{SPEECH}{route}?output_format=pcm_16000", SPEECH_BODY)
    for route in ("", "/stream", "/with-timestamps", "/stream/with-timestamps")
] + [(CHAT, CHAT_BODY)] * 3
GETS = [
    "/elevenlabs/v1/voices",
    "/elevenlabs/v2/voices",
    "/elevenlabs/v1/voices/settings/default",
    f"/elevenlabs/v1/voices/{RACHEL}",
    f"/elevenlabs/v1/voices/{RACHEL}/settings",
    "/elevenlabs/v1/models",
    "/elevenlabs/v1/user",
    "/elevenlabs/v1/user/subscription",
    "/openai/v1/models",
    "/openai/v1/models/voicekit-script-1",
]
JUNK: list[Any] = [
    *(None, True, False, -1, 0, 1.5, 1e308, 10**400, float("nan"), float("inf"), float("-inf")),
    *("", " ", "x", "\x00", "\ud800", "\u202e\u0301", "1", "null", "🙂" * 9),
    *([], {}, [[]], [None], ["x"] * 200, {"": ""}, {"type": "text"}, {"$ref": "#"}, [{}, {}]),
]


def places(value: Any) -> Iterator[list[Any]]:
    """The path to every value inside a JSON value, and to the value itself."""
    yield []
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, part in inside:
        yield from ([key, *rest] for rest in places(part))


def mutated(draw: random.Random, valid: Any, junk: list[Any] = JUNK) -> Any:
    """A JSON value with one or two of its parts replaced, removed or repeated."""
    value = [copy.deepcopy(valid)]
    for _ in range(draw.choice((1, 1, 2))):
        path = [0, *draw.choice(list(places(value[0])))]
        inside: Any = value
        for key in path[:-1]:
            inside = inside[key]
        what = draw.random()
        if what < 0.15 and len(path) > 1:
            del inside[path[-1]]
        elif what < 0.25:
            inside[path[-1]] = [inside[path[-1]]]
        else:
            inside[path[-1]] = copy.deepcopy(draw.choice(junk))
    return value[0]


def deep(draw: random.Random) -> bytes:
    depth = draw.choice((50, 200, 900, 5_000, 100_000))
    opens, closes = draw.choice(((b"[", b"]"), (b'{"text":', b"}"), (b'{"a":[', b"]}")))
    inner = opens * depth + b"1" + closes * depth * draw.randrange(2)
    return (
        draw.choice((b"%b", b'{"text": %b}', b'{"model":"voicekit-script-1","messages":%b}'))
        % inner
    )
