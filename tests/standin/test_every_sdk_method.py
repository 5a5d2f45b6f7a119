"""Every method of the official SDKs is answered, or refused so that its caller knows what to do."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import elevenlabs
import httpx
import openai
import pytest
import sdk_walk
from starlette.routing import Match
from wire import RACHEL

from voicekit.standin import Standin, app
from voicekit.standin.agents.store import READY

pytestmark = [
    pytest.mark.extended,
    pytest.mark.filterwarnings("ignore"),  # the SDKs' own, about methods that their vendors end
]

TOOL = {"type": "client", "name": "t", "description": "d", "parameters": None}
HOOK = {"auth_type": "hmac", "name": "n", "webhook_url": "https://example.com/hook"}
SOUND = ("a.txt", b"Hello there.", "text/plain")
LOCAL = {  # methods that ask no server, or not with what the walk can make up
    "webhooks.construct_event",
    "beta.agents.environments.files.prepare",
    "beta.agents.environments.files.prepare_directory",
    "beta.agents.environments.files.upload",
    "beta.agents.sessions.artifacts.for_result",
    "beta.agents.sessions.stream",
    "uploads.upload_file_chunked",
    "webhooks.unwrap",
    "webhooks.verify_signature",
}


class Call(NamedTuple):
    name: str
    status: int
    message: str
    method: str
    path: str


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Any:
    running = Standin(profile="instant")
    monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_bundle))
    yield running
    running.stop()


def world(standin: Standin) -> dict[str, Any]:
    """One of everything, by the names that the SDK's parameters have for its id."""
    state = standin.state
    state.reset()
    record = state.conversations.start(state.agents.get(READY), user_id="u")
    record.add("agent", "Hello", 0.5, event_id=1)
    record.finish("over", 2.0)
    url = f"{standin.elevenlabs_url}/v1"
    with httpx.Client(trust_env=False, headers={"xi-api-key": "x"}) as http:

        def post(path: str, **body: Any) -> Any:
            return http.post(url + path, json=body).raise_for_status().json()

        document = post("/convai/knowledge-base/text", text="Hello there.", name="n")["id"]
        index = post(
            f"/convai/knowledge-base/{document}/rag-index", model="multilingual_e5_large_instruct"
        )["id"]
        made = {
            "documentation_id": document,
            "rag_index_id": index,
            "chunk_id": f"{document}_0",
            "tool_id": post("/convai/tools", tool_config=TOOL)["id"],
            "secret_id": post("/convai/secrets", type="new", name="n", value="v")["secret_id"],
            "webhook_id": post("/workspace/webhooks", settings=HOOK)["webhook_id"],
        }
    return {
        **made,
        "agent_id": READY,
        "conversation_id": record.conversation_id,
        "voice_id": RACHEL,
        "text": "Hello.",
        "file": SOUND,
        "files": [SOUND],
        "settings": HOOK,
        "model_id": "scribe_v2",
        "model": "multilingual_e5_large_instruct",
        "url": "https://example.com",
    }


def walked(client: Any, package: str, standin: Standin, values: Any) -> list[Call]:
    calls = []
    for method in sdk_walk.methods(client, package, values):
        if package == "elevenlabs":
            world(standin)
        standin.state.journal.clear()
        status, message = 200, ""
        try:
            answer = method.call()
            if inspect.iscoroutine(answer):
                asyncio.run(answer)
        except Exception as error:
            status, message = getattr(error, "status_code", None) or 0, said(error)
        entries = list(standin.state.journal.entries)
        path = urlsplit(entries[-1]["path"]).path.split("/", 2)[2] if entries else ""
        verb = entries[-1]["method"] if entries else ""
        calls.append(Call(method.name, status, message, verb, f"/{path}" if path else ""))
    return calls


def said(error: Exception) -> str:
    """The sentence in an error's body, in either of the vendors' forms."""
    body: Any = getattr(error, "body", None)
    body = body.model_dump() if hasattr(body, "model_dump") else body
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, list):  # a 422 names the field and what is wrong with it
        return f"{detail[0]['loc']}: {detail[0]['msg']}"
    return str(detail.get("message") or detail) if isinstance(detail, dict) else str(error)


def is_served(path: str, method: str, routes: Any, known: set[str]) -> bool:
    """Whether a route is the path's own, and not one that takes a word of it for an id."""
    for route in routes:
        kind = "websocket" if method == "WEBSOCKET" else "http"
        scope = {"type": kind, "path": path, "method": method, "headers": []}
        match, child = route.matches(scope)
        if match == Match.FULL and "rest" not in child["path_params"]:
            return {str(one) for one in child["path_params"].values()} <= known
    return False


def judged(calls: list[Call], routes: Any, known: set[str]) -> tuple[Counter[str], list[Call]]:
    """How many were answered and refused; and those that were badly."""
    bad = []
    for call in calls:
        clear = call.name in LOCAL and not call.path
        if call.path and call.status == 200:
            clear = is_served(call.path, call.method, routes, known)
        elif call.path and not is_served(call.path, call.method, routes, known):
            told = rf"({call.method} )?'?{re.escape(call.path)}'? is not served here"
            refused = 400 <= call.status <= 501 or call.method == "WEBSOCKET"
            clear = refused and re.search(told, call.message) is not None
        elif call.path:
            clear = 400 <= call.status < 500 and len(call.message) > 20
        if not clear:
            bad.append(call)
    return Counter("answered" if call.status == 200 else "refused" for call in calls), bad


def test_every_method_of_elevenlabs_is_answered_or_refused_clearly(own: Standin) -> None:
    values = world(own)
    direct = httpx.Client(trust_env=False, follow_redirects=False, timeout=60)
    client = elevenlabs.ElevenLabs(base_url=own.elevenlabs_url, api_key="x", httpx_client=direct)
    calls = walked(client, "elevenlabs", own, values)
    counted, bad = judged(
        calls, app.ELEVENLABS, {*map(str, values.values()), "x", "1", "realtime_scribe"}
    )
    print(dict(counted), "of", len(calls))
    assert not bad, "\n".join(map(str, bad))
    assert counted["answered"] >= 60
    assert len(calls) >= 460


def test_every_method_of_openai_is_answered_or_refused_clearly(own: Standin) -> None:
    values = {
        "model": "gpt-6-luna",
        "messages": [{"role": "user", "content": "Hello."}],
        "input": "Hello.",
        "file": SOUND,
    }
    with openai.OpenAI(
        base_url=own.openai_url, api_key="x", admin_api_key="x", max_retries=0, timeout=60
    ) as client:
        calls = walked(client, "openai.resources", own, values)
    counted, bad = judged(calls, app.OPENAI, {*map(str, values.values()), "x", "1"})
    print(dict(counted), "of", len(calls))
    assert not bad, "\n".join(map(str, bad))
    assert counted["answered"] >= 6
    assert len(calls) >= 300
