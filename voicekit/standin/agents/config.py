"""An agent's configuration: the vendor's shape, types, ranges and defaults.

Fields that are not named here are kept as they came. Sources: the published contract
(`ConversationalConfigAPIModel`, `AgentPlatformSettingsRequestModel`), with what the official SDK's
types have added since; a default that neither states is ours and says so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

AudioFormat = Literal[
    "pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"
]
Eagerness = Literal["patient", "normal", "eager"]
Seconds = float
CLIENT_EVENTS = (
    "conversation_initiation_metadata",
    "audio",
    "interruption",
    "agent_response",
    "user_transcript",
    "tentative_user_transcript",
    "ping",
)
"""What a client is told of when it asks for nothing else."""


class Section(BaseModel):
    """A part of a configuration; what it does not know it keeps."""

    model_config = ConfigDict(extra="allow")


class DynamicVariables(Section):
    """Values for `{{name}}`, where a conversation brings none."""

    dynamic_variable_placeholders: dict[str, Any] = {}


class CustomLlm(Section):
    """A language model of the user's own, spoken to as OpenAI's is."""

    url: str
    model_id: str | None = None
    api_key: dict[str, Any] | None = None
    request_headers: dict[str, str | dict[str, Any]] = {}
    api_version: str | None = None
    api_type: Literal["chat_completions", "responses", "websocket"] = "chat_completions"


class Locator(Section):
    """A knowledge base document that an agent uses."""

    type: Literal["file", "url", "text", "folder"]
    name: str
    id: str
    usage_mode: Literal["prompt", "auto"] = "auto"


class Rag(Section):
    """Whether passages are retrieved, instead of whole documents being put into the prompt."""

    enabled: bool = False
    embedding_model: str = "e5_mistral_7b_instruct"
    max_vector_distance: Annotated[float, Field(ge=0, le=1)] = 0.6
    max_documents_length: Annotated[int, Field(ge=1)] = 50_000
    max_retrieved_rag_chunks_count: Annotated[int, Field(ge=1, le=20)] = 20


class Prompt(Section):
    """What the language model is told, and which one it is."""

    prompt: str = ""
    llm: str = "gemini-2.0-flash"
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    max_tokens: int = -1
    tool_ids: list[str] = []
    built_in_tools: dict[str, dict[str, Any] | None] = {}
    mcp_server_ids: list[str] = []
    native_mcp_server_ids: list[str] = []
    knowledge_base: list[Locator] = []
    custom_llm: CustomLlm | None = None
    ignore_default_personality: bool | None = False
    rag: Rag = Rag()
    timezone: str | None = None
    backup_llm_config: dict[str, Any] = {"preference": "default"}
    cascade_timeout_seconds: Annotated[Seconds, Field(ge=2, le=15)] = 4.0

    @model_validator(mode="before")
    @classmethod
    def no_inline_tools(cls, data: Any) -> Any:
        """Rejected since 2025-07-23, also beside `tool_ids`; an empty list is left out.

        Source: https://elevenlabs.io/docs/agents-platform/customization/tools/agent-tools-deprecation.
        """
        if isinstance(data, dict) and data.get("tools"):
            raise ValueError(
                "prompt.tools is not accepted any more: create each tool by POST /v1/convai/tools "
                "and list their ids in prompt.tool_ids; system tools go into prompt.built_in_tools."
            )
        return {name: data[name] for name in data if name != "tools"} if data else data


class AgentSection(Section):
    """Who speaks."""

    first_message: str = ""
    language: str = "en"
    disable_first_message_interruptions: bool = False
    dynamic_variables: DynamicVariables = DynamicVariables()
    prompt: Prompt = Prompt()


class Asr(Section):
    """How the caller is heard."""

    quality: str = "high"
    provider: str = "elevenlabs"
    user_input_audio_format: AudioFormat = "pcm_16000"
    keywords: list[str] = []


class SoftTimeout(Section):
    """A filler while the language model is slow. The default message is ours."""

    timeout_seconds: Seconds = -1.0
    message: str = "One moment, please."


class Turn(Section):
    """When the agent takes its turn; -1 seconds is never."""

    turn_timeout: Annotated[Seconds, Field(le=300)] = 7.0
    initial_wait_time: Seconds | None = None
    silence_end_call_timeout: Seconds = -1.0
    mode: Literal["silence", "turn"] = "turn"
    turn_eagerness: Eagerness = "normal"
    turn_model: str = "turn_v3"
    speculative_turn: bool = False
    spelling_patience: Literal["auto", "off"] = "auto"
    interruption_ignore_terms: list[str] = []
    soft_timeout_config: SoftTimeout = SoftTimeout()


class Tts(Section):
    """How the agent sounds."""

    model_id: str = "eleven_turbo_v2"
    voice_id: str = "cjVigY5qzO86Huf0OWal"
    supported_voices: list[dict[str, Any]] = []
    agent_output_audio_format: AudioFormat = "pcm_16000"
    optimize_streaming_latency: Annotated[int, Field(ge=0, le=4)] = 3
    stability: Annotated[float, Field(ge=0, le=1)] = 0.5
    speed: Annotated[float, Field(ge=0.7, le=1.2)] = 1.0
    similarity_boost: Annotated[float, Field(ge=0, le=1)] = 0.8
    pronunciation_dictionary_locators: list[dict[str, Any]] = []


class Conversation(Section):
    """How long a conversation may be, and what its client is told of."""

    text_only: bool = False
    max_duration_seconds: Annotated[int, Field(ge=1)] = 600
    client_events: list[str] = list(CLIENT_EVENTS)


class ConversationConfig(Section):
    """`conversation_config` of an agent, whole."""

    asr: Asr = Asr()
    turn: Turn = Turn()
    tts: Tts = Tts()
    conversation: Conversation = Conversation()
    language_presets: dict[str, dict[str, Any]] = {}
    vad: dict[str, Any] = {}
    agent: AgentSection = AgentSection()
