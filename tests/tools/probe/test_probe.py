from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import faulty
import pytest
from faulty import (
    DONE,
    END_CALL,
    Answer,
    Respond,
    app,
    called,
    changed,
    chunk,
    event,
    good,
    last,
    long,
    refusing,
)

from voicekit import webhook
from voicekit.serving import serve
from voicekit.tools.commands import probe as command
from voicekit.tools.probe import CHECKS, MODEL, name_of, probe
from voicekit.tools.probe.platform import table

SECRET = "s3cret-of-the-agent"
NAMES = [name_of(check) for check in CHECKS]

Serving = Callable[..., str]


@pytest.fixture
def serving() -> Iterator[Serving]:
    made = []

    def start(served: Any) -> str:
        made.append(serve(served, name=f"probed-{len(made)}"))
        return made[-1].url

    yield start
    for one in made:
        one.stop()


def outcomes(report: Any, outcome: str) -> list[str]:
    return [row.check for row in report if row.outcome == outcome]


# --- the good ones ---


def test_a_good_endpoint_passes_everything(serving: Serving) -> None:
    report = probe(serving(app(allows=lambda token: token == SECRET)) + "/v1", SECRET)
    assert [row.outcome for row in report] == ["pass"] * len(NAMES), str(report)
    assert report
    assert report.ok
    assert [row.check for row in report] == NAMES


def test_without_a_secret_it_warns_that_everyone_is_let_in(serving: Serving) -> None:
    report = probe(serving(app()) + "/v1")
    assert (outcomes(report, "warn"), report.failing, report.ok) == (["secret"], [], True)


@pytest.mark.parametrize("given", ["/v1", "/v1/", "/v1/chat/completions"])
def test_the_path_is_appended_unless_it_is_there(serving: Serving, given: str) -> None:
    url = serving(app())
    row = probe(url + given, limit=0)["path"]
    assert row.says == f"answers at {url}/v1/chat/completions; the agent's URL is {url}/v1"


def test_the_stand_ins_model_passes_but_for_its_lock() -> None:
    standin = pytest.importorskip("voicekit.standin").Standin("instant")
    try:
        report = probe(standin.openai_url, standin.openai_key, model="voicekit-script-1")
    finally:
        standin.stop()
    assert report.failing == ["secret"]  # any key opens it, unless the settings say strict
    assert outcomes(report, "warn") == []


# --- one fault, one row ---


def text_events(change: Callable[[str], str]) -> faulty.Respond:
    return changed(lambda found: [change(one.decode()).encode() for one in found])


def whole(_body: dict[str, Any]) -> Answer:
    message = {"role": "assistant", "content": "".join(faulty.WORDS)}
    data = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    return Answer([data.encode()], media="application/json")


def breaking(body: dict[str, Any]) -> Answer:
    def events() -> Iterator[bytes]:
        yield from faulty.events(body)[:4]
        raise ConnectionError("the upstream went away")

    return Answer(events())


def end_call(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**END_CALL, **changes}.items() if value is not None}


def on_tools(*parts: Any, reason: str = "tool_calls") -> faulty.Respond:
    return lambda body: (
        Answer(called(*parts, reason=reason)) if last(body) == "Goodbye!" else good(body)
    )


def on_foreign(body: dict[str, Any]) -> Answer:
    if last(body).isascii():
        return good(body)
    return Answer([*faulty.events(body)[:3], b'data: {"choices": "\xe4"}\n\n', DONE])


FAULTS: dict[str, tuple[Any, list[str]]] = {
    "another content type": (changed(list, media="text/plain"), ["content type"]),
    "no DONE": (changed(lambda found: found[:-1]), ["done"]),
    "events behind DONE": (changed(lambda found: [*found, chunk({})]), ["done"]),
    "one JSON body": (whole, ["content type", "frames"]),
    "Python instead of JSON": (text_events(lambda one: one.replace('"', "'")), ["frames"]),
    "one line end": (text_events(lambda one: one.replace("\n\n", "\n")), ["frames"]),
    "bare tokens between events": (changed(lambda found: [b"Hi\n", *found]), ["frames"]),
    "whole messages": (text_events(lambda one: one.replace("delta", "message")), ["chunks"]),
    "content as a list": (
        changed(lambda found: [*found[:3], chunk({"content": ["Hi"]}), *found[3:]]),
        ["chunks"],
    ),
    "no choices": (changed(lambda found: [event({"text": "Hi"}), *found]), ["chunks"]),
    "no null content": (
        refusing(lambda body: any(m["content"] is None for m in body["messages"])),
        ["tool result"],
    ),
    "no tool role": (
        refusing(lambda body: any(m["role"] == "tool" for m in body["messages"]), 400),
        ["tool result"],
    ),
    "no other fields": (refusing(lambda body: "user_id" in body), ["extra fields"]),
    "no long history": (refusing(lambda body: len(body["messages"]) > 40, 413), ["long history"]),
    "no empty turn": (refusing(lambda body: not last(body)), ["odd turns"]),
    "no two turns in a row": (
        refusing(lambda body: [m["role"] for m in body["messages"]][-2:] == ["user"] * 2),
        ["odd turns"],
    ),
    "ASCII alone": (refusing(lambda body: not last(body).isascii(), 500), ["other letters"]),
    "Latin-1": (on_foreign, ["other letters"]),
    "a call without an index": (on_tools(end_call(index=None)), ["tool call"]),
    "a call without an id": (on_tools(end_call(id=None)), ["tool call"]),
    "arguments cut short": (on_tools(END_CALL, '{"reason":'), ["tool call"]),
    "a tool nobody offered": (
        on_tools(end_call(function={"name": "hang", "arguments": "{}"})),
        ["tool call"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_its_own_row_and_no_other(serving: Serving, fault: str) -> None:
    respond, failing = FAULTS[fault]
    report = probe(serving(app(respond)) + "/v1")
    assert report.failing == failing, str(report)
    assert not report
    row = report[failing[0]]
    assert row.fix
    assert row.request.startswith("POST /v1/chat/completions HTTP/1.1")
    assert row.response.startswith("HTTP/1.1 ")


@pytest.mark.parametrize(
    ("respond", "check"),
    [
        (changed(lambda found: found[1:]), "chunks"),  # no role
        (changed(lambda found: [*found[:-2], DONE]), "chunks"),  # no finish reason
        (changed(lambda found: [*found[:-1], b"data: [DONE]"]), "done"),
        (lambda _: Answer(faulty.spoken(faulty.WORDS)), "tool call"),  # words, no call
        (on_tools(END_CALL, '{"reason": "bye"}', reason="stop"), "tool call"),
    ],
)
def test_what_may_pass_is_a_warning(serving: Serving, respond: Any, check: str) -> None:
    report = probe(serving(app(respond)) + "/v1")
    assert check in outcomes(report, "warn"), str(report)
    assert report.ok


def test_a_stream_that_breaks_off_is_told_from_one_that_ends(serving: Serving) -> None:
    report = probe(serving(app(breaking)) + "/v1")
    assert report.failing == ["done"], str(report)
    assert "breaks off" in report["done"].says


# --- where it is ---


def test_the_right_url_is_found_beside_the_wrong_one(serving: Serving) -> None:
    url = serving(app())
    report = probe(url)
    assert report.failing == ["path"]
    assert f"Write {url}/v1 as the agent's URL" in report["path"].fix


def test_a_path_that_the_platform_never_calls_is_said_to_be_one(serving: Serving) -> None:
    url = serving(app(path="/llm-webhook"))
    report = probe(f"{url}/llm-webhook")
    assert report.failing == ["path"]
    assert "never calls" in report["path"].fix


def redirecting(to: str) -> faulty.Respond:
    return lambda _: Answer([b""], 307, headers=[(b"location", to.encode())])


def test_a_redirection_is_named_and_followed_within_the_server(serving: Serving) -> None:
    target = app(path="/v1/chat/completions/")
    moving = app(redirecting("/v1/chat/completions/"))

    async def both(scope: Any, receive: Any, send: Any) -> None:
        await (target if scope["path"].endswith("/") else moving)(scope, receive, send)

    report = probe(serving(both) + "/v1")
    assert report.failing == ["path"]
    assert "/v1/chat/completions/" in report["path"].says


def test_the_secret_does_not_follow_a_redirection_to_another_server(serving: Serving) -> None:
    seen: list[Any] = []

    def note(body: dict[str, Any]) -> Answer:
        seen.append(body)
        return good(body)

    other = serving(app(note)) + "/v1/chat/completions"
    report = probe(serving(app(redirecting(other))) + "/v1", SECRET)
    assert report.failing == ["path"]
    assert outcomes(report, "skip") == NAMES[1:]
    assert seen == []


@pytest.mark.parametrize(
    ("respond", "says"),
    [
        (lambda _: Answer([b"<html>Hello</html>"], media="text/html"), "a web page"),
        (refusing(lambda _: True, 500), "500"),
        (lambda _: Answer([b""]), "200, but nothing to speak"),
        (lambda _: Answer([event({"error": {"message": "no quota"}}), DONE]), "no quota"),
    ],
)
def test_without_an_answer_nothing_else_is_tried(
    serving: Serving, respond: faulty.Respond, says: str
) -> None:
    report = probe(serving(app(respond)) + "/v1")
    assert report.failing == ["path"]
    assert says in report["path"].says
    assert outcomes(report, "skip") == NAMES[1:]


def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    stopped = serve(app(), name="stopped")
    stopped.stop()
    row = probe(stopped.url)["path"]
    assert (row.outcome, row.says.partition(":")[0]) == ("FAIL", "no connection")
    assert row.response.startswith("no connection")


# --- the secret ---


@pytest.mark.parametrize(
    ("allows", "which"),
    [
        (lambda _: True, "none"),
        (lambda token: bool(token), "a wrong one"),
        (lambda token: token and SECRET.startswith(token), "all but its last letter"),
    ],
)
def test_a_lock_that_opens_to_others_fails(serving: Serving, allows: Any, which: str) -> None:
    report = probe(serving(app(allows=allows)) + "/v1", SECRET)
    assert report.failing == ["secret"]
    assert which in report["secret"].says


def test_a_lock_that_falls_over_fails(serving: Serving) -> None:
    inner = app()

    async def crashing(scope: Any, receive: Any, send: Any) -> None:
        right = dict(scope["headers"]).get(b"authorization") == f"Bearer {SECRET}".encode()
        await (inner(scope, receive, send) if right else Answer([b"!"], 500).send(send))

    report = probe(serving(crashing) + "/v1", SECRET)
    assert report.failing == ["secret"]
    assert "500" in report["secret"].says


@pytest.mark.parametrize(("given", "says"), [(None, "asks for"), ("another", "refuses")])
def test_a_probe_without_the_right_secret_is_told_so(
    serving: Serving, given: str | None, says: str
) -> None:
    report = probe(serving(app(allows=lambda token: token == SECRET)) + "/v1", given)
    assert report.failing == ["path"]
    assert says in report["path"].says


def test_the_secret_is_shown_nowhere_even_if_it_is_sent_back(serving: Serving) -> None:
    def echoing(scope: Any, _receive: Any, send: Any) -> Any:
        token = dict(scope["headers"]).get(b"authorization", b"")
        said = [chunk({"content": token.decode()}), DONE]
        status = 200 if token.decode() == f"Bearer {SECRET}" else 500
        return Answer(said, status, headers=[(b"x-token", token)]).send(send)

    report = probe(serving(echoing) + "/v1", SECRET)
    assert "secret" in report.failing
    told = [str(report), repr(report), report._repr_html_(), json.dumps(report.json())]
    told += [repr(row) + row.request + row.response for row in report]
    assert not any(SECRET in one or SECRET[:-1] in one for one in told)
    assert "Bearer ***" in report["path"].response


# --- time, and several callers ---


def test_the_articles_webhook_fails_in_its_three_ways(serving: Serving) -> None:
    def article(body: dict[str, Any]) -> Answer:
        words = faulty.WORDS if long(body) else faulty.WORDS[:1]
        told = [word.encode() for word in words]
        return Answer(told, media="text/plain", pause=0.1, blocking=True)

    report = probe(serving(app(article, path="/llm-webhook")) + "/llm-webhook")
    assert report.failing == ["path", "content type", "frames", "two callers", "hang up"]
    assert outcomes(report, "warn") == ["tool call", "secret"]
    assert outcomes(report, "skip") == ["chunks", "done"]


def test_a_stream_that_is_collected_first_is_no_stream(serving: Serving) -> None:
    def collecting(body: dict[str, Any]) -> Answer:
        return Answer([b"".join(faulty.events(body))], pause=0.35 if long(body) else 0)

    report = probe(serving(app(collecting)) + "/v1")
    assert report.failing == ["streams"], str(report)
    assert "nothing for" in report["streams"].says


def test_an_answer_in_one_chunk_is_no_stream(serving: Serving) -> None:
    def one_chunk(body: dict[str, Any]) -> Answer:
        words = ["".join(faulty.WORDS)]
        return Answer(faulty.spoken(words), pause=0.2 if long(body) else 0)

    report = probe(serving(app(one_chunk)) + "/v1")
    assert report.failing == ["streams"], str(report)
    assert "one chunk" in report["streams"].says


def test_late_first_tokens_are_judged_by_the_platforms_limits(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serving(app(changed(list, pause=0.01))) + "/v1"
    monkeypatch.setitem(table(), "budget", 0.001)  # type: ignore[arg-type]
    assert probe(url, limit=2.0)["first token"].outcome == "warn"
    monkeypatch.setitem(table(), "cascade_timeout", 0.001)  # type: ignore[arg-type]
    report = probe(url)
    assert report.failing == ["first token", "long history"]


def test_an_endpoint_for_one_caller_fails_with_two(serving: Serving) -> None:
    busy = threading.Semaphore()

    def alone(body: dict[str, Any]) -> Answer:
        if not busy.acquire(blocking=False):
            return Answer([b"busy"], 429, "text/plain")

        def events() -> Iterator[bytes]:
            try:
                yield from faulty.events(body)
            finally:
                busy.release()

        return Answer(events(), pause=0.02)

    report = probe(serving(app(alone)) + "/v1")
    # Nothing ends the answer that nobody hears, so the one after a hang-up is refused as well.
    assert report.failing == ["two callers", "hang up"], str(report)
    assert "429" in report["two callers"].says


def test_an_endpoint_that_dies_with_its_caller_fails(serving: Serving) -> None:
    dead = threading.Event()

    async def mortal(_scope: Any, receive: Any, send: Any) -> None:
        body = json.loads((await receive())["body"])
        leaving = asyncio.ensure_future(receive())

        def events() -> Iterator[bytes]:
            for one in faulty.events(body):
                if leaving.done():
                    return dead.set()
                yield one

        answer = Answer(events(), pause=0.02)
        await (Answer([b"dead"], 500) if dead.is_set() else answer).send(send)
        await leaving

    report = probe(serving(mortal) + "/v1")
    assert report.failing == ["hang up"], str(report)


def test_a_request_that_is_repeated_must_be_answered_again(serving: Serving) -> None:
    seen: list[Any] = []

    def once(body: dict[str, Any]) -> bool:
        repeated = bool(seen) and seen[-1] == body and len(body["messages"]) == 3
        seen.append(body)
        return repeated and "Hello?" not in str(body)

    report = probe(serving(app(refusing(once, 409))) + "/v1")
    assert "same again" in report.failing


def test_a_stream_without_an_end_is_cut(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(table(), "patience", 0.6)  # type: ignore[arg-type]

    def endless(_body: dict[str, Any]) -> Answer:
        def events() -> Iterator[bytes]:
            while True:
                yield chunk({"content": "on and "})

        return Answer(events(), pause=0.05)

    report = probe(serving(app(endless)) + "/v1", limit=1.0)
    assert "done" in report.failing
    assert "neither [DONE] nor an end" in report["done"].says
    assert outcomes(report, "skip")[-1] == "hang up"


def test_what_time_does_not_allow_is_left_out_and_said(serving: Serving) -> None:
    report = probe(serving(app()) + "/v1", limit=0)
    assert outcomes(report, "skip") == NAMES[1:]
    assert not report.ok
    assert str(report).count("--limit") == 1  # the same advice is given once


# --- the command, and what it shows ---


def test_the_command_prints_the_table_and_the_exchange(
    serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([serving(app(changed(lambda found: found[:-1]))) + "/v1"]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    for text in ("done", "FAIL", "What to do", "--- done", "POST /v1/chat/completions", "HTTP/1.1"):
        assert text in printed.out


def test_json_is_one_object(serving: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    url = serving(app()) + "/v1"
    assert command.main([url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["probe"], told["ok"]) == (url, True)
    assert [row["check"] for row in told["rows"]] == NAMES
    row = next(row for row in told["rows"] if row["check"] == "first token")
    assert row["outcome"] == "pass"
    assert row["figures"]["first_ms"] > 0


def test_the_model_and_the_secret_are_the_callers(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = refusing(lambda body: body["model"] != "llama", 404)
    url = serving(app(wrong, allows=lambda token: token == SECRET)) + "/v1"
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    assert command.main([url, "--secret", "-", "--model", "llama"]) == 0
    report = probe(url, SECRET)
    assert report.failing == ["path"]
    assert "--model" in report["path"].fix
    assert MODEL in report["path"].request
    assert SECRET not in capsys.readouterr().out


@pytest.mark.parametrize(
    "url", ["", "my.example/v1", "ftp://my.example", "http://", "https://u:p@h"]
)
def test_a_url_that_is_none_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([url]) == 2
    assert capsys.readouterr().out == ""


def test_a_secret_that_no_header_can_carry_is_refused_unshown() -> None:
    with pytest.raises(ValueError, match="Copy it once more") as raised:
        probe("http://127.0.0.1:9", "ein Schlüssel")
    assert "ein" not in str(raised.value).split()


def test_a_query_may_hold_a_key_and_is_not_shown(serving: Serving) -> None:
    report = probe(serving(app()) + "/v1?key=hidden", limit=0)
    assert report["path"].outcome == "pass"
    assert "hidden" not in json.dumps(report.json())


def test_chosen_checks_are_made_in_their_order_after_the_path(serving: Serving) -> None:
    report = probe(serving(app()) + "/v1", checks=["secret", "two callers", "frames"])
    assert [row.check for row in report] == ["path", "frames", "secret", "two callers"]
    assert report["two callers"].figures["alone"] > 0
    with pytest.raises(ValueError, match="no check 'frame'"):
        probe("https://my.example/v1", checks=["frame"])


def test_a_row_that_is_not_there_is_named_with_those_that_are(serving: Serving) -> None:
    report = probe(serving(app()) + "/v1", limit=0)
    with pytest.raises(KeyError, match="The checks are: path, content type"):
        report["pace"]


# --- the Responses API ---


def test_the_webhook_and_the_stand_in_pass_by_the_responses_api(serving: Serving) -> None:
    async def answer(turn: Any) -> Any:
        if turn.said == "Goodbye!":
            yield webhook.ToolCall("end_call", {"reason": "goodbye"})
        for word in faulty.WORDS:
            yield word

    report = probe(serving(webhook.webhook(answer, secret=SECRET)) + "/v1", SECRET, api="responses")
    assert [row.outcome for row in report] == ["pass"] * len(NAMES), str(report)
    standin = pytest.importorskip("voicekit.standin").Standin("instant")
    try:
        report = probe(
            standin.openai_url, standin.openai_key, model="voicekit-script-1", api="responses"
        )
    finally:
        standin.stop()
    assert report.failing == ["secret"]
    assert outcomes(report, "warn") == []


def spoken_events(*changes: tuple[int, dict[str, Any]]) -> Respond:
    """The least that is a response's stream, with fields of some of its events changed."""
    item = {"type": "message", "role": "assistant"}
    events = [
        {"type": "response.created", "response": {}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        *({"type": "response.output_text.delta", "delta": word} for word in faulty.WORDS),
        {"type": "response.completed", "response": {"status": "completed"}},
    ]
    events = [{**one, "sequence_number": number} for number, one in enumerate(events)]
    for place, fields in changes:
        events[place] |= fields
    return lambda _body: Answer([event(one) for one in events])


@pytest.mark.parametrize(
    ("respond", "check", "words"),
    [
        (spoken_events(), "", ""),
        (spoken_events((3, {"sequence_number": 9})), "chunks", "sequence_number"),
        (spoken_events((3, {"type": None})), "chunks", "`type`"),
        (spoken_events((3, {"delta": 1})), "chunks", "not text"),
        (spoken_events((1, {"item": {}})), "chunks", "role"),
        (spoken_events((-1, {"type": "response.other"})), "done", "response.completed"),
        (spoken_events((-1, {"type": "response.failed", "response": {"error": {"message": "no"}}})),
         "done", "no"),
        (spoken_events((-2, {"type": "response.completed"})), "done", "behind"),
        (lambda _body: Answer(faulty.spoken(faulty.WORDS)), "chunks", "api_type"),
    ],
    ids=["good", "number", "type", "delta", "role", "no end", "failed", "goes on", "chunks"],
)  # fmt: skip
def test_one_fault_of_a_response_is_one_row(
    serving: Serving, respond: Respond, check: str, words: str
) -> None:
    url = serving(app(respond, path="/v1/responses")) + "/v1"
    report = probe(url, api="responses", checks=["frames", "chunks", "done"])
    worst = "FAIL" if report.failing else "warn"
    wrong = {row.check: row.says for row in report if row.outcome == worst}
    assert set(wrong) == ({check} if check else set()), str(report)
    assert words in wrong.get(check, "")


def test_an_api_that_is_none_is_named(serving: Serving) -> None:
    with pytest.raises(ValueError, match="responses"):
        probe(serving(app()) + "/v1", api="websocket")
