"""A page that nobody has touched may not sound. Playwright's own `evaluate` counts as a touch, so
these tests speak to the browser directly.
"""

from __future__ import annotations

from cells import SPEAK
from waiting import until

from bench.browser_page import READY, SET_LAST_CELL


class UntouchedPage:
    """A page that is driven without a gesture."""

    def __init__(self, server, path, profile) -> None:
        self.page = profile.new_page()
        self.wire = profile.new_cdp_session(self.page)
        self.page.goto(f"{server.url}doc/tree/{path}?token={server.token}")
        self.until(f"({READY})()")

    def ask(self, expression: str):
        answer = self.wire.send(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
        )
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        until(lambda: self.ask(expression), expression)

    def run(self, code: str) -> None:
        number = self.ask(f"({SET_LAST_CELL})({code!r})")
        self.ask(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {number}")
        self.ask("jupyterapp.commands.execute('notebook:run-cell-and-insert-below')")

    def click(self, selector: str) -> None:
        x, y = self.ask(
            f"(box => [box.x + box.width / 2, box.y + box.height / 2])"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        self.page.mouse.click(x, y)


def test_sound_waits_for_a_gesture_and_what_is_live_is_dropped(lab, profile) -> None:
    path = lab.write("untouched.ipynb", "")
    page = UntouchedPage(lab, path, profile)
    page.run(
        "from voicekit.widgets import Speaker\n"
        + SPEAK.format(rate=16000).replace("\n    ", "\n")
        + "sound = bytes([1, 16]) * 16000\nspeaker.play(sound)\nspeaker.wait(15)"
    )
    enable = "[...document.querySelectorAll('button')].find(it => it.innerText === 'Enable sound')"
    page.until(f"Boolean({enable}?.checkVisibility())")
    assert page.ask("tap.contexts.some(it => it.state === 'running')") is False
    told = lab.value(path, "speaker.state, speaker.played, speaker.dropped, speaker.pending")
    assert told == "('blocked', 0.0, 1.0, 0.0)"
    assert "click" in lab.value(path, "speaker.error")

    page.ask(f"{enable}.id = 'enable'")
    page.click("#enable")
    page.until("tap.contexts.at(-1).state === 'running'")
    assert page.ask("tap.output.events.length") == 0  # nothing stale
    page.run("speaker.play(sound); done = speaker.wait(15)")
    page.until("tap.output.events.length === 2")
    assert lab.value(path, "done, speaker.played, speaker.dropped") == "(True, 1.0, 1.0)"
