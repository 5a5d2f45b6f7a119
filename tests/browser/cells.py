"""Cells that the browser tests run."""

from __future__ import annotations

LISTEN = """
    mic = Microphone(processing=False)
    heard = []
    mic.on_frame(heard.append)
    display(mic)
    mic.start()
    deadline = time.monotonic() + 15
    while mic.state not in ("listening", "failed") and time.monotonic() < deadline:
        time.sleep(0.02)
    print("it is", mic.state)
"""
SPEAK = """
    speaker = Speaker(rate={rate}, lead=1.0)  # a loaded machine may be late
    display(speaker)
    print("it is", "there" if speaker.ready(15) else "missing")
"""
BUSY = {
    "blocks": "time.sleep({seconds})",
    "awaits": "await asyncio.sleep({seconds})",
    "computes": "end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: sum(range(999))",
}
