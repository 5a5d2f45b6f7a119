"""The control plane under `/_standin/`: read the journal, reset, choose a profile, plan a fault.

It needs a token that the stand-in made when it started: `Authorization: Bearer …`. In the same
process it is `Standin.control_token`; the `standin` command prints it as VOICEKIT_STANDIN_TOKEN.
With `xi-api-key: …` beside it, it is about that key's state; and where each key has a state of its
own, a key that is not a printed one opens its own without a token.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from voicekit.serving import App, Receive, Scope, Send
from voicekit.standin.catalog import profiles
from voicekit.standin.http import bodies, tls
from voicekit.standin.http.faults import Fault
from voicekit.standin.http.refusals import Refusal, refuse
from voicekit.standin.state import State, read_day
from voicekit.standin.tenants import Tenants

SETTINGS = ("strict_keys", "strict_overrides")
"""Attributes of the state that `settings` shows and changes, true or false."""

_LOCKED = (
    "The control plane needs the header 'Authorization: Bearer …' with the token that the stand-in "
    "made: VOICEKIT_STANDIN_TOKEN in what `standin` prints, Standin.control_token in Python."
)


def _state(request: Request) -> State:
    state: State = request.state.standin
    return state


async def index(request: Request) -> JSONResponse:
    """What this is, and how busy it is: `tasks` returns to its idle figure when nothing leaks."""
    state = _state(request)
    return JSONResponse(
        {
            "standin": "voicekit",
            "profile": state.profile.name,
            **{name: getattr(state, name) for name in SETTINGS},
            "tasks": len(asyncio.all_tasks()),
            "paths": ["journal", "reset", "profile", "faults", "settings"],
        }
    )


async def journal(request: Request) -> Response:
    """The requests so far, oldest first."""
    entries = list(_state(request).journal.entries)
    # Not a JSONResponse: that cannot say half a surrogate pair, which a client may well have sent.
    return Response(json.dumps({"entries": entries}), media_type="application/json")


async def reset(request: Request) -> JSONResponse:
    """Forget everything: journal, faults, counters, settings."""
    _state(request).reset()
    return JSONResponse({"reset": True})


async def profile(request: Request) -> JSONResponse:
    """GET the latency profile in force; PUT or POST `{"name": …}` to choose another."""
    state = _state(request)
    if request.method != "GET":
        body = await _object(request)
        state.profile = profiles.load(str(body.get("name")))
    return JSONResponse(asdict(state.profile))


async def settings(request: Request) -> JSONResponse:
    """GET the settings; PUT or POST those to change.

    `strict_keys` accepts only the printed keys, `strict_overrides` refuses what a conversation
    overrides although its agent's settings do not allow it; both are true or false. `today` is the
    day by which models are alive or gone, such as "2027-03-01"; null is the clock's.
    """
    state = _state(request)
    if request.method != "GET":
        body = await _object(request)
        if not body or not set(body) <= {*SETTINGS, "today"}:
            known = f"{', '.join(SETTINGS)}, each true or false, and today"
            raise ValueError(f"The settings are {known}, a day such as '2027-03-01'.")
        changed = {name: value for name, value in body.items() if name != "today"}
        for name, value in changed.items():
            if not isinstance(value, bool):
                raise ValueError(f"{name} is true or false, not {value!r}.")
        if "today" in body:
            changed["today"] = read_day(body["today"], "today")
        for name, value in changed.items():
            setattr(state, name, value)
    today = None if state.today is None else state.today.isoformat()
    return JSONResponse({name: getattr(state, name) for name in SETTINGS} | {"today": today})


async def faults(request: Request) -> JSONResponse:
    """GET the faults in wait, POST one (fields: see `faults.Fault`), DELETE all."""
    state = _state(request)
    if request.method == "POST":
        body = await _object(request)
        unknown = set(body) - set(Fault.__dataclass_fields__)
        if unknown or "kind" not in body:
            fields = ", ".join(Fault.__dataclass_fields__)
            raise ValueError(f"A fault has a 'kind' and may have: {fields}.")
        state.faults.add(Fault(**body))
    elif request.method == "DELETE":
        state.faults.clear()
    return JSONResponse({"faults": [asdict(fault) for fault in state.faults.waiting]})


async def authority(_request: Request) -> Response:
    """The certificate of this process's authority, as PEM."""
    return PlainTextResponse(tls.authority())


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await bodies.read_json(request, "elevenlabs"))
    except RecursionError as error:
        raise ValueError("The JSON is nested too deep.") from error
    if not isinstance(body, dict):
        raise ValueError("Send a JSON object.")
    return body


class Answering:
    """Middleware that lets in who has the token, and answers a mistake with what is allowed."""

    def __init__(self, app: App, tenants: Tenants) -> None:
        self.app = app
        self._tenants = tenants
        self._expected = f"Bearer {tenants.first.control_token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn what the handlers raise into a JSON error."""
        headers = dict(scope["headers"])
        shown = headers.get(b"authorization")
        state = self._tenants.of(headers.get(b"xi-api-key", b"").decode("latin-1"))
        scope["state"] = {"standin": state}
        own = shown is None and state is not self._tenants.first
        if not own and not hmac.compare_digest(shown or b"", self._expected):
            await refuse(scope, receive, send, 401, _LOCKED, {"www-authenticate": "Bearer"})
            return
        try:
            await self.app(scope, receive, send)
        except (ValueError, TypeError) as error:
            await refuse(scope, receive, send, 400, str(error))
        except Refusal as refusal:
            await refuse(scope, receive, send, refusal.status, refusal.message)
