"""One stand-in for many kernels: what is made with one key, no other key sees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from keyed import Room
from waiting import HANG
from websockets.sync.client import connect as dial
from wire import RACHEL

from voicekit.errors import ServingError
from voicekit.standin import Standin
from voicekit.standin.state import State
from voicekit.standin.tenants import MOST
from voicekit.world import connect

C = "/elevenlabs/v1/convai"
HOOK = {"name": "after", "webhook_url": "https://hooks.example/after", "auth_type": "hmac"}
COLLECTIONS = {  # where each is made, with what, the field of its id, and where it is listed
    "agents": (f"{C}/agents/create", {"conversation_config": {}}, "agent_id", f"{C}/agents"),
    "documents": (
        f"{C}/knowledge-base/text",
        {"text": "We ship on Mondays.", "name": "Shipping"},
        "id",
        f"{C}/knowledge-base",
    ),
    "tools": (
        f"{C}/tools",
        {"tool_config": {"type": "client", "name": "wave", "description": "Waves."}},
        "id",
        f"{C}/tools",
    ),
    "secrets": (
        f"{C}/secrets",
        {"type": "new", "name": "token", "value": "s3cret"},
        "secret_id",
        f"{C}/secrets",
    ),
    "webhooks": (
        "/elevenlabs/v1/workspace/webhooks",
        {"settings": HOOK},
        "webhook_id",
        "/elevenlabs/v1/workspace/webhooks",
    ),
    "responses": (
        "/openai/v1/responses",
        {"model": "voicekit-script-1", "input": "Hello"},
        "id",
        "/openai/v1/responses/{id}",
    ),
}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Room() as room:
        yield room


@pytest.mark.parametrize("what", COLLECTIONS)
def test_what_one_key_makes_another_does_not_see(room, what):
    create, body, field, listing = COLLECTIONS[what]
    made = room.post(create, f"one {what}", body).json()
    where = listing.format(id=made[field])
    assert made[field] in room.get(where, f"one {what}").text
    others = room.get(where, f"two {what}"), room.get(where, room.standin.elevenlabs_key)
    assert not any(made[field] in answer.text for answer in others if answer.status_code == 200)
    assert {answer.status_code for answer in others} <= {200, 404}
    if "{id}" not in listing and what in ("agents", "documents", "tools"):
        singular = "knowledge-base" if what == "documents" else what
        by_id = f"{C}/{singular}/{made[field]}"
        answers = room.get(by_id, f"one {what}"), room.get(by_id, f"two {what}")
        assert [answer.status_code for answer in answers] == [200, 404]


def test_every_part_of_a_state_is_its_own_but_for_the_engines_and_the_reach(room):
    one, two = room.state("parts 1"), room.state("parts 2")
    immutable = (str, int, float, bool, type(None))
    shared = {
        name
        for name, part in vars(one).items()
        if part is vars(two)[name] and not isinstance(part, immutable)
    }
    assert shared == {"voice", "ears", "reach", "profile", "initial_profile", "clock"}
    assert one.control_token != two.control_token


def test_no_two_keys_get_the_same_id(room):
    body = {"conversation_config": {}}
    made = [room.post(f"{C}/agents/create", key, body).json()["agent_id"] for key in "abcd"]
    assert len({*made}) == 4


def test_workspace_settings_and_what_was_used_are_apart(room):
    hooks = {"conversation_initiation_client_data_webhook": None, "can_use_mcp_servers": True}
    changed = room.client.patch(f"{C}/settings", json=hooks, headers=room.key("rich"))
    assert changed.status_code == 200
    speech = {"text": "Hello there.", "model_id": "eleven_flash_v2_5"}
    room.post(f"/elevenlabs/v1/text-to-speech/{RACHEL}", "rich", speech)
    used = [room.get("/elevenlabs/v1/user/subscription", key).json() for key in ("rich", "poor")]
    assert [account["character_count"] > 0 for account in used] == [True, False]


def test_the_journal_the_faults_the_profile_and_the_settings_are_apart(room):
    room.control("PUT", "profile", "one", {"name": "advertised"})
    room.control("PUT", "settings", "one", {"strict_overrides": True})
    room.control("POST", "faults", "one", {"kind": "refuse", "name": "system_busy"})
    room.get("/elevenlabs/v1/voices?one=1", "other")
    profiles = [room.control("GET", "profile", key)["name"] for key in ("one", "other")]
    assert profiles == ["advertised", "instant"]
    strict = [room.control("GET", "settings", key)["strict_overrides"] for key in ("one", "other")]
    assert strict == [True, False]
    answers = [room.get("/elevenlabs/v1/voices", key).status_code for key in ("other", "one")]
    assert answers == [200, 429]
    paths = [len(room.control("GET", "journal", key)["entries"]) for key in ("one", "other")]
    assert paths == [1, 2]
    room.control("POST", "reset", "one")
    assert len(room.control("GET", "journal", "other")["entries"]) == 2


def test_the_control_plane_of_the_printed_keys_needs_the_token(room):
    standin = room.standin
    for key in (standin.elevenlabs_key, standin.openai_key, ""):
        answer = room.client.get("/_standin/journal", headers=room.key(key))
        assert answer.status_code == 401
    wrong = {**room.key("one"), "authorization": "Bearer wrong"}
    assert room.client.get("/_standin/journal", headers=wrong).status_code == 401
    token = {"authorization": f"Bearer {standin.control_token}"}
    room.post(f"{C}/agents/create", "watched", {"conversation_config": {}})
    seen = room.client.get("/_standin/journal", headers={**token, **room.key("watched")}).json()
    assert [entry["path"] for entry in seen["entries"]] == [f"{C}/agents/create"]


@pytest.mark.parametrize("by", ["agent", "signed URL"])
def test_a_conversation_without_a_key_belongs_to_its_agents_key(room, by):
    config = {"agent": {"first_message": "Hello."}, "conversation": {"text_only": True}}
    body = {"conversation_config": config}
    made = room.post(f"{C}/agents/create", f"caller {by}", body).json()["agent_id"]
    url = f"{room.standin.elevenlabs_url}/v1/convai/conversation?agent_id={made}"
    if by == "signed URL":
        signing = f"{C}/conversation/get-signed-url?agent_id={made}"
        url = room.get(signing, f"caller {by}").json()["signed_url"]
    with dial(url.replace("http", "ws", 1), proxy=None) as socket:
        socket.send(json.dumps({"type": "conversation_initiation_client_data"}))
        metadata = json.loads(socket.recv(HANG))
    fields = metadata["conversation_initiation_metadata_event"]
    where = f"{C}/conversations"
    assert fields["conversation_id"] in room.get(where, f"caller {by}").text
    assert fields["conversation_id"] not in room.get(where, "somebody else").text
    assert fields["conversation_id"] not in room.get(where, room.standin.elevenlabs_key).text


@pytest.mark.parametrize("field", ["xi_api_key", "xi-api-key", "authorization"])
def test_a_key_in_a_sockets_first_message_counts_like_one_in_the_handshake(room, field):
    url = room.standin.elevenlabs_url.replace("http", "ws", 1)
    key = f"late {field}"
    path = f"/v1/text-to-speech/{RACHEL}/stream-input?model_id=eleven_flash_v2_5"
    with dial(f"{url}{path}", proxy=None) as socket:
        socket.send(json.dumps({"text": " ", field: key}))
        socket.send(json.dumps({"text": "Hello there. "}))
        socket.send(json.dumps({"text": ""}))
        assert json.loads(socket.recv(HANG)).get("audio")
    used = room.get("/elevenlabs/v1/user/subscription", key).json()["character_count"]
    assert used > 0
    entries = room.control("GET", "journal", key)["entries"]
    assert [(entry["n"], entry["method"]) for entry in entries] == [(1, "WEBSOCKET"), (2, "GET")]


def test_the_key_longest_unused_makes_room(room):
    first = room.state("first of many")
    for n in range(MOST):
        room.tenants.of(f"many {n}")
    assert len(room.tenants.all) == MOST + 1
    assert room.state("first of many") is not first


def test_a_stand_in_of_ones_own_has_one_state_for_any_key(standin):
    made = standin.state.agents.create({"conversation_config": {}}).agent_id
    headers = {"xi-api-key": "whatever"}
    url = f"{standin.elevenlabs_url}/v1/convai/agents/{made}"
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 200


def test_in_strict_mode_only_the_printed_keys_are_let_in():
    with Room() as room:
        room.standin.state.strict_keys = True
        keys = "k", room.standin.elevenlabs_key
        answers = [room.get("/elevenlabs/v1/voices", key).status_code for key in keys]
    assert answers == [401, 200]


def test_two_processes_that_connect_to_one_do_not_see_each_other(room):
    program = """
import sys
from voicekit import connect
world = connect("advertised", standin=sys.argv[1], offline=True)
assert "voicekit.standin" not in sys.modules
agents = world.elevenlabs().conversational_ai.agents
made = agents.create(conversation_config={"agent": {"first_message": "Hello."}}).agent_id
seen = [agent.agent_id for agent in agents.list().agents if agent.agent_id != "agent_standin"]
again = connect("advertised", standin=sys.argv[1], offline=True)
assert again.elevenlabs_key == world.elevenlabs_key
spoken = world.elevenlabs().text_to_speech.convert_realtime(
    voice_id="21m00Tcm4TlvDq8ikWAM", text=iter(["Hello there. "]), model_id="eleven_flash_v2_5")
assert b"".join(spoken)  # which insists on TLS
print(made, *seen)
"""
    url = room.standin.url
    runs = [
        subprocess.run(
            [sys.executable, "-c", program, url], capture_output=True, text=True, timeout=HANG
        )
        for _ in range(2)
    ]
    assert [run.stderr for run in runs] == ["", ""]
    made = [run.stdout.split() for run in runs]
    assert [len({*names}) for names in made] == [1, 1]
    assert made[0] != made[1]
    assert room.standin.state.profile.name == "instant"


def test_the_environment_names_a_stand_in_too(room, monkeypatch):
    for name in ("SSL_CERT_FILE", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("VOICEKIT_STANDIN", f" {room.standin.url}/ ")
    world = connect("instant", offline=True)
    assert world.elevenlabs_url == room.standin.elevenlabs_url
    assert room.standin.url.removeprefix("http://") in repr(world)
    assert world.openai_key.reveal() not in repr(world)
    with world.openai() as client:
        assert len(client.models.list().data) > 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8123", "https://127.0.0.1:1", "http://", "http://127.0.0.1:1/elevenlabs", "room"],
)
def test_what_is_no_address_is_refused_with_an_example(address):
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:8123"):
        connect("instant", standin=address, offline=True)


def test_an_unknown_profile_and_a_stand_in_that_is_not_there_are_said(room, standin):
    with pytest.raises(ValueError, match="instant, advertised, independent"):
        connect("warp", standin=room.standin.url, offline=True)
    with pytest.raises(ServingError, match=r"No stand-in answers at 127\.0\.0\.1:1 "):
        connect("instant", standin="http://127.0.0.1:1", offline=True)
    with pytest.raises(ServingError, match="keeps keys apart"):
        connect("instant", standin=standin.url, offline=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_another_address_is_listened_at_only_when_asked_and_calls_no_loopback(room):
    with Room(listen="127.0.0.2") as other:
        assert other.standin.url == f"http://127.0.0.2:{other.standin.port}"
        assert other.get("/elevenlabs/v1/voices", "far").status_code == 200
        evil = {**other.key("far"), "host": f"evil.example:{other.standin.port}"}
        assert other.client.get("/elevenlabs/v1/voices", headers=evil).status_code == 403
        page = {"url": f"{room.standin.url}/page"}
        refused = other.post(f"{C}/knowledge-base/url", "far", page)
    assert refused.status_code == 400
    assert "allow-address" in refused.text


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ServingError, match=r"192\.0\.2\.1 cannot be used"):
        Standin("instant", listen="192.0.2.1")


def test_a_state_beside_another_begins_in_its_first_profile(room):
    state = room.state("new")
    assert isinstance(state, State)
    assert state.profile is room.standin.state.initial_profile
