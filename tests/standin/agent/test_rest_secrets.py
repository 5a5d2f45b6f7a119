from __future__ import annotations

import json

import pytest
from elevenlabs.core.api_error import ApiError

from voicekit.standin.agents.store import READY

VALUE = "canary-7f3a-never-shown"


@pytest.fixture
def secrets(client):
    return client.conversational_ai.secrets


def test_a_secret_goes_in_and_its_name_comes_out(standin, secrets):
    made = secrets.create(name="llm", value=VALUE)
    assert (made.secret_id, made.name, made.type) == ("secret_000001", "llm", "stored")
    assert standin.state.vault.value({"secret_id": made.secret_id}) == VALUE
    secrets.update(made.secret_id, name="llm2", value="other")
    assert [kept.name for kept in secrets.list().secrets] == ["llm2"]
    assert standin.state.vault.value({"secret_id": made.secret_id}) == "other"
    secrets.delete(made.secret_id)
    assert secrets.list().secrets == []
    assert standin.state.vault.value({"secret_id": made.secret_id}) is None


def test_a_secrets_value_is_shown_nowhere(standin, secrets, http, token, caplog):
    caplog.set_level("DEBUG")
    made = secrets.create(name="llm", value=VALUE)
    secrets.update(made.secret_id, name="llm", value=VALUE)
    http.post("/v1/convai/secrets", json={"type": "old", "name": "llm", "value": VALUE})
    listed = http.get("/v1/convai/secrets").text
    journal = http.get(f"{standin.control_url}/journal", headers=token).text
    shown = listed + journal + repr(standin.state.vault.all())
    assert "llm" in listed
    assert "bytes of a secret" in journal
    assert VALUE not in shown
    assert VALUE not in "".join(r.getMessage() for r in caplog.records if "voicekit" in r.name)


def test_a_secret_that_is_used_says_by_whom_and_stays(agents, secrets):
    made = secrets.create(name="llm", value=VALUE)
    llm = {"url": "http://127.0.0.1/v1", "api_key": {"secret_id": made.secret_id}}
    prompt = {"llm": "custom-llm", "custom_llm": llm}
    agents.update(READY, conversation_config={"agent": {"prompt": prompt}})
    used_by = secrets.list().secrets[0].used_by
    assert [agent.id for agent in used_by.agents] == [READY]
    with pytest.raises(ApiError) as refused:
        secrets.delete(made.secret_id)
    assert "in use" in refused.value.body["detail"]["message"]
    assert VALUE not in json.dumps(refused.value.body)


def test_a_secret_that_is_not_there_is_not_found(secrets):
    with pytest.raises(ApiError) as refused:
        secrets.update("secret_none", name="a", value="b")
    assert refused.value.body["detail"]["code"] == "secret_not_found"
