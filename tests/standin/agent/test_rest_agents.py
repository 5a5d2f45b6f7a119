from __future__ import annotations

import asyncio

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from elevenlabs.types import AgentConfig, ConversationalConfig, PromptAgentApiModelOutput

from voicekit.standin.agents.store import READY


def config(**prompt):
    speaking = AgentConfig(first_message="Hi!", prompt=PromptAgentApiModelOutput(**prompt))
    return ConversationalConfig(agent=speaking)


def test_a_new_agent_has_what_was_asked_for_and_the_vendors_defaults_for_the_rest(agents):
    made = agents.create(name="Shop", tags=["a"], conversation_config=config(prompt="Be kind."))
    assert made.agent_id == "agent_000001"
    found = agents.get(made.agent_id)
    assert (found.name, found.tags) == ("Shop", ["a"])
    assert found.conversation_config.agent.prompt.prompt == "Be kind."
    assert found.conversation_config.turn.turn_timeout == 7
    assert found.conversation_config.turn.turn_eagerness == "normal"
    assert found.conversation_config.tts.agent_output_audio_format == "pcm_16000"
    assert found.conversation_config.conversation.max_duration_seconds == 600
    assert found.platform_settings.auth.enable_auth is False
    assert found.platform_settings.call_limits.agent_concurrency_limit == -1


def test_an_update_changes_what_it_names_and_leaves_the_rest(agents):
    made = agents.create(conversation_config=config(prompt="Be kind.", temperature=0.5))
    changed = agents.update(
        made.agent_id, conversation_config={"agent": {"prompt": {"prompt": "Be brief."}}}
    )
    prompt = changed.conversation_config.agent.prompt
    assert (prompt.prompt, prompt.temperature) == ("Be brief.", 0.5)
    assert changed.conversation_config.agent.first_message == "Hi!"
    assert agents.get(made.agent_id) == changed


def test_unknown_fields_are_kept(http):
    body = {"conversation_config": {"agent": {"prompt": {"novelty": [1]}}, "more": {"x": 1}}}
    made = http.post("/v1/convai/agents/create", json=body).json()
    found = http.get(f"/v1/convai/agents/{made['agent_id']}").json()["conversation_config"]
    assert found["agent"]["prompt"]["novelty"] == [1]
    assert found["more"] == {"x": 1}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["conversation_config"]),
        ({"conversation_config": 5}, ["conversation_config"]),
        ({"conversation_config": {}, "name": 5}, ["name"]),
        ({"conversation_config": {}, "tags": "a"}, ["tags"]),
        (
            {"conversation_config": {"turn": {"turn_eagerness": "wild"}}},
            ["conversation_config", "turn", "turn_eagerness"],
        ),
        (
            {"conversation_config": {"tts": {"speed": 3}}},
            ["conversation_config", "tts", "speed"],
        ),
        (
            {"conversation_config": {"agent": {"prompt": {"custom_llm": {}}}}},
            ["conversation_config", "agent", "prompt", "custom_llm", "url"],
        ),
    ],
)
def test_a_wrong_type_is_refused_the_vendors_way_and_named(http, body, where):
    answer = http.post("/v1/convai/agents/create", json=body)
    assert answer.status_code == 422
    assert ["body", *where] in [wrong["loc"] for wrong in answer.json()["detail"]]


def test_what_was_got_can_be_sent_back_whole(agents):
    made = agents.create(name="Shop", conversation_config=config(prompt="Be kind."))
    found = agents.get(made.agent_id)
    agents.update(
        made.agent_id,
        conversation_config=found.conversation_config,
        platform_settings=found.platform_settings,
    )
    again = agents.get(made.agent_id)
    assert again.conversation_config == found.conversation_config
    assert again.platform_settings == found.platform_settings


def test_a_wrong_update_changes_nothing(agents):
    made = agents.create(name="Shop", conversation_config=config())
    with pytest.raises(UnprocessableEntityError):
        agents.update(made.agent_id, conversation_config={"turn": {"turn_timeout": "soon"}})
    assert agents.get(made.agent_id).conversation_config.turn.turn_timeout == 7


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"custom_llm": {"url": "http://x/v1"}}, "custom_llm in conversation_config"),
        ({"agent": {"custom_llm": {"url": "http://x/v1"}}}, "custom_llm in agent"),
        ({"agent": {"prompt": {"custom_llm": {"url": "http://x/v1"}}}}, "set agent.prompt.llm"),
        ({"agent": {"prompt": {"llm": "custom-llm"}}}, "has no url"),
        ({"first_message": "Hi"}, "first_message in conversation_config"),
    ],
)
def test_what_the_platform_ignores_silently_is_accepted_and_said(standin, http, body, named):
    answer = http.post("/v1/convai/agents/create", json={"conversation_config": body})
    assert answer.status_code == 200
    assert named in answer.headers["x-voicekit-warning"]
    assert named in standin.state.journal.entries[-1]["warnings"][0]


def test_a_custom_llm_in_its_place_draws_no_warning(http):
    prompt = {"llm": "custom-llm", "custom_llm": {"url": "http://x/v1"}}
    body = {"conversation_config": {"agent": {"prompt": prompt}}}
    answer = http.post("/v1/convai/agents/create", json=body)
    assert answer.status_code == 200
    assert "x-voicekit-warning" not in answer.headers


def test_agents_are_listed_searched_and_paged_to_the_last(agents):
    for name in ("Ada", "Bob", "Cleo"):
        agents.create(name=name, conversation_config=config())
    found, cursor = [], None
    while True:
        page = agents.list(page_size=2, cursor=cursor, sort_by="name")
        found += [agent.name for agent in page.agents]
        cursor = page.next_cursor
        assert page.has_more == (cursor is not None)
        if cursor is None:
            break
    assert found[:3] == ["Ada", "Bob", "Cleo"]
    assert [agent.name for agent in agents.list(search="bo").agents] == ["Bob"]
    assert [agent.name for agent in agents.list().agents][:3] == ["Cleo", "Bob", "Ada"]


def test_an_agent_is_there_from_the_start_and_says_what_it_is(agents):
    assert [agent.agent_id for agent in agents.list().agents] == [READY]
    assert "scripted" in agents.get(READY).name


def test_a_copy_is_an_agent_of_its_own(agents):
    made = agents.create(name="Shop", conversation_config=config(prompt="Be kind."))
    copied = agents.duplicate(made.agent_id)
    agents.update(copied.agent_id, conversation_config={"agent": {"first_message": "Bye!"}})
    assert agents.get(copied.agent_id).name == "Shop (copy)"
    assert agents.get(copied.agent_id).conversation_config.agent.prompt.prompt == "Be kind."
    assert agents.get(made.agent_id).conversation_config.agent.first_message == "Hi!"


def test_a_deleted_agent_is_gone(agents):
    made = agents.create(conversation_config=config())
    agents.delete(made.agent_id)
    for call in (agents.get, agents.delete, agents.duplicate):
        with pytest.raises(ApiError) as refused:
            call(made.agent_id)
        assert refused.value.status_code == 404
        assert refused.value.body["detail"]["code"] == "agent_not_found"


def test_summaries_tell_the_found_from_the_missing(agents):
    made = agents.create(name="Shop", conversation_config=config())
    told = agents.summaries.get(agent_ids=[made.agent_id, "nobody"])
    assert told[made.agent_id].data.name == "Shop"
    assert told["nobody"].error_code == 404


def test_dates_come_from_the_states_clock(standin, agents):
    standin.state.clock = lambda: 1_700_000_000.9
    made = agents.create(conversation_config=config())
    standin.state.clock = lambda: 1_700_000_100.0
    dates = agents.update(made.agent_id, name="New").metadata
    assert dates.created_at_unix_secs == 1_700_000_000
    assert dates.updated_at_unix_secs == 1_700_000_100


def test_the_asynchronous_client_makes_agents_too(standin):
    async def make() -> str:
        async with httpx.AsyncClient(trust_env=False) as transport:
            client = AsyncElevenLabs(
                base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport
            )
            made = await client.conversational_ai.agents.create(conversation_config=config())
            return (await client.conversational_ai.agents.get(made.agent_id)).agent_id

    assert asyncio.run(make()) == "agent_000001"


def test_agents_need_a_key(standin):
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{standin.elevenlabs_url}/v1/convai/agents")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/convai/phone-numbers"),
        ("POST", "/v1/convai/agent-testing/create"),
        ("PUT", "/v1/convai/agents"),
        ("POST", "/v1/convai/batch-calling/submit"),
    ],
)
def test_what_the_stand_in_does_not_do_is_refused_with_what_it_does(http, method, path):
    answer = http.request(method, path)
    assert answer.status_code == 404
    said = answer.json()["detail"]
    assert said["code"] == "not_implemented"
    assert f"{method} {path}" in said["message"]
    assert "/v1/convai/agents/{agent_id}" in said["message"]


def test_the_agent_that_is_there_is_named_only_while_it_is(agents):
    with pytest.raises(ApiError) as refused:
        agents.get("agent_nobody")
    assert "Create one, or use 'agent_standin'." in refused.value.body["detail"]["message"]
    agents.delete("agent_standin")
    for gone in ("agent_standin", "agent_nobody"):
        with pytest.raises(ApiError) as refused:
            agents.get(gone)
        assert refused.value.body["detail"]["message"] == f"There is no agent {gone!r}. Create one."
