from __future__ import annotations

import asyncio

import httpx
import pytest
from elevenlabs import AsyncElevenLabs, ElevenLabs
from elevenlabs.core.api_error import ApiError
from waiting import HANG
from wire import GEORGE, RACHEL

from voicekit.standin.catalog import elevenlabs
from voicekit.standin.engines.tts import voice_names


@pytest.fixture
def client(standin):
    with httpx.Client(trust_env=False, timeout=HANG) as transport:
        yield ElevenLabs(base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport)


def test_every_voice_speaks_with_an_offline_voice_that_exists():
    voices = elevenlabs.voices()
    assert {voice.offline for voice in voices} <= set(voice_names())
    assert len({voice.id for voice in voices}) == len(voices)
    assert len({voice.offline for voice in voices}) >= 4


def test_voices_are_listed_with_what_clients_index(client):
    listed = client.voices.get_all().voices
    assert {voice.voice_id for voice in listed} >= {RACHEL, GEORGE}
    assert all(voice.name and voice.category == "premade" for voice in listed)


def test_pages_of_a_search_join_to_the_whole_list(client):
    found, token = [], None
    while True:
        page = client.voices.search(page_size=5, next_page_token=token, sort="name")
        found += [voice.name for voice in page.voices]
        token = page.next_page_token
        assert page.has_more == (token is not None)
        if not token:
            break
    assert found == sorted(voice.name for voice in elevenlabs.voices())
    assert page.total_count == len(found)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"search": "rach"}, ["Rachel"]),
        ({"search": "RACHEL"}, ["Rachel"]),
        ({"voice_ids": [GEORGE, RACHEL]}, ["Rachel", "George"]),
        ({"voice_ids": RACHEL}, ["Rachel"]),
        ({"category": "cloned"}, []),
        ({"voice_type": "personal"}, []),
        ({"gender": "male", "accent": "british", "sort": "name"}, ["Daniel", "George"]),
        (
            {"gender": "male", "accent": "british", "sort": "name", "sort_direction": "desc"},
            ["George", "Daniel"],
        ),
    ],
)
def test_voices_can_be_searched(client, query, names):
    assert [voice.name for voice in client.voices.search(**query).voices] == names


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"page_size": 0}, 422),
        ({"page_size": 101}, 422),
        ({"sort": "colour"}, 422),
        ({"next_page_token": "zzz"}, 400),
    ],
)
def test_a_search_that_is_not_valid_is_refused(client, query, status):
    with pytest.raises(ApiError) as refused:
        client.voices.search(**query)
    assert refused.value.status_code == status


def test_one_voice_and_its_settings(client):
    assert client.voices.get(RACHEL).name == "Rachel"
    assert client.voices.settings.get(RACHEL) == client.voices.settings.get_default()
    assert client.voices.settings.get_default().speed == 1.0
    for lookup in (client.voices.get, client.voices.settings.get):
        with pytest.raises(ApiError) as refused:
            lookup("Rachel")
        assert refused.value.status_code == 404


def test_models_are_an_array_without_the_deprecated(client):
    models = {model.model_id: model for model in client.models.list()}
    assert models["eleven_flash_v2_5"].maximum_text_length_per_request == 40_000
    assert len(models["eleven_flash_v2_5"].languages) == 32
    assert models["eleven_flash_v2_5"].concurrency_group == "turbo"
    assert {"eleven_v3", "eleven_v4", "eleven_turbo_v2"} <= set(models)
    assert "eleven_monolingual_v1" not in models


def test_the_subscription_counts_what_was_spoken(client):
    before = client.user.get().subscription.character_count
    list(client.text_to_speech.convert(RACHEL, text="12345", model_id="eleven_flash_v2_5"))
    list(client.text_to_speech.convert(RACHEL, text="12345", model_id="eleven_multilingual_v2"))
    assert (before, client.user.subscription.get().character_count) == (0, 8)


async def _names(standin) -> list[str]:
    async with httpx.AsyncClient(trust_env=False) as transport:
        client = AsyncElevenLabs(
            base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport
        )
        await client.models.list()
        await client.user.get()
        return [voice.name for voice in (await client.voices.search(search="rachel")).voices]


def test_the_asynchronous_client_lists_too(standin):
    assert asyncio.run(_names(standin)) == ["Rachel"]


@pytest.mark.parametrize("path", ["/v1/voices", "/v2/voices", "/v1/models", "/v1/user"])
def test_listings_need_a_key(standin, path):
    with httpx.Client(trust_env=False) as client:
        answer = client.get(standin.elevenlabs_url + path)
    assert answer.status_code == 401
    assert answer.json()["detail"]["code"] == "missing_api_key"
