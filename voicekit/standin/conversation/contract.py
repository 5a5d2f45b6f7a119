"""What a client's messages must hold, by the platform's published message contract.

Source: https://elevenlabs.io/docs/agents-platform/api-reference/agents-platform/websocket.
Types that the contract does not know are passed over, as the platform does it.
"""

from __future__ import annotations

from typing import Any

from voicekit.standin.conversation.ending import CLIENT, Ended

_Field = tuple[type, bool]  # its type, and whether it may be null or absent

_FIELDS: dict[str, dict[str, _Field]] = {
    "pong": {"event_id": (int, False)},
    "user_message": {"text": (str, True)},
    "multimodal_message": {"text": (dict, True)},
    "contextual_update": {"text": (str, False), "context_id": (str, True)},
    "client_tool_result": {
        "tool_call_id": (str, False),
        "result": (str, False),
        "is_error": (bool, False),
    },
    "feedback": {"event_id": (int, False), "score": (str, True)},
}
_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "an array",
    type(None): "null",
}
_ADVICE = {"result": " Let the tool's handler return text, such as json.dumps(…)."}


def check(message: dict[str, Any]) -> None:
    """See that a client's message has what the contract wants.

    Raises:
        Ended: 1008, it has not; says which field, and what is wrong with it.
    """
    kind = str(message.get("type"))
    for name, (wanted, optional) in _FIELDS.get(kind, {}).items():
        value = message.get(name)
        if type(value) is wanted or (value is None and optional):  # true is no integer
            continue
        got = _NAMES[type(value)] if name in message else "missing"
        said = f"{kind}.{name} must be {_NAMES[wanted]}, not {got}.{_ADVICE.get(name, '')}"
        raise Ended(CLIENT, said, "invalid_message")
