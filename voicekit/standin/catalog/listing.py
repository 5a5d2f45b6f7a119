"""ElevenLabs' listings: voices and models.

Sources: https://elevenlabs.io/docs/api-reference/voices/search, …/models/list.
A voice's `preview_url` is null: there is no recording, ask for speech instead.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from voicekit.standin.account import admitted
from voicekit.standin.catalog import elevenlabs
from voicekit.standin.catalog.elevenlabs import Model, Voice
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.settings import DEFAULTS, Sent, read_query

Words = Annotated[list[str], Field(max_length=100)]


class VoiceQuery(Sent):
    """How `/v2/voices` is searched."""

    search: str = ""
    page_size: Annotated[int, Field(ge=1, le=100)] = 10
    next_page_token: str | None = None
    sort: Literal["name", "created_at_unix"] | None = None
    sort_direction: Literal["asc", "desc"] | None = None
    voice_type: str | None = None
    category: str | None = None
    voice_ids: Words | None = None
    include_total_count: bool = True
    gender: str | None = None
    accent: str | None = None
    age: str | None = None
    language: Words | None = None
    use_cases: Words | None = None

    def matches(self, voice: Voice) -> bool:
        """Whether a voice is among those asked for."""
        labels = voice.labels
        text = f"{voice.name} premade {' '.join(labels.values())}".lower()
        return (
            self.search.lower() in text
            and self.voice_type in (None, "default", "non-community")
            and self.category in (None, "premade")
            and (self.voice_ids is None or voice.id in self.voice_ids)
            and self.gender in (None, labels["gender"])
            and self.accent in (None, labels["accent"])
            and self.age in (None, labels["age"])
            and (self.language is None or labels["language"] in self.language)
            and (self.use_cases is None or labels["use_case"] in self.use_cases)
        )


async def all_voices(request: Request) -> JSONResponse:
    """`GET /v1/voices`."""
    admitted(request)
    return JSONResponse({"voices": [_voice(voice) for voice in elevenlabs.voices()]})


async def search_voices(request: Request) -> JSONResponse:
    """`GET /v2/voices`: searched, sorted, in pages."""
    admitted(request)
    query = read_query(VoiceQuery, request.query_params)
    found = [voice for voice in elevenlabs.voices() if query.matches(voice)]
    if query.sort == "name":
        found.sort(key=lambda voice: voice.name)
    if query.sort_direction == "desc":
        found.reverse()
    start = _position(query.next_page_token)
    end = start + query.page_size
    more = end < len(found)
    return JSONResponse(
        {
            "voices": [_voice(voice) for voice in found[start:end]],
            "has_more": more,
            "total_count": len(found) if query.include_total_count else 0,
            "next_page_token": f"page_{end}" if more else None,
        }
    )


async def one_voice(request: Request) -> JSONResponse:
    """`GET /v1/voices/{voice_id}`."""
    admitted(request)
    return JSONResponse(_voice(elevenlabs.voice(request.path_params["voice_id"])))


async def voice_settings(request: Request) -> JSONResponse:
    """`GET /v1/voices/{voice_id}/settings`: the defaults, which no voice here departs from."""
    admitted(request)
    elevenlabs.voice(request.path_params["voice_id"])
    return JSONResponse(DEFAULTS)


async def default_settings(_request: Request) -> JSONResponse:
    """`GET /v1/voices/settings/default`, which needs no key."""
    return JSONResponse(DEFAULTS)


async def models(request: Request) -> JSONResponse:
    """`GET /v1/models`: a bare array, without the deprecated."""
    admitted(request)
    known = elevenlabs.models()
    return JSONResponse([_model(model) for model in known if model.status != "deprecated"])


def _position(token: str | None) -> int:
    if token is None:
        return 0
    if not (number := token.removeprefix("page_")).isdecimal() or len(number) > 9:
        said = "This next_page_token is not one of the stand-in's."
        raise Refusal("elevenlabs", "invalid_parameters", said, "next_page_token")
    return int(number)


def _voice(voice: Voice) -> dict[str, Any]:
    return {
        "voice_id": voice.id,
        "name": voice.name,
        "samples": None,
        "category": "premade",
        "fine_tuning": None,
        "labels": voice.labels,
        "description": f"Spoken offline by the robot voice {voice.offline!r}.",
        "preview_url": None,
        "available_for_tiers": [],
        "settings": DEFAULTS,
        "sharing": None,
        "high_quality_base_model_ids": ["eleven_multilingual_v2", "eleven_flash_v2_5"],
        "verified_languages": [],
        "safety_control": None,
        "voice_verification": None,
        "permission_on_resource": None,
        "is_owner": False,
        "is_legacy": False,
        "is_mixed": False,
        "created_at_unix": None,
    }


def _model(model: Model) -> dict[str, Any]:
    names = elevenlabs.language_names()
    return {
        "model_id": model.id,
        "name": model.name,
        "can_be_finetuned": False,
        "can_do_text_to_speech": True,
        "can_do_voice_conversion": False,
        "can_use_style": model.style,
        "can_use_speaker_boost": model.style,
        "serves_pro_voices": False,
        "token_cost_factor": model.cost,
        "description": model.description,
        "requires_alpha_access": False,
        "max_characters_request_free_user": model.limit,
        "max_characters_request_subscribed_user": model.limit,
        "maximum_text_length_per_request": model.limit,
        "languages": [{"language_id": code, "name": names[code]} for code in model.languages],
        "model_rates": {"character_cost_multiplier": model.cost},
        "concurrency_group": model.group,
    }
