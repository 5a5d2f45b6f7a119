"""Whose key it is: admission, and the account that ElevenLabs shows for it.

Source: https://elevenlabs.io/docs/api-reference/user/get.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from voicekit.standin.http import auth
from voicekit.standin.state import State

LIMIT = 500_000
"""Credits of the Pro plan, shown and not enforced; ask for `quota_exceeded` by a fault."""


def admitted(request: Request) -> State:
    """The state, for a request that has a key.

    Raises:
        Refusal: 401, it has none, or in strict mode another than the printed one.
    """
    state: State = request.state.standin
    auth.require_key(state, "elevenlabs", request.headers.get("xi-api-key"))
    return state


async def user(request: Request) -> JSONResponse:
    """`GET /v1/user`."""
    state = admitted(request)
    return JSONResponse(
        {
            "user_id": "standin_user",
            "workspace_id": "standin_workspace",
            "subscription": _subscription(state),
            "is_new_user": False,
            "can_use_delayed_payment_methods": False,
            "is_onboarding_completed": True,
            "is_onboarding_checklist_completed": True,
            "show_compliance_terms": False,
            "first_name": "Stand-in",
            "is_api_key_hashed": False,
            "xi_api_key_preview": None,
            "created_at": 0,
            "seat_type": "workspace_admin",
        }
    )


async def subscription(request: Request) -> JSONResponse:
    """`GET /v1/user/subscription`: what was used since the stand-in's start or reset."""
    state = admitted(request)
    return JSONResponse({**_subscription(state), "has_open_invoices": False, "open_invoices": []})


def _subscription(state: State) -> dict[str, Any]:
    return {
        "tier": "pro",
        "character_count": state.characters,
        "character_limit": LIMIT,
        "max_character_limit_extension": None,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": False,
        "allowed_to_extend_character_limit": False,
        "next_character_count_reset_unix": None,
        "voice_slots_used": 0,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "voice_limit": 160,
        "max_voice_add_edits": None,
        "voice_add_edit_counter": 0,
        "professional_voice_limit": 1,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": False,
        "can_use_professional_voice_cloning": False,
        "currency": None,
        "current_overage": {"amount": "0", "currency": "usd"},
        "status": "active",
        "billing_period": None,
        "character_refresh_period": None,
    }
