"""The page and its devices: what only a browser can tell, and nothing where no browser answers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from voicekit.audio import Clip
from voicekit.conversation import AgentAudio
from voicekit.tools.doctor.report import WRONG, Row, row
from voicekit.tools.doctor.sound import Levels, beep, echo_over_room, is_echo
from voicekit.widgets import Frame, Speaker

_ANSWER = 2.0  # seconds that a page has to say that it is there
_THERE = 0.3  # … when it had its time before
_PERMISSION = 30.0  # seconds that a person has to allow the microphone
_PLAYING = 15.0  # seconds after which a second of sound will not come any more
_FAR = 0.3  # seconds to the page and back from which a conversation feels slow
_RATE = 16_000


def page(audio: AgentAudio) -> Row:
    """Whether a page answers, and whether browsers let one like it have the microphone."""
    if not audio.ready(_ANSWER):
        return row("page", "none")
    facts = audio.microphone.front_end
    if facts.get("webview"):
        return row("page", "webview")
    if not facts.get("secure"):
        return row("page", "insecure")
    return row("page", "ok" if facts.get("microphone") else "deaf")


def tone(audio: AgentAudio, seconds: float = 1.0) -> Row:
    """Play a tone, and count what the page has played of it."""
    speaker = audio.speaker
    if not speaker.ready(_THERE):
        return row("tone", "none")
    before, gaps = speaker.played, speaker.underruns
    speaker.play(beep(seconds, speaker.rate))
    speaker.wait(_PLAYING)
    played = speaker.played - before
    if speaker.error or played < 0.9 * seconds:
        name = row("tone", "ok", seconds="").check
        return Row(name, WRONG, f"{played:.1f} of {seconds:.1f} s were played", speaker.error)
    return row("tone", "gaps" if speaker.underruns > gaps else "ok", seconds=f"{played:.1f}")


def loop(audio: AgentAudio, times: int = 10) -> Row:
    """How long it takes from Python to the page's loudspeaker and back, the middle of `times`."""
    speaker = audio.speaker
    if not speaker.ready(_THERE):
        return row("loop", "none")
    seconds = [_there_and_back(speaker) for _ in range(times + 1)]
    if math.inf in seconds:
        return row("loop", "lost")
    del seconds[0]  # the page got its sound ready
    middle = median(seconds)
    code = "far" if middle > _FAR else "ok"
    return row("loop", code, ms=round(1000 * middle), slowest=round(1000 * max(seconds)))


def level(audio: AgentAudio, seconds: float = 4.0) -> Row:
    """Listen while somebody speaks, and say whether a recogniser could follow."""
    if not audio.microphone.ready(_THERE):
        return row("level", "none")
    with _listening(audio) as frames:
        if frames is None:
            return _microphone_failed(audio, "level")
        time.sleep(seconds)
    levels = Levels.of(b"".join(frame.pcm for frame in frames))
    return row("level", levels.judgement, peak=round(levels.peak), room=round(levels.room))


def echo(audio: AgentAudio, clip: Clip) -> Row:
    """Play speech while nobody speaks, and look for it in the microphone.

    Args:
        audio: both devices.
        clip: speech of 16 kHz; browsers take steady sounds out for other reasons than echo.
    """
    if not audio.microphone.ready(_THERE):
        return row("echo", "none")
    with _listening(audio) as frames:
        if frames is None:
            return _microphone_failed(audio, "echo")
        time.sleep(1.0)
        quiet = len(frames)
        audio.speaker.play(clip)
        audio.speaker.wait(_PLAYING + clip.seconds)
        time.sleep(0.3)  # the way from the loudspeaker through the air and back to here
    pcm = [frame.pcm for frame in frames]
    over = echo_over_room(b"".join(pcm[:quiet]), b"".join(pcm[quiet:]))
    return row("echo", "heard" if is_echo(over) else "ok", decibels=round(over))


def _there_and_back(speaker: Speaker) -> float:
    """Seconds until the page says that something sounds; infinite when it never does."""
    sounded, before = threading.Event(), speaker.played

    def look(played: float) -> None:
        if played > before:
            sounded.set()

    end = speaker.on_played(look)  # the page reports at once when sound begins
    started = time.perf_counter()
    speaker.play(beep(0.1, speaker.rate, level=-50.0))
    came = sounded.wait(_PLAYING)
    seconds = time.perf_counter() - started
    end()
    speaker.wait(_PLAYING)
    return seconds if came else math.inf


@contextmanager
def _listening(audio: AgentAudio) -> Iterator[list[Frame] | None]:
    """Frames as they come; None when the microphone does not listen. Off again afterwards."""
    microphone, frames = audio.microphone, list[Frame]()
    was_on = microphone.state == "listening"
    end = microphone.on_frame(frames.append)
    try:
        if not was_on:
            microphone.start()
        deadline = time.monotonic() + _PERMISSION
        while not frames and microphone.state != "failed" and time.monotonic() < deadline:
            time.sleep(0.02)
        yield frames or None
    finally:
        end()
        if not was_on:
            microphone.stop()


def _microphone_failed(audio: AgentAudio, check: str) -> Row:
    name = row(check, "none").check
    return Row(name, WRONG, "the microphone does not listen", audio.microphone.error)
