"""Documents of the knowledge base as the vendor shows them."""

from __future__ import annotations

import html
from typing import Any

from voicekit.standin.agents.knowledge import Document
from voicekit.standin.agents.store import Agent
from voicekit.standin.records.representations import ACCESS, identified
from voicekit.standin.state import State


def users(state: State, document: Document) -> list[Agent]:
    """The agents that name a document, or a folder that it is in."""
    return [
        agent
        for agent in state.agents.all()
        if document in state.knowledge.of(agent.prompt["knowledge_base"])
        or any(kept["id"] == document.id for kept in agent.prompt["knowledge_base"])
    ]


def size(document: Document) -> int:
    """How large a document is, in bytes."""
    return len(document.content.encode())


def path(state: State, document: Document) -> list[dict[str, Any]]:
    """The folders that a document is in, from the outermost."""
    above: list[dict[str, Any]] = []
    while document.parent is not None:
        document = state.knowledge.get(document.parent)
        above.insert(0, {"id": document.id, "name": document.name})
    return above


def _common(state: State, document: Document) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "id": document.id,
        "name": document.name,
        "type": document.kind,
        "metadata": {
            "created_at_unix_secs": int(document.created),
            "last_updated_at_unix_secs": int(document.updated),
            "size_bytes": size(document),
        },
        "supported_usages": ["prompt", "auto"],
        "access_info": ACCESS,
        "folder_parent_id": document.parent,
        "folder_path": path(state, document),
    }
    if document.kind == "url":
        kept["url"] = document.source
    if document.kind == "folder":
        inside = [other for other in state.knowledge.all() if other.parent == document.id]
        kept["children_count"] = len(inside)
        kept["document_count"] = sum(other.kind != "folder" for other in inside)
    return kept


def whole(state: State, document: Document) -> dict[str, Any]:
    """A document with its text, as simple HTML."""
    kept = _common(state, document)
    if document.kind != "folder":
        paragraphs = [html.escape(part, quote=False) for part in document.content.split("\n\n")]
        kept["extracted_inner_html"] = "".join(f"<p>{part}</p>" for part in paragraphs if part)
    return kept


def row(state: State, document: Document) -> dict[str, Any]:
    """A document in a list, with who uses it."""
    agents = [identified(agent) for agent in users(state, document)]
    return {**_common(state, document), "dependent_agents": agents}
