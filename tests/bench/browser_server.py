"""A JupyterLab of its own for a browser test: fresh settings, a path prefix, its own root."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from voicekit.errors import ServingError
from voicekit.tools.commands import lab

# A hub serves each user under a prefix; whatever is measured or tested here works there.
PREFIX = "/user/ada/"
_START = 300.0  # seconds; a server that is busy is slow, one that is broken ends by itself


@dataclass(frozen=True)
class JupyterServer:
    """A running server.

    Args:
        url: where it answers, with the prefix and a slash at the end.
        token: lets a browser in.
        folder: its root folder, which is also where notebooks and their kernels live.
    """

    url: str
    token: str
    folder: Path

    def write(self, path: str, *cells: str) -> str:
        """Write a notebook of code cells below the root folder; return its path there."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        kernel = {"name": "python3", "display_name": "Python 3"}
        book = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "source": cell.strip(),
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                for number, cell in enumerate(cells)
            ],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        target.write_text(json.dumps(book), "utf-8")
        return path

    def ask(self, method: str, path: str) -> Any:
        """Call the server's own API, such as `ask("GET", "api/sessions")`."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    def kernel_id(self, path: str) -> str:
        """The kernel that a notebook runs on."""
        sessions = self.ask("GET", "api/sessions")
        return next(str(found["kernel"]["id"]) for found in sessions if found["path"] == path)

    @contextmanager
    def beside(self, path: str) -> Iterator[BlockingKernelClient]:
        """A second client of a notebook's kernel, beside the page."""
        client = BlockingKernelClient()
        file = self.folder / ".jupyter" / "runtime" / f"kernel-{self.kernel_id(path)}.json"
        client.load_connection_file(str(file))
        client.start_channels()
        try:
            client.wait_for_ready(timeout=30)
            yield client
        finally:
            client.stop_channels()

    def value(self, path: str, expression: str, timeout: float = 10.0) -> str:
        """What an expression is in a notebook's kernel, as text; the kernel must be idle."""
        with self.beside(path) as client:
            reply = client.execute(
                "", silent=True, user_expressions={"it": expression}, reply=True, timeout=timeout
            )
        answer = reply["content"]["user_expressions"]["it"]
        if answer["status"] != "ok":
            raise ValueError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        return str(answer["data"]["text/plain"])

    def end_kernels(self, path: str = "") -> None:
        """End every kernel, or one notebook's, so that others have the machine to themselves."""
        for session in self.ask("GET", "api/sessions"):
            if path in ("", session["path"]):
                self.ask("DELETE", f"api/sessions/{session['id']}")


@contextmanager
def jupyter(application: str = "lab") -> Iterator[JupyterServer]:
    """Run JupyterLab ("lab") or Notebook 7 ("notebook") on loopback until the block ends.

    Nothing of the user's settings is read or written.

    Raises:
        ServingError: it is not installed, or did not start.
    """
    with tempfile.TemporaryDirectory(prefix="voicekit-browser-") as name:
        folder, token, port = Path(name), secrets.token_hex(16), _free_port()
        own = folder / ".jupyter"
        log = own / "server.log"
        own.mkdir()
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(own / "config"),
            "JUPYTER_DATA_DIR": str(own / "data"),
            "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
            "IPYTHONDIR": str(own / "ipython"),
            "JUPYTER_TOKEN": token,  # not on the command line, where other users would see it
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        command = [
            *(sys.executable, "-m", "jupyter", application, "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(f"--ServerApp.base_url={PREFIX}", f"--ServerApp.root_dir={folder}"),
            *(
                "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=1",
            ),
            f"--LabApp.app_settings_dir={lab.SETTINGS}",
        ]
        url = f"http://127.0.0.1:{port}{PREFIX}"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command, stdout=output, stderr=output, env=environment, cwd=folder
            ) as process,
        ):
            server = JupyterServer(url, token, folder)
            try:
                _wait(server, process, log, application)
                yield server
                server.end_kernels()
            finally:
                process.terminate()
                process.wait(30)


def _wait(
    server: JupyterServer, process: subprocess.Popen[bytes], log: Path, application: str
) -> None:
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        try:
            server.ask("GET", "api/status")
        except OSError:
            time.sleep(0.1)
        else:
            return
    last = "\n".join(log.read_text("utf-8", "replace").splitlines()[-5:])
    raise ServingError(
        f"`jupyter {application}` did not start. Is it installed? "
        f"Try: pip install jupyterlab notebook. Its last words:\n{last}"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
