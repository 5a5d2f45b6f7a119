from __future__ import annotations

import json
import logging
import socket

import httpx
import pytest
from waiting import HANG

from voicekit.standin import Standin
from voicekit.standin.http.faults import Fault


@pytest.fixture
def control(standin: Standin, token) -> httpx.Client:
    base = standin.elevenlabs_url.removesuffix("/elevenlabs")
    headers = {**token, "content-type": "application/json"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=HANG) as client:
        yield client


def test_the_index_says_what_it_is_and_which_profile_is_in_force(control):
    index = control.get("/_standin/").json()
    assert index["standin"] == "voicekit"
    assert index["profile"] == "instant"
    assert index["paths"] == ["journal", "reset", "profile", "faults", "settings"]


def test_the_profile_can_be_switched_and_reset(control):
    chosen = control.put("/_standin/profile", json={"name": "advertised"}).json()
    assert chosen["first_chunk"]["eleven_flash_v2_5"] == 0.075
    control.post("/_standin/reset")
    assert control.get("/_standin/profile").json()["name"] == "instant"


def test_an_unknown_profile_is_refused_with_those_that_exist(control):
    answer = control.put("/_standin/profile", json={"name": "warp"})
    assert answer.status_code == 400
    assert "instant, advertised, independent" in answer.json()["error"]


def test_the_journal_notes_requests_in_order_and_looking_leaves_no_trace(control):
    control.get("/elevenlabs/v1/nowhere?a=1")
    control.get("/openai/v1/nowhere")
    control.get("/_standin/journal")
    entries = control.get("/_standin/journal").json()["entries"]
    assert [(e["n"], e["path"], e["status"]) for e in entries] == [
        (1, "/elevenlabs/v1/nowhere", 404),
        (2, "/openai/v1/nowhere", 404),
    ]
    assert entries[0]["query"] == {"a": "1"}


def test_the_journal_holds_no_key_from_header_query_or_body(control):
    control.post(
        "/openai/v1/chat/completions?xi-api-key=CANARY&token=CANARY",
        headers={"xi-api-key": "CANARY", "authorization": "Bearer CANARY"},
        json={"xi_api_key": "CANARY", "nested": [{"authorization": "CANARY"}], "text": "kept"},
    )
    journal = control.get("/_standin/journal").text
    assert "CANARY" not in journal
    assert "kept" in journal


def test_unknown_paths_name_the_known_ones_in_the_vendors_shape(control):
    eleven = control.get("/elevenlabs/v1/nowhere")
    assert eleven.status_code == 404
    assert eleven.json()["detail"]["status"] == "not_found"
    assert "/v1/text-to-speech/{voice_id}" in eleven.json()["detail"]["message"]
    openai = control.get("/openai/v1/nowhere")
    assert openai.json()["error"]["code"] == "not_found"
    assert "/v1/chat/completions" in openai.json()["error"]["message"]


def test_a_path_without_vendor_says_where_the_vendors_are(control):
    answer = control.get("/v1/models")
    assert answer.status_code == 404
    assert "/openai/v1" in answer.json()["error"]


def test_a_wrong_method_is_refused_in_the_vendors_shape(control):
    assert control.delete("/openai/v1/models").json()["error"]["code"] == "method_not_supported"
    assert control.put("/elevenlabs/v1/models").json()["detail"]["status"] == "method_not_allowed"


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "gremlin"},
        {"kind": "drop", "after": "soon"},
        {"kind": "stall", "seconds": 1e9},
        {"kind": "stall", "seconds": float("nan")},
        {"kind": "drop", "colour": "red"},
        {"kind": "drop", "after": -1},
        {"kind": "drop", "after": True},
        {"kind": "drop", "times": 0},
        {"kind": "refuse", "name": "bad_hair_day"},
        ["drop"],
        None,
    ],
)
def test_a_fault_that_could_never_act_is_refused(control, fault):
    answer = control.post("/_standin/faults", content=json.dumps(fault))
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert control.get("/_standin/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": "../profiles"}', 400),
        (b"[" * 100_000, 400),
        (b" " * 2_000_000, 413),
    ],
    ids=["empty", "cut", "no UTF-8", "NaN", "half a pair", "a path", "deep", "huge"],
)
@pytest.mark.parametrize("path", ["profile", "settings", "faults"])
def test_a_malformed_body_to_the_control_plane_is_refused(control, path, body, status):
    answer = control.post(f"/_standin/{path}", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_the_control_plane_survives_a_client_that_leaves_in_the_middle(control, standin, caplog):
    with socket.create_connection(("127.0.0.1", standin.port)) as rude:
        head = f"POST /_standin/faults HTTP/1.1\r\nHost: 127.0.0.1:{standin.port}\r\n"
        head += f"Authorization: Bearer {standin.control_token}\r\nContent-Length: 99\r\n\r\n{{"
        rude.sendall(head.encode())
    assert control.get("/_standin/faults").json() == {"faults": []}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_path_that_is_none_is_refused_like_one_without_vendor(standin):
    with socket.create_connection(("127.0.0.1", standin.port), timeout=HANG) as odd:
        host = b"127.0.0.1:%d" % standin.port
        odd.sendall(b"OPTIONS * HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        answer = odd.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_faults_wait_in_order_and_can_be_dropped(control):
    control.post("/_standin/faults", json={"kind": "refuse", "path": "*/models", "times": 2})
    control.post("/_standin/faults", json={"kind": "drop"})
    waiting = control.get("/_standin/faults").json()["faults"]
    assert [fault["kind"] for fault in waiting] == ["refuse", "drop"]
    assert control.delete("/_standin/faults").json() == {"faults": []}


def test_a_refusal_acts_as_often_as_asked_and_only_on_its_path(control):
    body = {"kind": "refuse", "path": "/elevenlabs/*", "name": "system_busy", "times": 2}
    control.post("/_standin/faults", json=body)
    headers = {"authorization": "Bearer x", "xi-api-key": "x"}
    assert control.get("/openai/v1/models", headers=headers).status_code == 200
    busy = [control.get("/elevenlabs/v1/models", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in busy] == [429, 429, 200]
    assert busy[0].json()["detail"]["code"] == "system_busy"


def test_strict_keys_accept_only_the_printed_one(control, standin):
    control.put("/_standin/settings", json={"strict_keys": True})
    wrong = control.get("/openai/v1/models", headers={"authorization": "Bearer other"})
    right = control.get(
        "/openai/v1/models", headers={"authorization": f"Bearer {standin.openai_key}"}
    )
    assert (wrong.status_code, right.status_code) == (401, 200)


def test_settings_are_switched_one_by_one_and_a_reset_takes_them_back(control, monkeypatch):
    monkeypatch.delenv("VOICEKIT_TODAY", raising=False)
    control.post("/_standin/reset")
    path = "/_standin/settings"
    control.put(path, json={"strict_keys": True})
    assert control.put(path, json={"strict_overrides": True}).json() == {
        "strict_keys": True,
        "strict_overrides": True,
        "today": None,
    }
    assert control.put(path, json={"today": "2027-03-01"}).json()["today"] == "2027-03-01"
    control.post("/_standin/reset")
    assert not any(control.get(path).json().values())
    wrong = {}, {"strict": True}, {"strict_keys": 1}, {"today": "March"}
    refused = [control.put(path, json=body) for body in wrong]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert "strict_overrides" in refused[1].json()["error"]


def test_fault_fields_have_defaults_that_bound_them():
    fault = Fault("half_open")
    assert 0 < fault.seconds <= 600
    assert fault.times == 1
