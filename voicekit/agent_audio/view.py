"""A conversation as it goes on: who says what, who is speaking, how long each answer took."""

from __future__ import annotations

import html
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import ipywidgets  # type: ignore[import-untyped]

from voicekit.arguments import check_type
from voicekit.timeline import Timeline
from voicekit.widgets import prepare_comm

_ROWS = 200
_PERIOD = 0.25  # seconds between two looks at who is speaking
_WORDS = {
    "ready": "not started",
    "listening": "listening",
    "speaking": "the agent is speaking",
    "ended": "ended",
}


class _Audio(Protocol):
    """What the view asks of the audio: both widgets and the clips' device have it."""

    @property
    def played(self) -> int: ...

    def turns(self, profile: str | None = None) -> list[Timeline]: ...


class _Row(NamedTuple):
    who: str
    text: str


class ConversationView:
    """Shows a conversation of the SDK below the cell, with a stop button.

    Pass `callbacks` to the `Conversation`, and what ends it to `on_stop`. What is said is escaped,
    and no more than the last 200 rows are kept.

    Args:
        audio: the conversation's `audio_interface`: an `AgentAudio`, a `Caller`, a `ClipAudio`.
        profile: the simulated latency profile, `world.profile`; None is live.
    """

    def __init__(self, audio: _Audio, profile: str | None = None) -> None:
        if not hasattr(audio, "turns") or not hasattr(audio, "played"):
            check_type("audio", audio, (), "Pass the conversation's audio_interface.")
        self._audio = audio
        self._profile = profile
        self._rows: deque[_Row] = deque(maxlen=_ROWS)
        self._state = "ready"
        self._played = 0
        self._stops: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._page = ipywidgets.HTML()
        self._button = ipywidgets.Button(description="Stop", disabled=True)
        for widget in (self._page, self._button):
            prepare_comm(widget)
        self._button.on_click(lambda _: self._stop())
        self._draw()

    def __repr__(self) -> str:
        return "<ConversationView>"  # no state: notebooks compare it

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The rows above the button."""
        bundle = ipywidgets.VBox([self._page, self._button])._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        return bundle

    def __str__(self) -> str:
        rows = (f"{row.who}: {row.text}" for row in self._rows)
        return "\n".join([*rows, *self._delays(), f"({_WORDS[self._state]})"])

    @property
    def callbacks(self) -> dict[str, Callable[..., None]]:
        """The `Conversation`'s callbacks that fill the view."""
        return {
            "callback_agent_response": lambda text: self._add("Agent", text),
            "callback_agent_response_correction": lambda _, text: self._add("You heard", text),
            "callback_user_transcript": lambda text: self._add("You", text),
            "callback_disconnect": lambda _: self._end(),
        }

    def on_stop(self, stop: Callable[[], object]) -> None:
        """Call `stop` when the button is pressed: `conversation.end_session`."""
        self._stops.append(stop)
        self._button.disabled = False
        threading.Thread(target=self._watch, name="voicekit-view", daemon=True).start()

    def _stop(self) -> None:
        for stop in self._stops:
            stop()
        self._end()

    def _end(self) -> None:
        self._ended.set()
        self._state = "ended"
        self._button.disabled = True
        self._draw()

    def _add(self, who: str, text: str) -> None:
        self._rows.append(_Row(who, text))
        self._draw()

    def _watch(self) -> None:
        """Who is speaking shows in what is played, which no callback tells."""
        while not self._ended.wait(_PERIOD):
            played = self._audio.played
            state = "speaking" if played != self._played else "listening"
            self._played = played
            if state != self._state:
                self._state = state
                self._draw()

    def _delays(self) -> list[str]:
        """The response delays so far, the last five of them."""
        answered = [turn for turn in self._audio.turns(self._profile) if turn.answered]
        if not answered:
            return []
        times = ", ".join(f"{1000 * turn.delay:.0f} ms" for turn in answered[-5:])
        return [f"answered after {times} ({answered[-1].origin})"]

    def _draw(self) -> None:
        rows = "".join(
            f"<tr><th scope='row' style='text-align: left; padding-right: 1em'>{row.who}</th>"
            f"<td style='text-align: left'>{html.escape(row.text)}</td></tr>"
            for row in tuple(self._rows)
        )
        below = "<br>".join([*self._delays(), _WORDS[self._state]])
        with self._lock:  # two threads at once would mix up the widget's messages
            self._page.value = (
                f"<div role='log' aria-live='polite'><table>{rows}</table>{below}</div>"
            )
