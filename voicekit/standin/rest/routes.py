"""The agents' part of the route table: paths are the vendor's, in the order of its reference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voicekit.standin.http.refusals import Refusal
from voicekit.standin.rest import (
    access,
    agents,
    conversations,
    knowledge,
    rag_index,
    secrets,
    simulate_conversation,
    tools,
    workspace,
)

Handler = Callable[[Request], Awaitable[Response]]

_C = "/v1/convai"
_AGENT = f"{_C}/agents/{{agent_id}}"
_CONVERSATION = f"{_C}/conversations/{{conversation_id}}"
_DOCUMENT = f"{_C}/knowledge-base/{{documentation_id}}"
_TOOL = f"{_C}/tools/{{tool_id}}"
_SECRET = f"{_C}/secrets/{{secret_id}}"
_HOOKS = "/v1/workspace/webhooks"

_TABLE: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{_C}/conversation/get-signed-url", access.signed_url),
    ("GET", f"{_C}/conversation/get_signed_url", access.signed_url),  # its older spelling
    ("GET", f"{_C}/conversation/token", access.token),
    ("POST", "/v1/single-use-token/{kind}", access.single_use),
    ("POST", f"{_C}/agents/create", agents.create),
    ("GET", f"{_C}/agents/summaries", agents.summaries),
    ("GET", _AGENT, agents.get),
    ("PATCH", _AGENT, agents.update),
    ("DELETE", _AGENT, agents.delete),
    ("GET", f"{_AGENT}/widget", access.widget),
    ("GET", f"{_AGENT}/link", access.link),
    ("GET", f"{_C}/agents", agents.listing),
    ("POST", f"{_AGENT}/duplicate", agents.duplicate),
    ("POST", f"{_AGENT}/simulate-conversation", simulate_conversation.whole),
    ("POST", f"{_AGENT}/simulate-conversation/stream", simulate_conversation.stream),
    ("GET", f"{_C}/conversations", conversations.listing),
    ("GET", _CONVERSATION, conversations.get),
    ("DELETE", _CONVERSATION, conversations.delete),
    ("GET", f"{_CONVERSATION}/audio", conversations.audio),
    ("POST", f"{_CONVERSATION}/feedback", conversations.feedback),
    ("POST", f"{_CONVERSATION}/files", conversations.upload),
    ("DELETE", f"{_CONVERSATION}/files/{{file_id}}", conversations.delete_file),
    ("GET", f"{_C}/knowledge-base", knowledge.listing),
    ("POST", f"{_C}/knowledge-base/url", knowledge.add_url),
    ("POST", f"{_C}/knowledge-base/file", knowledge.add_file),
    ("POST", f"{_C}/knowledge-base/text", knowledge.add_text),
    ("POST", f"{_C}/knowledge-base/folder", knowledge.add_folder),
    ("GET", f"{_C}/knowledge-base/rag-index", rag_index.overview),
    ("GET", _DOCUMENT, knowledge.get),
    ("PATCH", _DOCUMENT, knowledge.update),
    ("DELETE", _DOCUMENT, knowledge.delete),
    ("GET", f"{_DOCUMENT}/content", knowledge.content),
    ("GET", f"{_DOCUMENT}/dependent-agents", knowledge.dependents),
    ("GET", f"{_DOCUMENT}/chunk/{{chunk_id}}", rag_index.chunk),
    ("POST", f"{_DOCUMENT}/rag-index", rag_index.create),
    ("GET", f"{_DOCUMENT}/rag-index", rag_index.listing),
    ("DELETE", f"{_DOCUMENT}/rag-index/{{rag_index_id}}", rag_index.delete),
    ("POST", f"{_C}/tools", tools.create),
    ("GET", f"{_C}/tools", tools.listing),
    ("GET", _TOOL, tools.get),
    ("PATCH", _TOOL, tools.update),
    ("DELETE", _TOOL, tools.delete),
    ("GET", f"{_TOOL}/dependent-agents", tools.dependents),
    ("POST", f"{_C}/secrets", secrets.create),
    ("GET", f"{_C}/secrets", secrets.listing),
    ("PATCH", _SECRET, secrets.update),
    ("DELETE", _SECRET, secrets.delete),
    ("GET", f"{_C}/settings", workspace.settings),
    ("PATCH", f"{_C}/settings", workspace.change_settings),
    ("GET", f"{_C}/llm/list", workspace.language_models),
    ("GET", _HOOKS, workspace.hooks),
    ("POST", _HOOKS, workspace.create_hook),
    ("PATCH", f"{_HOOKS}/{{webhook_id}}", workspace.change_hook),
    ("DELETE", f"{_HOOKS}/{{webhook_id}}", workspace.delete_hook),
)


async def _absent(request: Request) -> Response:
    """Everything else about agents: telephones, tests, batches, branches, MCP servers."""
    path = request.url.path.removeprefix(request.scope["root_path"])
    known = ", ".join(sorted({path for _, path, _ in _TABLE if path.startswith(_C)}))
    said = f"{request.method} {path} is not served here. About agents the stand-in knows: {known}."
    raise Refusal("elevenlabs", "not_implemented", said)


AGENTS: Sequence[BaseRoute] = (
    *(Route(path, handler, methods=[method]) for method, path, handler in _TABLE),
    Route(f"{_C}/{{rest:path}}", _absent, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
)
"""Every route, the most particular first."""
