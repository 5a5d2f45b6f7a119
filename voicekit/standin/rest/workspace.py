"""`/v1/convai/settings`, `/v1/workspace/webhooks` and `/v1/convai/llm/list`.

Sources: https://elevenlabs.io/docs/api-reference/workspace/webhooks, …/agents/settings.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.records.hooks import Hook
from voicekit.standin.speech.settings import Sent

LANGUAGE_MODELS = ("gemini-2.0-flash", "custom-llm")
"""What agents can be given: the default, which the scripted responder plays, and one's own."""


class HookChange(Sent):
    """What changing a webhook says."""

    is_disabled: bool
    name: str
    request_headers: dict[str, str] | None = None


async def settings(request: Request) -> Response:
    """`GET /v1/convai/settings`."""
    return JSONResponse(admitted(request).workspace.settings)


async def change_settings(request: Request) -> Response:
    """`PATCH /v1/convai/settings`: what is not named stays as it is."""
    workspace = admitted(request).workspace
    workspace.change(await request_bodies.json_object(request))
    return JSONResponse(workspace.settings)


async def hooks(request: Request) -> Response:
    """`GET /v1/workspace/webhooks`."""
    workspace = admitted(request).workspace
    used = workspace.settings["webhooks"]["post_call_webhook_id"]
    return JSONResponse({"webhooks": [_hook(hook, hook.id == used) for hook in workspace.all()]})


async def create_hook(request: Request) -> Response:
    """`POST /v1/workspace/webhooks`: the only answer that holds the webhook's secret."""
    hook = admitted(request).workspace.create(await request_bodies.json_object(request))
    return JSONResponse({"webhook_id": hook.id, "webhook_secret": hook.secret})


async def change_hook(request: Request) -> Response:
    """`PATCH /v1/workspace/webhooks/{webhook_id}`."""
    workspace = admitted(request).workspace
    wanted = await request_bodies.body(request, HookChange)
    hook = workspace.get(request.path_params["webhook_id"])
    hook.disabled, hook.name = wanted.is_disabled, wanted.name
    hook.headers = hook.headers if wanted.request_headers is None else wanted.request_headers
    return JSONResponse({"status": "ok"})


async def delete_hook(request: Request) -> Response:
    """`DELETE /v1/workspace/webhooks/{webhook_id}`."""
    admitted(request).workspace.delete(request.path_params["webhook_id"])
    return JSONResponse({"status": "ok"})


async def language_models(request: Request) -> Response:
    """`GET /v1/convai/llm/list`. Any name is accepted; without a custom LLM a script answers."""
    admitted(request)
    return JSONResponse(
        {
            "llms": [_language_model(name) for name in LANGUAGE_MODELS],
            "default_deprecation_config": {
                "warning_start_days": 0,
                "fallback_start_days": 0,
                "fallback_complete_days": 0,
                "fallback_start_percentage": 0,
                "fallback_complete_percentage": 0,
            },
        }
    )


def _language_model(name: str) -> dict[str, Any]:
    return {
        "llm": name,
        "is_checkpoint": False,
        "max_tokens_limit": 0,
        "max_context_limit": 0,
        "supports_image_input": False,
        "supports_document_input": False,
        "supports_parallel_tool_calls": True,
        "available_reasoning_efforts": None,
        "available_service_tiers": [],
        "deprecation_info": None,
    }


def _hook(hook: Hook, used: bool) -> dict[str, Any]:
    return {
        "name": hook.name,
        "webhook_id": hook.id,
        "webhook_url": hook.url,
        "is_disabled": hook.disabled,
        "is_auto_disabled": False,
        "created_at_unix": int(hook.created),
        "auth_type": "hmac",
        "usage": [{"usage_type": "ConvAI Settings"}] if used else [],
        "most_recent_failure_error_code": hook.failure,
        "most_recent_failure_timestamp": None if hook.failed is None else int(hook.failed),
    }
