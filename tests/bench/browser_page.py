"""A notebook in a real Chromium, used as a person does: click, Shift+Enter, read.

`data/tap.js` listens to the page's audio from outside, so that no widget judges itself.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Playwright,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from bench.browser_server import JupyterServer
from voicekit.errors import ServingError, SetupError

# The indicator in the toolbar shows "idle" before there is a kernel, and a cell run then is lost.
READY = """async () => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    await context?.ready;
    const kernel = context?.session?.kernel;
    await kernel?.info;
    return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
SET_LAST_CELL = """code => {
    const cells = jupyterapp.shell.currentWidget.content.widgets;
    cells.at(-1).model.sharedModel.setSource(code);
    return cells.length - 1;
}"""
_OUTPUTS = """number => {
    const cell = jupyterapp.shell.currentWidget.content.widgets[number];
    return cell.model.outputs.toJSON();
}"""
_RUNNING = """() => {
    const cells = jupyterapp.shell.currentWidget.content.model.cells;
    return [...cells].some(it => it.type === 'code' && it.executionState !== 'idle');
}"""
_CODE = """() => {
    const cells = [...jupyterapp.shell.currentWidget.content.model.cells];
    return cells.filter(it => it.type === 'code').map(it => it.toJSON());
}"""
_EMPTY = """() => {
    const book = jupyterapp.shell.currentWidget.content.model.sharedModel;
    book.deleteCellRange(0, book.cells.length);
    book.addCell({cell_type: 'code'});
}"""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium_program() -> str:
    """The path of an installed Chromium.

    Raises:
        SetupError: there is none; names the package.
    """
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        raise SetupError(
            "Chromium is missing. On Debian and Ubuntu: apt-get install chromium; elsewhere "
            f"install it from chromium.org. Looked for: {', '.join(_PROGRAMS)}."
        )
    return found


@contextmanager
def chromium(
    microphone: Path | None = None,
    *,
    options: tuple[str, ...] = (),
    playwright: Playwright | None = None,
) -> Iterator[Browser]:
    """Run a headless Chromium until the block ends.

    Args:
        microphone: a 16-bit mono WAV file that the fake microphone plays once from each time it is
            opened, and silence after it; None for a beep every second.
        options: further command-line options, such as "--disable-audio-input".
        playwright: one that runs already, for a second browser beside the first.
    """
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--use-fake-device-for-media-stream",
        *options,
    ]
    if microphone:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with nullcontext(playwright) if playwright else sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium_program(), args=arguments, chromium_sandbox=not root
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, *, microphone: bool = True) -> Iterator[BrowserContext]:
    """A new profile whose owner grants, or denies, the microphone to every page."""
    with browser.new_context(
        viewport={"width": 1100, "height": 1600}, permissions=["microphone"] if microphone else []
    ) as context:
        context.add_init_script(resources.files("bench").joinpath("data/tap.js").read_text("utf-8"))
        yield context


@dataclass(frozen=True)
class Heard:
    """What passed a tap: samples (n,), float32, with each block's first frame and wall time."""

    rate: int
    samples: npt.NDArray[np.float32]
    frames: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]

    @property
    def sound(self) -> npt.NDArray[np.int16]:
        """From the first sample that is not 0 to the last, as 16-bit integers.

        Raises:
            ValueError: the tap missed a block within, so nothing can be said about the sound.
        """
        there = np.flatnonzero(self.samples)
        if not there.size:
            return np.zeros(0, np.int16)
        first, last = int(there[0]), int(there[-1])
        blocks = self.frames[first // 128 : last // 128 + 1]
        missed = int((np.diff(blocks) != 128).sum())
        if missed:
            raise ValueError(f"The tap missed {missed} blocks of {len(blocks)}.")
        return self.pcm[first : last + 1]

    @property
    def pcm(self) -> npt.NDArray[np.int16]:
        """All of it as 16-bit integers; halves are rounded up, as JavaScript does."""
        scaled = np.floor(self.samples.astype(np.float64) * 32768 + 0.5)
        return np.clip(scaled, -32768, 32767).astype(np.int16)


class NotebookPage:
    """One notebook in one browser tab, numbered by its cells from 0.

    Args:
        server: who serves it.
        path: the notebook's path there, as `JupyterServer.write` returned it.
        page: the tab to use.
        application: "lab" or "notebook".
    """

    def __init__(
        self, server: JupyterServer, path: str, page: Page, application: str = "lab"
    ) -> None:
        self.server = server
        self.path = path
        self.page = page
        self._where = {"lab": "doc/tree", "notebook": "notebooks"}[application]

    def open(self) -> NotebookPage:
        """Load the page and wait until its kernel is idle."""
        self.page.goto(f"{self.server.url}{self._where}/{quote(self.path)}?{self._login}")
        return self.ready()

    def ready(self, timeout: float = 120) -> NotebookPage:
        """Wait until the kernel is there and idle, such as after a reload or a restart."""
        end = time.monotonic() + timeout
        while not self._is_ready():
            if time.monotonic() > end:
                raise ServingError(f"{self.path} has no idle kernel after {timeout:g} s.")
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        # wait_for_function would take the promise for a yes. A second tab moves to a workspace of
        # its own while it loads, which ends what is evaluated.
        try:
            return bool(self.page.evaluate(READY))
        except PlaywrightError:
            return False

    @property
    def _login(self) -> str:
        return f"token={self.server.token}"

    @property
    def folder(self) -> Path:
        """Where the notebook lies, which is where its kernel works."""
        return (self.server.folder / self.path).parent

    def cell(self, number: int) -> Locator:
        """The cell, with its output."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def empty(self) -> None:
        """Delete all cells and their outputs; the kernel keeps what it has."""
        self.page.evaluate(_EMPTY)

    def start(self, code: str) -> int:
        """Put code into the last cell and press Shift+Enter there; do not wait.

        Returns:
            The cell's number.
        """
        number = int(self.page.evaluate(SET_LAST_CELL, textwrap.dedent(code).strip()))
        self.repeat(number)
        return number

    def repeat(self, number: int) -> None:
        """Press Shift+Enter in a cell, once more."""
        self._prompt(number).evaluate("prompt => { prompt.textContent = 'not run yet'; }")
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def start_all(self) -> NotebookPage:
        """Choose *Run All Cells* from the menu, and answer nothing; do not wait."""
        for name in ("Run", "Run All Cells"):
            self.page.get_by_role("menuitem", name=name, exact=True).click()
        return self

    def end_all(self, timeout: float = 300) -> list[dict[str, Any]]:
        """Wait until no cell runs.

        Returns:
            The code cells as the notebook's file would hold them, outputs included.
        """
        self.settle(f"!({_RUNNING})()", timeout)
        return list(self.page.evaluate(_CODE))

    def run(self, code: str, timeout: float = 30) -> str:
        """Run code in the last cell as `start` does, and wait for its end.

        Returns:
            Its output as text.

        Raises:
            ValueError: the cell raised; holds its output.
        """
        return self.end(self.start(code), timeout)

    def end(self, number: int, timeout: float = 30) -> str:
        """Wait until a started cell ends; its output, as for `run`."""
        done = self._prompt(number).filter(has_text=re.compile(r"\[\d+\]:"))
        done.wait_for(timeout=timeout * 1000)
        raised = [it for it in self._outputs(number) if it["output_type"] == "error"]
        if raised:
            raise ValueError("\n".join(raised[0]["traceback"]) or raised[0]["ename"])
        return self.text(number)

    def text(self, number: int) -> str:
        """What a cell has printed so far, or its value; what came on stderr is left out."""
        return "".join(
            it["text"] if it["output_type"] == "stream" else it["data"].get("text/plain", "")
            for it in self._outputs(number)
            if it.get("name") == "stdout" or it["output_type"] == "execute_result"
        )

    def _outputs(self, number: int) -> list[dict[str, Any]]:
        return list(self.page.evaluate(_OUTPUTS, number))

    def _prompt(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-InputArea-prompt")

    def save(self) -> None:
        """Save the notebook, so that another page finds the cells and widgets of this one."""
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")

    def command(self, name: str, **arguments: Any) -> None:
        """Execute one of JupyterLab's commands, such as "notebook:run-cell"; not a gesture."""
        self.page.evaluate(
            "([name, given]) => jupyterapp.commands.execute(name, given)", [name, arguments]
        )

    def settle(self, condition: str, timeout: float = 15) -> None:
        """Wait until a JavaScript expression is true.

        Raises:
            TimeoutError: it stays false; Playwright's own error of that name.
        """
        self.page.wait_for_function(condition, timeout=timeout * 1000)

    @property
    def live_tracks(self) -> int:
        """How many microphone tracks this page holds open."""
        return int(self.page.evaluate("tap.live()"))

    def clear(self) -> None:
        """Forget what the taps heard."""
        self.page.evaluate("tap.clear()")

    def heard(self, way: Literal["input", "output"] = "output") -> Heard:
        """What the microphone gave ("input") or the speaker rendered, since the last `clear`."""
        taken = self.page.evaluate("way => tap.take(way)", way)
        return Heard(
            int(taken["rate"]),
            np.frombuffer(base64.b64decode(taken["samples"]), "<f4"),
            np.array(taken["frames"], np.int64),
            np.array(taken["times"]) / 1000,
        )

    def events(self, way: Literal["input", "output"] = "output") -> list[tuple[str, float]]:
        """When sound began ("on") and ended ("off") there, in seconds as time.time() counts."""
        found = self.page.evaluate("way => tap[way].events", way)
        return [(event["event"], event["at"] / 1000) for event in found]
