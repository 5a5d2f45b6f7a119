"""What a client may say on the speech WebSockets, in the address and in its messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from voicekit.standin.catalog.elevenlabs import DEFAULT_MODEL
from voicekit.standin.speech.request import DEFAULT_FORMAT, Locator
from voicekit.standin.speech.settings import Sent, VoiceSettings


class SocketQuery(Sent):
    """What the query string may say; unknown parameters are passed over."""

    model_id: str = DEFAULT_MODEL
    language_code: str | None = None
    output_format: str = DEFAULT_FORMAT
    enable_logging: bool = True
    enable_ssml_parsing: bool = False
    inactivity_timeout: Annotated[int, Field(ge=1, le=180)] = 20
    sync_alignment: bool = False
    auto_mode: bool = False
    apply_text_normalization: Literal["auto", "on", "off"] = "auto"
    seed: Annotated[int | None, Field(ge=0, le=4294967295)] = None


class GenerationConfig(Sent):
    """When generation starts: see `elevenlabs_buffer`."""

    chunk_length_schedule: Annotated[
        list[Annotated[float, Field(ge=50, le=500)]] | None, Field(min_length=1)
    ] = None


class ClientMessage(Sent):
    """The fields of every message that a client may send on either socket."""

    text: str | None = None
    flush: bool | None = None
    try_trigger_generation: bool | None = None
    voice_settings: VoiceSettings | None = None
    generation_config: Annotated[
        GenerationConfig | None,
        Field(validation_alias=AliasChoices("generation_config", "generator_config")),
    ] = None
    pronunciation_dictionary_locators: list[Locator] | None = None
    key: Annotated[
        str | None,
        Field(validation_alias=AliasChoices("xi_api_key", "xi-api-key", "authorization")),
    ] = None
    context_id: Annotated[
        str | None, Field(validation_alias=AliasChoices("context_id", "contextId"))
    ] = None
    close_context: bool | None = None
    close_socket: bool | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether there is no field that asks for anything."""
        return self.text is None and not (self.flush or self.close_context or self.close_socket)
