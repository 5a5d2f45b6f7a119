"""A conversation as it goes on: who says what, who is speaking, how long each answer took."""

from __future__ import annotations

import asyncio
import html
import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from voicekit.arguments import check_type
from voicekit.conversation.audio_interface import Done
from voicekit.conversation.duplex import Duplex
from voicekit.widgets import prepare_comm
from voicekit.widgets.courier import Courier

_ROWS = 200
_HEIGHT = "18em"  # of the rows: what is below the view stays where it is
_TURNS = 20  # turns in which to look for answers
_ANSWERS = 5  # whose delays are shown
_PERIOD = 0.25  # seconds between two looks at who is speaking
_WORDS = {
    "ready": "not started",
    "listening": "listening",
    "speaking": "the agent is speaking",
    "ended": "ended",
}
_log = logging.getLogger(__name__)


class ConversationView:
    """Shows a conversation of the SDK below the cell, with a stop button.

    Pass `callbacks` to the conversation, and what ends it to `on_stop`. What is said is escaped,
    and no more than the last 200 rows are kept. It draws in a thread of its own: whatever goes
    wrong there, the call goes on.

    A page that is loaded anew shows it again, with its button, as soon as no cell runs. While one
    does, JupyterLab has "Loading widget..." in its place: the notebook's own stop button then ends
    the cell, and with it the call of a `with` block.

    Args:
        audio: the conversation's `audio_interface`: an `AgentAudio`, a `Caller`, a `ClipAudio`.
        profile: the simulated latency profile, `world.profile`; None is live.
    """

    def __init__(self, audio: Duplex, profile: str | None = None) -> None:
        if not hasattr(audio, "turns") or not hasattr(audio, "played"):
            check_type("audio", audio, (), "Pass the conversation's audio_interface.")
        self._audio = audio
        self._profile = profile
        self._rows: deque[tuple[str, str]] = deque(maxlen=_ROWS)
        self._state = "ready"
        self._why = ""
        self._failed = False
        self._played = 0.0
        self._stops: list[Callable[[], object]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._page = ipywidgets.HTML()
        self._button = ipywidgets.Button(description="Stop", disabled=True)
        for widget in (self._page, self._button):
            prepare_comm(widget)
        self._button.on_click(lambda _: self._stop())
        self._drawing: Courier[None] = Courier("voicekit-view", 1)
        self._drawing.subscribe(self._draw)
        self._draw()

    def __repr__(self) -> str:
        return "<ConversationView>"  # no state: notebooks compare it

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The button above the rows: however many come, it stays in sight."""
        bundle = ipywidgets.VBox([self._button, self._page])._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        return bundle

    def __str__(self) -> str:
        rows = (f"{who}: {text}" for who, text in self._copy())
        return "\n".join([*rows, *self._delays(), f"({self._doing()})"])

    @property
    def callbacks(self) -> dict[str, Callable[..., Any]]:
        """The callbacks of the `Conversation` or `AsyncConversation` that fill the view."""
        return {
            "callback_agent_response": lambda text: self._add("Agent", text),
            "callback_agent_response_correction": lambda _, text: self._add("You heard", text),
            "callback_user_transcript": lambda text: self._add("You", text),
            "callback_disconnect": self._end,
        }

    def on_stop(self, stop: Callable[[], object]) -> None:
        """Call `stop` when the button is pressed: the `end` of a `voicekit.session`.

        It may be asynchronous, where this is called in the event loop that it belongs to.
        """
        self._stops.append(stop)
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._button.disabled = False
        threading.Thread(target=self._watch, name="voicekit-view-watch", daemon=True).start()

    def _stop(self) -> None:
        for stop in self._stops:
            ending = stop()
            if inspect.iscoroutine(ending) and self._loop is not None:
                asyncio.run_coroutine_threadsafe(ending, self._loop)
        self._end()

    def _end(self, details: Any = None) -> Done:
        why = getattr(details, "message", None)
        self._why = f": {why}" if why else self._why
        self._ended.set()
        self._button.disabled = True
        self._drawing.post(None)
        return Done()

    def _add(self, who: str, text: str) -> Done:
        with self._lock:
            self._rows.append((who, text))
        self._drawing.post(None)
        return Done()

    def _copy(self) -> list[tuple[str, str]]:
        with self._lock:
            return list(self._rows)

    def _watch(self) -> None:
        """Who is speaking shows in what is played, which no callback tells."""
        while not self._ended.wait(_PERIOD):
            self._drawing.post(None)

    def _delays(self) -> list[str]:
        """The response delays so far, the last five of them."""
        turns = self._audio.turns(self._profile, last=_TURNS)
        answered = [turn for turn in turns if turn.answered][-_ANSWERS:]
        if not answered:
            return []
        times = ", ".join(f"{1000 * turn.delay:.0f} ms" for turn in answered)
        return [f"answered after {times} ({answered[-1].origin})"]

    def _draw(self, _: None = None) -> None:
        try:
            self._look()
            below = "<br>".join([*self._delays(), html.escape(self._doing())])
        except Exception as error:
            if not self._failed:
                _log.exception("The view of the conversation has failed; the call goes on.")
            self._failed = True
            below = f"This view has failed ({html.escape(repr(error))}); the call goes on."
        rows = "".join(
            f"<tr><th scope='row' style='text-align: left; padding-right: 1em'>{who}</th>"
            f"<td style='text-align: left'>{html.escape(text)}</td></tr>"
            for who, text in self._copy()
        )
        # Reversed, the box keeps its end in sight while it grows.
        box = f"display: flex; flex-direction: column-reverse; max-height: {_HEIGHT}"
        self._page.value = (
            f"<div role='log' aria-live='polite'><div style='{box}; overflow-y: auto' tabindex='0'>"
            f"<table>{rows}</table></div>{below}</div>"
        )

    def _look(self) -> None:
        """Tell from what has been played whether the agent is speaking."""
        if self._stops:
            played = self._audio.played
            self._state = "speaking" if played != self._played else "listening"
            self._played = played

    def _doing(self) -> str:
        return (_WORDS["ended"] if self._ended.is_set() else _WORDS[self._state]) + self._why
