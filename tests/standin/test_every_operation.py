"""Every operation that the stand-in has of the published contract, judged by the contract."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from test_every_sdk_method import SOUND, world

from voicekit.standin import Standin, app

pytestmark = pytest.mark.extended

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "schemas"
FILE = Path(os.environ.get("VOICEKIT_SCHEMAS", BESIDE)) / "rest.openapi.json"
REFUSED = {  # what wants WebRTC, and what wants the Internet
    "/v1/convai/conversation/token",
    "/v1/convai/knowledge-base/url",
}
TOOL = {
    "type": "client",
    "name": "t",
    "description": "d",
    "parameters": {"type": "object", "properties": {}, "required": []},
}
BODIES: dict[str, Any] = {
    "/v1/convai/agents/create": {"conversation_config": {}},
    "/v1/convai/tools": {"tool_config": TOOL},
    "/v1/convai/tools/{tool_id}": {"tool_config": TOOL},
    "/v1/convai/secrets": {"type": "new", "name": "n", "value": "v"},
    "/v1/convai/secrets/{secret_id}": {"type": "update", "name": "n", "value": "v"},
    "/v1/convai/knowledge-base/text": {"text": "t"},
    "/v1/convai/knowledge-base/{documentation_id}": {"name": "x"},
    "/v1/convai/knowledge-base/{documentation_id}/rag-index": {
        "model": "multilingual_e5_large_instruct"
    },
    "/v1/convai/conversations/{conversation_id}/feedback": {"feedback": "like"},
    "/v1/convai/agents/{agent_id}/simulate-conversation": {
        "simulation_specification": {"simulated_user_config": {"first_message": "Hello."}}
    },
}


def operations() -> list[tuple[str, str]]:
    """Method and path of each route that the contract has too."""
    if not FILE.is_file():
        return []
    paths = json.loads(FILE.read_text("utf-8"))["paths"]
    routes = [
        (method, route.path)  # type: ignore[attr-defined]
        for route in app.ELEVENLABS
        for method in sorted(getattr(route, "methods", None) or ())
    ]
    return [(method, path) for method, path in routes if method.lower() in paths.get(path, {})]


@pytest.mark.skipif(
    not FILE.is_file(),
    reason="There is no rest.openapi.json: take it from https://api.elevenlabs.io/openapi.json "
    "and set VOICEKIT_SCHEMAS to its folder.",
)
def test_what_is_answered_is_valid_by_the_contract(standin: Standin) -> None:
    document, wrong, valid = json.loads(FILE.read_text("utf-8")), [], 0
    for method, path in operations():
        values = world(standin)
        url = f"{standin.elevenlabs_url}{path}".format(**{"kind": "realtime_scribe", **values})
        asked: dict[str, Any] = {}
        if "/conversation/" in path:
            asked["params"] = {"agent_id": values["agent_id"]}
        if path.endswith("-to-speech/{voice_id}") or "timestamps" in path or "/stream" in path:
            asked["json"] = BODIES.get(path.removesuffix("/stream"), {"text": "Hello."})
        elif path.endswith(("/file", "/speech-to-text")):
            asked = {"files": {"file": SOUND}}
            if path.endswith("text"):
                silence = ("a.pcm", bytes(32_000), "audio/x")
                form = {"model_id": "scribe_v2", "file_format": "pcm_s16le_16"}
                asked = {"files": {"file": silence}, "data": form}
        elif method in ("POST", "PATCH"):
            asked["json"] = BODIES.get(path, {})
        with httpx.Client(trust_env=False, headers={"xi-api-key": "x"}, timeout=60) as client:
            answer = client.request(method, url, **asked)
        known = document["paths"][path][method.lower()]["responses"]
        if path in REFUSED or (path.endswith("/audio") and "no sound" in answer.text):
            continue
        if str(answer.status_code) not in known:
            wrong.append((method, path, answer.status_code, answer.text[:200]))
            continue
        kinds = known[str(answer.status_code)].get("content", {})
        schema = kinds.get("application/json", {}).get("schema")
        if schema and "json" in answer.headers.get("content-type", ""):
            whole = {**schema, "components": document["components"]}
            judge = jsonschema.Draft202012Validator(whole)
            bodies = map(json.loads, answer.text.splitlines())  # a stream has one in each line
            faults = [fault for body in bodies for fault in judge.iter_errors(body)]
            wrong += [(method, path, fault.message[:200]) for fault in faults[:1]]
            valid += not faults
        else:
            valid += 1
    print(valid, "operations are valid")
    assert not wrong, "\n".join(map(str, wrong))
    assert valid >= 54
