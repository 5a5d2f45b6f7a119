"""Pictures for a person to look at: set VOICEKIT_SCREENSHOTS to a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cells import LISTEN, SPEAK

FOLDER = os.environ.get("VOICEKIT_SCREENSHOTS", "")


@pytest.mark.skipif(not FOLDER, reason="VOICEKIT_SCREENSHOTS names no folder")
def test_both_widgets_in_light_and_dark_are_saved_as_pictures(page, speech) -> None:
    page.run(LISTEN)
    page.run(SPEAK.format(rate=16000))
    page.run(f"speaker.play(Clip.load({str(speech)!r}))\nspeaker.wait(30)")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.command("apputils:change-theme", theme=theme)
        page.settle(f"document.body.dataset.jpThemeName === {theme!r}")
        page.page.wait_for_timeout(500)
        picture = Path(FOLDER) / f"{theme.split()[-1].lower()}.png"
        page.page.screenshot(path=picture)
        assert picture.stat().st_size > 10_000
