"""One item of a conversation's transcript: what was said, called and measured in one go.

Shape: `ConversationHistoryTranscriptCommonModel` of the published contract.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["user", "agent"]
ToolType = Literal["system", "webhook", "client", "mcp"]


@dataclass
class Item:
    """What one side said, and what came with it.

    Attributes:
        at: seconds into the call.
        message: what was said; of an interrupted answer, what was heard of it.
        original: the answer before it was cut.
        medium: `audio` or `text`.
        metrics: seconds by the vendor's names, such as `convai_llm_service_ttfb`.
        usage: tokens by model, in the vendor's shape.
    """

    role: Role
    at: float
    message: str | None
    event_id: int | None = None
    medium: Literal["audio", "text"] = "audio"
    interrupted: bool = False
    original: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    rag: dict[str, Any] | None = None
    feedback: dict[str, Any] | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    tool_results: list[dict[str, Any]] = field(default_factory=list)

    def cut(self, heard: str) -> None:
        """The caller interrupted, and had heard this much."""
        if self.original is None:
            self.original = self.message
        self.message, self.interrupted = heard, True

    def measure(self, name: str, seconds: float) -> None:
        """Note how long something took."""
        self.metrics[name] = seconds

    def call(self, request_id: str, name: str, arguments: Any, kind: ToolType) -> None:
        """The agent called a tool."""
        as_json = arguments if isinstance(arguments, str) else json.dumps(arguments)
        details = {"type": "client", "parameters": as_json} if kind == "client" else None
        self.tool_calls.append(
            {
                "type": kind,
                "request_id": request_id,
                "tool_name": name,
                "params_as_json": as_json,
                "tool_has_been_called": True,
                "tool_details": details,
            }
        )

    def result(
        self,
        request_id: str,
        name: str,
        value: Any,
        kind: ToolType,
        *,
        is_error: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """A tool answered, after this many seconds."""
        self.tool_results.append(
            {
                "type": kind,
                "request_id": request_id,
                "tool_name": name,
                "result_value": value if isinstance(value, str) else json.dumps(value),
                "is_error": is_error,
                "tool_has_been_called": True,
                "tool_latency_secs": seconds,
                "dynamic_variable_updates": [],
            }
        )

    def body(self) -> dict[str, Any]:
        """The item as the vendor shows it."""
        timed = {name: {"elapsed_time": seconds} for name, seconds in self.metrics.items()}
        return {
            "role": self.role,
            "message": self.message,
            "tool_calls": self.tool_calls,
            "tool_results": self.tool_results,
            "feedback": self.feedback,
            "llm_override": None,
            "time_in_call_secs": int(self.at),
            "conversation_turn_metrics": {"metrics": timed} if timed else None,
            "rag_retrieval_info": self.rag,
            "llm_usage": self.usage,
            "interrupted": self.interrupted,
            "original_message": self.original,
            "source_medium": self.medium,
            "source_event_id": self.event_id,
        }
