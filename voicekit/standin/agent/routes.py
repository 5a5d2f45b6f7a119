"""The agents' part of the route table: paths are the vendor's, in the order of its reference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voicekit.standin.agent import (
    rest_access,
    rest_agents,
    rest_conversations,
    rest_index,
    rest_knowledge,
    rest_secrets,
    rest_simulate,
    rest_tools,
    rest_workspace,
)
from voicekit.standin.refusals import Refusal

Handler = Callable[[Request], Awaitable[Response]]

_C = "/v1/convai"
_AGENT = f"{_C}/agents/{{agent_id}}"
_CONVERSATION = f"{_C}/conversations/{{conversation_id}}"
_DOCUMENT = f"{_C}/knowledge-base/{{documentation_id}}"
_TOOL = f"{_C}/tools/{{tool_id}}"
_SECRET = f"{_C}/secrets/{{secret_id}}"
_HOOKS = "/v1/workspace/webhooks"

_TABLE: Sequence[tuple[str, str, Handler]] = (
    ("GET", f"{_C}/conversation/get-signed-url", rest_access.signed_url),
    ("GET", f"{_C}/conversation/get_signed_url", rest_access.signed_url),  # its older spelling
    ("GET", f"{_C}/conversation/token", rest_access.token),
    ("POST", "/v1/single-use-token/{kind}", rest_access.single_use),
    ("POST", f"{_C}/agents/create", rest_agents.create),
    ("GET", f"{_C}/agents/summaries", rest_agents.summaries),
    ("GET", _AGENT, rest_agents.get),
    ("PATCH", _AGENT, rest_agents.update),
    ("DELETE", _AGENT, rest_agents.delete),
    ("GET", f"{_AGENT}/widget", rest_access.widget),
    ("GET", f"{_AGENT}/link", rest_access.link),
    ("GET", f"{_C}/agents", rest_agents.listing),
    ("POST", f"{_AGENT}/duplicate", rest_agents.duplicate),
    ("POST", f"{_AGENT}/simulate-conversation", rest_simulate.whole),
    ("POST", f"{_AGENT}/simulate-conversation/stream", rest_simulate.stream),
    ("GET", f"{_C}/conversations", rest_conversations.listing),
    ("GET", _CONVERSATION, rest_conversations.get),
    ("DELETE", _CONVERSATION, rest_conversations.delete),
    ("GET", f"{_CONVERSATION}/audio", rest_conversations.audio),
    ("POST", f"{_CONVERSATION}/feedback", rest_conversations.feedback),
    ("POST", f"{_CONVERSATION}/files", rest_conversations.upload),
    ("DELETE", f"{_CONVERSATION}/files/{{file_id}}", rest_conversations.delete_file),
    ("GET", f"{_C}/knowledge-base", rest_knowledge.listing),
    ("POST", f"{_C}/knowledge-base/url", rest_knowledge.add_url),
    ("POST", f"{_C}/knowledge-base/file", rest_knowledge.add_file),
    ("POST", f"{_C}/knowledge-base/text", rest_knowledge.add_text),
    ("POST", f"{_C}/knowledge-base/folder", rest_knowledge.add_folder),
    ("GET", f"{_C}/knowledge-base/rag-index", rest_index.overview),
    ("GET", _DOCUMENT, rest_knowledge.get),
    ("PATCH", _DOCUMENT, rest_knowledge.update),
    ("DELETE", _DOCUMENT, rest_knowledge.delete),
    ("GET", f"{_DOCUMENT}/content", rest_knowledge.content),
    ("GET", f"{_DOCUMENT}/dependent-agents", rest_knowledge.dependents),
    ("GET", f"{_DOCUMENT}/chunk/{{chunk_id}}", rest_index.chunk),
    ("POST", f"{_DOCUMENT}/rag-index", rest_index.create),
    ("GET", f"{_DOCUMENT}/rag-index", rest_index.listing),
    ("DELETE", f"{_DOCUMENT}/rag-index/{{rag_index_id}}", rest_index.delete),
    ("POST", f"{_C}/tools", rest_tools.create),
    ("GET", f"{_C}/tools", rest_tools.listing),
    ("GET", _TOOL, rest_tools.get),
    ("PATCH", _TOOL, rest_tools.update),
    ("DELETE", _TOOL, rest_tools.delete),
    ("GET", f"{_TOOL}/dependent-agents", rest_tools.dependents),
    ("POST", f"{_C}/secrets", rest_secrets.create),
    ("GET", f"{_C}/secrets", rest_secrets.listing),
    ("PATCH", _SECRET, rest_secrets.update),
    ("DELETE", _SECRET, rest_secrets.delete),
    ("GET", f"{_C}/settings", rest_workspace.settings),
    ("PATCH", f"{_C}/settings", rest_workspace.change_settings),
    ("GET", f"{_C}/llm/list", rest_workspace.language_models),
    ("GET", _HOOKS, rest_workspace.hooks),
    ("POST", _HOOKS, rest_workspace.create_hook),
    ("PATCH", f"{_HOOKS}/{{webhook_id}}", rest_workspace.change_hook),
    ("DELETE", f"{_HOOKS}/{{webhook_id}}", rest_workspace.delete_hook),
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
