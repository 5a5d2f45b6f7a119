"""Conversations as the vendor shows them. What a language model would have written says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voicekit.standin.agents.store import Agent
from voicekit.standin.records.conversations import ConversationRecord

ACCESS = {
    "is_creator": True,
    "creator_name": "Stand-in",
    "creator_email": "standin@voicekit.invalid",
    "role": "admin",
}
"""Whose everything is."""

UNJUDGED = "The stand-in runs no language model, so it judges nothing."


def conversation(
    record: ConversationRecord, agent: Agent | None, now: Callable[[], float]
) -> dict[str, Any]:
    """The whole record."""
    ended = record.status in ("done", "failed")
    user, response = bool(record.recording.user), bool(record.recording.agent)
    return {
        "agent_id": record.agent_id,
        "agent_name": record.agent_name,
        "conversation_id": record.conversation_id,
        "status": record.status,
        "user_id": record.user_id,
        "transcript": [item.body() for item in record.items],
        "metadata": _metadata(record, seconds(record, now)),
        "analysis": analysis(record, agent) if ended else None,
        "conversation_initiation_client_data": record.initiation,
        "environment": "production",
        "tag_ids": [],
        "has_audio": user or response,
        "has_user_audio": user,
        "has_response_audio": response,
        "has_auxiliary_audio": False,
    }


def summary(record: ConversationRecord, now: Callable[[], float]) -> dict[str, Any]:
    """The record as a row of the list."""
    tools = {call["tool_name"] for item in record.items for call in item.tool_calls}
    return {
        "agent_id": record.agent_id,
        "agent_name": record.agent_name,
        "conversation_id": record.conversation_id,
        "start_time_unix_secs": int(record.started),
        "call_duration_secs": seconds(record, now),
        "message_count": len(record.items),
        "status": record.status,
        "termination_reason": record.reason,
        "call_successful": "unknown",
        "transcript_summary": None,
        "call_summary_title": None,
        "main_language": record.main_language,
        "conversation_initiation_source": record.source,
        "tool_names": sorted(tools),
        "direction": None,
        "rating": None,
    }


def analysis(record: ConversationRecord, agent: Agent | None) -> dict[str, Any]:
    """What the vendor's language model makes of a conversation, without one."""
    criteria = agent.platform_settings["evaluation"]["criteria"] if agent else []
    said = [item.message for item in record.items if item.role == "user" and item.message]
    first = f" The caller began with: {said[0]!r}." if said else ""
    return {
        "call_successful": "unknown",
        "transcript_summary": f"{UNJUDGED} {len(record.items)} messages.{first}",
        "evaluation_criteria_results": judged(criteria),
        "data_collection_results": {},
        "call_summary_title": None,
    }


def judged(criteria: list[dict[str, Any]]) -> dict[str, Any]:
    """Each criterion with a result that nobody came to."""
    ids = [str(one.get("id")) for one in criteria]
    return {i: {"criteria_id": i, "result": "unknown", "rationale": UNJUDGED} for i in ids}


def identified(agent: Agent) -> dict[str, Any]:
    """An agent as the lists of dependents name it."""
    return {
        "referenced_resource_ids": [],
        "id": agent.agent_id,
        "name": agent.name,
        "type": "available",
        "created_at_unix_secs": int(agent.created),
        "access_level": "admin",
    }


def seconds(record: ConversationRecord, now: Callable[[], float]) -> int:
    """How long a conversation lasted, or has lasted so far."""
    ended = record.status in ("done", "failed")
    return int(record.seconds if ended else max(0.0, now() - record.started))


def _metadata(record: ConversationRecord, length: int) -> dict[str, Any]:
    scores = [one["score"] for one in record.feedback]
    code, reason = record.error or (0, "")
    return {
        "start_time_unix_secs": int(record.started),
        "accepted_time_unix_secs": int(record.started),
        "call_duration_secs": length,
        "cost": record.charging.get("call_charge"),
        "feedback": {
            "overall_score": scores[-1] if scores else None,
            "likes": scores.count("like"),
            "dislikes": scores.count("dislike"),
        },
        "authorization_method": record.authorization,
        "charging": record.charging,
        "termination_reason": record.reason,
        "error": {"code": code, "reason": reason} if record.error else None,
        "warnings": [f"{about}: {said}" for about, said in record.warnings.items()],
        "main_language": record.main_language,
        "text_only": record.text_only,
        "conversation_initiation_source": record.source,
        "conversation_initiation_source_version": record.version,
        "timezone": None,
    }
