"""Many conversations at once, and what is left of them: nothing."""

from __future__ import annotations

import asyncio
import threading

from fake_ears import FakeEars
from talk import ALL_EVENTS, agent, dial, hear, hear_until, of, say, utter
from waiting import HANG, until

MANY = 20


def test_twenty_callers_talk_at_once_and_leave_nothing_behind(standin, ears, monkeypatch):
    ears(*["How long do I have to return something?"] * MANY)
    loops = []
    before = threading.active_count()
    opened = FakeEars.open

    async def open_and_look(self, keywords=()):
        loops.append(asyncio.get_running_loop())
        return await opened(self, keywords)

    monkeypatch.setattr(FakeEars, "open", open_and_look)
    made = agent(
        standin, agent={"first_message": "Hello."}, conversation={"client_events": ALL_EVENTS}
    )
    answers = []

    def call():
        with dial(standin, made, {}) as socket:
            hear(socket, "agent_response_complete")
            utter(socket)
            heard = hear_until(socket, lambda m: m["type"] == "agent_response")
            answers.extend(of(heard, "agent_response"))
            heard = hear_until(socket, lambda m: m["type"] == "audio")

    callers = [threading.Thread(target=call) for _ in range(MANY)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(HANG)
    assert len(answers) == MANY
    assert all("30 days" in answer["agent_response"] for answer in answers)
    until(lambda: standin.state.ears.open_ears == 0)
    until(lambda: standin.state.conversations.live(made) == 0)
    ours = "voicekit.standin.agent", "/standin/agent/"

    def left():
        tasks = asyncio.all_tasks(loops[0])
        return [task for task in tasks if any(part in repr(task) for part in ours)]

    until(lambda: not left())
    until(lambda: threading.active_count() <= before + 2)
    reasons = {record.reason for record in standin.state.conversations.all()}
    assert reasons == {"Client disconnected: 1000"}


def test_a_client_that_leaves_in_the_middle_of_everything_leaves_nothing(standin, ears, llm):
    ears("Read it all.")
    model = llm([{"content": "This is long, "}, 30])
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    made = agent(standin, agent={"prompt": own})
    with dial(standin, made, {}) as socket:
        utter(socket)
        hear(socket, "audio")
        socket.socket.close()
        until(lambda: model.aborted == 1)
    until(lambda: standin.state.conversations.live(made) == 0)


def test_a_signed_url_opens_what_its_agent_keeps_shut(standin):
    made = agent(standin, {"auth": {"enable_auth": True}}, agent={"first_message": "Hello."})
    signature = standin.state.signatures.sign(made)
    with dial(standin, made, {}, conversation_signature=signature) as socket:
        assert hear(socket, "agent_response")
        say(socket, type="something_new", text="It is passed over.")
        assert hear(socket, "ping")
