"""`live` against a stand-in under another name: all holds, and each planted drift is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from waiting import HANG

from voicekit.serving import serve
from voicekit.standin import Standin
from voicekit.standin.app import build
from voicekit.standin.catalog import profiles
from voicekit.standin.state import State
from voicekit.standin.tenants import Tenants
from voicekit.tools.commands import live as command
from voicekit.tools.live import DRIFTED, HELD, REFUSED, address, compare, table
from voicekit.tools.live.shapes import Shape, differences
from voicekit.tools.live.steps import Run

Change = Callable[[Any], Any]
KEY = "a-key-that-nobody-may-see"
AGENT = "an agent with a tool, talked to in writing"
WAIT = 15.0  # seconds; only a planted silence takes as long


# --- shapes ---


def shape(*messages: tuple[str, Any], free: tuple[str, ...] = ()) -> Shape:
    made = Shape(free)
    for label, value in messages:
        made.add(label, value)
    return made


A = {"id": "x", "size": 1, "tags": [{"name": "n"}], "more": None}


@pytest.mark.parametrize(
    ("came", "words"),
    [
        ({**A, "size": 2.5, "tags": []}, None),
        ({**A, "more": "text", "new": 1}, None),
        ({name: A[name] for name in ("id", "size", "more")}, "tags is missing"),
        ({**A, "size": "1"}, "size is text, was a number"),
        ({**A, "id": None}, "id is null, was text"),
        ({**A, "tags": [{}]}, "tags[].name is missing"),
        ([A], "it is a list, was an object"),
    ],
)
def test_fields_are_compared_by_type_and_not_by_value(came: Any, words: str | None) -> None:
    drifts, _ = differences(shape(("m", A)), shape(("m", came)))
    assert [words in drift for drift in drifts] == ([True] if words else []), drifts


def test_order_and_absence_are_drifts_and_what_is_new_or_optional_is_not() -> None:
    wanted = shape(("a", {}), ("b", {}), ("c", {}))
    assert differences(wanted, shape(("a", {}), ("c", {}), ("b", {})))[0]
    assert differences(wanted, shape(("a", {}), ("b", {}), ("c", {}), ("b", {})))[0]
    assert differences(wanted, shape(("a", {}), ("b", {})))[0] == ["no c came"]
    assert differences(wanted, shape(("a", {}), ("b", {})), ["c"])[0] == []
    more = shape(("a", {}), ("d", {"x": 1}), ("b", {"y": 1}), ("c", {}))
    assert differences(wanted, more) == ([], ["b: y", "d"])
    assert differences(shape(("a", A), free=("tags",)), shape(("a", {**A, "tags": [1]})))[0] == []


# --- the whole of it ---


class Drifting:
    """A stand-in whose answers on one path are changed on their way out."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.path, self.change, self.headers = "", None, None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.path or self.path not in scope.get("path", ""):
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = b""

        async def changed(message: Any) -> None:
            nonlocal start, body
            if message["type"] == "websocket.send" and message.get("text"):
                for text in self._texts(message["text"]):
                    await send({**message, "text": text})
            elif message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await self._answer(send, start, body)
            else:
                await send(message)

        await self.app(scope, receive, changed)

    async def _answer(self, send: Any, start: dict[str, Any], body: bytes) -> None:
        headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
        if self.headers:
            start, headers = self.headers(start, headers)
        if self.change and b"event-stream" in dict(headers)[b"content-type"]:
            blocks = [
                block.partition("data: ")[2] for block in body.decode().split("\n\n") if block
            ]
            texts = [text for block in blocks for text in self._texts(block)]
            body = "".join(f"data: {text}\n\n" for text in texts).encode()
        elif self.change:
            body = self._texts(body.decode())[0].encode()
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _texts(self, text: str) -> list[str]:
        """The messages that are sent in place of one: none, one or several."""
        made = self.change(text if text == "[DONE]" else json.loads(text))
        made = made if isinstance(made, tuple) else (made,)
        return [one if isinstance(one, str) else json.dumps(one) for one in made]


def every(change: Change) -> Change:
    """The change at every object, however deep."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: walk(part) for name, part in value.items()})
        return [walk(part) for part in value] if isinstance(value, list) else value

    return walk


def renamed(old: str, new: str) -> Change:
    return every(lambda found: {new if name == old else name: found[name] for name in found})


def removed(old: str) -> Change:
    return every(lambda found: {name: found[name] for name in found if name != old})


def retyped(old: str, value: Any) -> Change:
    return every(lambda found: {**found, old: value} if found.get(old) is not None else found)


def media(kind: bytes) -> Any:
    return lambda start, headers: (
        start,
        [(name, kind if name == b"content-type" else value) for name, value in headers],
    )


def status(number: int) -> Any:
    return lambda start, headers: ({**start, "status": number}, headers)


def early_end(event: Any) -> Any:
    end = {"type": "response.completed", "response": {}, "sequence_number": 0}
    return (end, event) if event["type"] == "response.output_item.done" else event


REFUSALS = [status(403), status(500)]
AS_AUDIO = media(b"audio/mpeg")
PLANTED = {
    "a renamed field": ("the catalogue", "/v2/voices", renamed("voice_id", "id")),
    "a retyped field": ("the catalogue", "/v1/models", retyped("model_id", 7)),
    "a removed field": ("speech over REST", "/with-timestamps", removed("alignment")),
    "another sort of audio": ("speech over REST", "/stream", AS_AUDIO),
    "an end by another name": ("speech, one socket", "/stream-input", renamed("isFinal", "done")),
    "a context without its id": ("speech, many contexts", "/multi", removed("contextId")),
    "text as an object": (
        "transcription while it is spoken", "/realtime", retyped("text", {"words": []}),
    ),
    "another message": (
        "transcription while it is spoken", "/realtime",
        lambda m: {**m, "message_type": m["message_type"].replace("committed", "final")},
    ),
    "an agent's id by another name": (AGENT, "/agents/create", renamed("agent_id", "id")),
    "a call without its id": (AGENT, "/convai/conversation", removed("tool_call_id")),
    "a plan without it": ("models, and a refusal", "/openai/v1/models", REFUSALS[0]),
    "a failure": ("a chat stream with a tool", "/chat/completions", REFUSALS[1]),
    "no end": (
        "a chat stream with a tool", "/chat/completions",
        lambda event: () if event == "[DONE]" else event,
    ),
    "null for text": ("a chat stream with a tool", "/chat/completions", every(
        lambda found: {**found, "finish_reason": None} if found.get("finish_reason") else found)),
    "another order": ("a response stream", "/responses", early_end),
    "a delta by another name": ("a response stream", "/responses", renamed("delta", "text_delta")),
}  # fmt: skip


@pytest.fixture(scope="module")
def vendors() -> Iterator[tuple[Drifting, State, str, Standin]]:
    state = State(profiles.load("instant"))
    drifting = Drifting(build(Tenants(state, apart=False)))
    served = serve(drifting, name="drifting-vendors")
    standin = Standin("instant")
    yield drifting, state, served.url, standin
    standin.stop()
    served.stop()
    state.close()


@pytest.fixture
def drifting(vendors: Any) -> Iterator[Drifting]:
    vendors[0].path, vendors[0].change, vendors[0].headers = "", None, None
    yield vendors[0]
    vendors[0].path = ""


def run(vendors: Any, names: list[str] | None = None, patience: float = HANG) -> Any:
    _, _, url, standin = vendors
    ours = [
        address("elevenlabs", f"{url}/elevenlabs", KEY),
        address("openai", f"{url}/openai/v1", KEY),
    ]
    theirs = [
        address("elevenlabs", standin.elevenlabs_url, standin.elevenlabs_key),
        address("openai", standin.openai_url, standin.openai_key),
    ]
    return compare(ours, theirs, names, patience=patience)


def kept(state: State) -> list[Any]:
    """What there is in the account, but for the agent that every stand-in has."""
    agents = [agent for agent in state.agents.all() if agent.agent_id != "agent_standin"]
    return [*agents, *state.tools.all(), *state.conversations.all()]


@pytest.mark.extended
@pytest.mark.usefixtures("drifting")
def test_where_nothing_drifted_nothing_is_found_and_nothing_is_left(vendors: Any) -> None:
    rows, left = run(vendors)
    assert [(row.verdict, row.details, row.besides) for row in rows] == [(HELD, [], [])] * len(rows)
    assert len(rows) == len(table()["contract"])
    assert left == []
    assert kept(vendors[1]) == []


@pytest.mark.extended
@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_drift_is_found_and_nothing_is_left(
    vendors: Any, drifting: Drifting, name: str
) -> None:
    contract, drifting.path, change = PLANTED[name]
    if change in (AS_AUDIO, *REFUSALS):
        drifting.headers = change
    else:
        drifting.change = change
    rows, left = run(vendors, [contract], WAIT)
    assert rows[0].verdict == (REFUSED if change in REFUSALS else DRIFTED)
    assert rows[0].details
    assert KEY not in str(rows)
    assert left == []
    assert kept(vendors[1]) == []


@pytest.mark.extended
@pytest.mark.usefixtures("drifting")
def test_who_interrupts_leaves_nothing_behind(
    vendors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = Run._await

    def interrupted(run: Run, socket: Any, wanted: str, shape: Shape) -> Any:
        if wanted == "client_tool_call" and run.addresses["openai"].key == KEY:
            raise KeyboardInterrupt
        return waited(run, socket, wanted, shape)

    monkeypatch.setattr(Run, "_await", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(vendors, [AGENT])
    assert kept(vendors[1]) == []
    assert kept(vendors[3].state) == []


@pytest.mark.extended
@pytest.mark.usefixtures("drifting")
def test_the_command_says_what_it_costs_asks_and_shows_no_key(
    vendors: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("ELEVENLABS_BASE_URL", f"{vendors[2]}/elevenlabs")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{vendors[2]}/openai/v1")
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("VOICEKIT_OFFLINE", raising=False)
    only = [word for name in ("the catalogue", "speech over REST") for word in ("--only", name)]
    assert command.main(only) == 2  # nobody is there to be asked
    said = capsys.readouterr()
    assert "54 characters of speech" in said.out
    assert "--yes" in said.err
    assert command.main(["--yes", *only]) == 0
    said = capsys.readouterr()
    assert "2 of 2 contracts held." in said.out
    assert KEY not in said.out + said.err
    assert command.main(["--only", "nothing"]) == 2
