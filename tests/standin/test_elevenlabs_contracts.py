"""The stand-in's messages against the vendor's published contracts.

The contracts are not part of this repository. Where they disagree with the official SDK's types,
the SDK decides, and the test says so.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from elevenlabs.core.unchecked_base_model import construct_type
from elevenlabs.v_1_text_to_speech_voice_id_multi_stream_input import ReceiveMessageMulti
from elevenlabs.v_1_text_to_speech_voice_id_stream_input import ReceiveMessage
from wire import RACHEL, dial, hear, say

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "schemas"
SCHEMAS = Path(os.environ.get("VOICEKIT_SCHEMAS", BESIDE))
STREAM = "/v1/text-to-speech/{voice_id}/stream-input"
MULTI = "/v1/text-to-speech/{voice_id}/multi-stream-input"


def contract(name: str, where: str) -> Any:
    path = SCHEMAS / name
    if not path.is_file():
        pytest.skip(
            f"There is no {name}: take it from {where} and set VOICEKIT_SCHEMAS to its folder."
        )
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


@pytest.fixture(scope="module")
def tts() -> Any:
    where = "github.com/elevenlabs/elevenlabs-docs (fern/apis/api/asyncapi.yml)"
    return _plain(contract("tts.asyncapi.yml", where))


@pytest.fixture(scope="module")
def rest() -> Any:
    return contract("rest.openapi.json", "https://api.elevenlabs.io/openapi.json")


def _plain(node: Any) -> Any:
    """The contract as JSON Schema: its generator's types and `nullable` in standard words."""
    if isinstance(node, list):
        return [_plain(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {name: _plain(part) for name, part in node.items()}
    kind = made.get("x-fern-type")
    if isinstance(kind, str) and kind.startswith("literal<"):
        made["const"] = json.loads(kind[len("literal<") : -1])
    elif isinstance(kind, str) and kind.startswith("list<"):
        made |= {"type": "array", "items": {"type": kind[len("list<") : -1]}}
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", False) is True else made


def check(document: Any, kind: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{kind}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def published(document: Any, channel: str) -> list[dict[str, Any]]:
    """The client's messages of the contract's own example conversation."""
    example = document["channels"][channel]["x-fern-examples"][0]
    return [m["value"] for m in example["messages"] if m["type"] == "publish"]


def said(message: dict[str, Any]) -> dict[str, Any]:
    """A message without its nulls, which this contract has no word for and the SDK's types have."""
    return {name: value for name, value in message.items() if value is not None}


def test_the_contracts_example_conversation_works_on_stream_input(standin, tts):
    with dial(standin) as socket:
        say(socket, *published(tts, STREAM))
        heard = hear(socket)
    assert heard.code == 1000
    assert heard.chars == "Hello World "
    for message in heard.messages[:-1]:
        check(tts, "AudioOutput", said(message))
        for field in ("alignment", "normalizedAlignment"):
            check(tts, field[0].upper() + field[1:], message[field] or {})
    check(tts, "FinalOutput", said(heard.last))


def test_the_contracts_example_conversation_works_on_multi_stream_input(standin, tts):
    with dial(standin, "multi-stream-input") as socket:
        say(socket, *published(tts, MULTI))
        heard = hear(socket)
    assert heard.code == 1000
    first, second = heard.of("conv_1"), heard.of("interruption_context")
    assert first.chars == (
        "Hello from conversation one. This is added to the buffer of text to flush. "
    )
    assert second.chars == "Hi this is a new context with different settings! "
    for message in heard.messages:
        kind = "FinalOutputMulti" if message.get("isFinal") else "AudioOutputMulti"
        check(tts, kind, said(message))
        check(tts, "WebsocketTTSServerMessageMulti", message)


def test_durations_are_spelled_as_the_sdk_reads_them_and_not_as_the_contract_does(standin, tts):
    assert "charsDurationsMs" in tts["components"]["schemas"]["Alignment"]["properties"]
    with dial(standin) as socket:
        say(socket, " ", "Hello. ", "")
        first = hear(socket).messages[0]
    parsed = construct_type(type_=ReceiveMessage, object_=first)
    assert parsed.alignment.char_durations_ms == first["alignment"]["charDurationsMs"]
    assert "charsDurationsMs" not in first["alignment"]


def test_the_sdks_own_types_read_the_messages_of_several_contexts(standin):
    with dial(standin, "multi-stream-input") as socket:
        say(socket, {"context_id": "a", "text": "Hello. "}, {"close_socket": True})
        heard = hear(socket)
    parsed = [construct_type(type_=ReceiveMessageMulti, object_=m) for m in heard.messages]
    assert [message.context_id for message in parsed] == ["a"] * len(parsed)
    assert parsed[0].normalized_alignment.chars == list("Hello. ")
    assert parsed[-1].is_final is True


@pytest.mark.parametrize(
    "path",
    [
        "/v1/voices",
        "/v2/voices",
        f"/v1/voices/{RACHEL}",
        f"/v1/voices/{RACHEL}/settings",
        "/v1/voices/settings/default",
        "/v1/models",
        "/v1/user",
        "/v1/user/subscription",
    ],
)
def test_listings_are_valid_by_the_contract(standin, rest, path):
    template = re.sub(RACHEL, "{voice_id}", path)
    operation = rest["paths"][template]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    with httpx.Client(trust_env=False, headers={"xi-api-key": "k"}) as client:
        body = client.get(standin.elevenlabs_url + path).json()
    jsonschema.Draft202012Validator({**schema, "components": rest["components"]}).validate(body)


def test_timestamps_and_validation_errors_are_valid_by_the_contract(standin, rest):
    url = f"{standin.elevenlabs_url}/v1/text-to-speech/{RACHEL}"
    with httpx.Client(trust_env=False, headers={"xi-api-key": "k"}) as client:
        whole = client.post(f"{url}/with-timestamps", json={"text": "Hello."})
        lines = client.post(f"{url}/stream/with-timestamps", json={"text": "Hello."})
        wrong = client.post(url, json={"text": 5})
    check(rest, "AudioWithTimestampsResponseModel", whole.json())
    for line in lines.text.splitlines():
        check(rest, "StreamingAudioChunkWithTimestampsResponseModel", json.loads(line))
    check(rest, "HTTPValidationError", wrong.json())
