"""The canary sings: each way in which a notebook could show a key fails its cell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import notebook_canary
import pytest
from notebook_world import CANARY
from waiting import HANG

LEAKS = {
    "printed": "print(key)",
    "shown": "key",
    "in_pieces": "{'deep': [key]}",
    "written_to_stderr": "import sys; print(key, file=sys.stderr)",
    "raised": "raise ValueError(key)",
    "in_a_message_of_python's": "int(os.environ['OPENAI_API_KEY'])",
    "in_a_verbose_traceback": "%xmode Verbose\n(lambda secret: 1 / 0)(key)",
    "a_widget": "import ipywidgets; box = ipywidgets.Text(value=key)",
    "as_html": "from IPython.display import HTML; HTML(f'<b>{key}</b>')",
    "binary": "from comm import create_comm; c = create_comm('x', buffers=[key.encode()])",
}
INNOCENT = {
    "nothing": "1 + 1",
    "masked": "from voicekit.world.keys import Secret; print(Secret(key))",
    "length": "len(key)",
}


def outcomes(folder: Path, cells: dict[str, str]) -> dict[str, str]:
    """What became of each cell, when a notebook of these is run by pytest with the plugin."""
    setup = "import os; key = os.environ['ELEVENLABS_API_KEY']"
    sources = [setup, *cells.values()]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, execution_count=1) for source in sources]
    )
    nbformat.write(notebook, folder / "lesson.ipynb")
    command = [
        *(sys.executable, "-m", "pytest", "-p", "notebook_canary", "-p", "no:cacheprovider"),
        *("--nbval-lax", "--nbval-current-env", "-rA", "--rootdir", str(folder), str(folder)),
    ]
    here = str(Path(notebook_canary.__file__).parent)
    keys = dict.fromkeys(("ELEVENLABS_API_KEY", "OPENAI_API_KEY"), CANARY)
    environment = {**os.environ, **keys, "PYTHONPATH": here}
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=HANG
    )
    words = [line.split() for line in ran.stdout.splitlines() if "::Cell " in line]
    found = {int(line[2]): line[0] for line in words if line[0] in ("PASSED", "FAILED")}
    assert found[0] == "PASSED", ran.stdout
    shown = {int(number) for number in re.findall(r"Cell (\d+): An API key was shown", ran.stdout)}
    assert shown == {number for number, word in found.items() if word == "FAILED"}, ran.stdout
    return {name: found[number] for number, name in enumerate(cells, 1)}


@pytest.mark.extended
def test_a_cell_that_shows_a_key_fails_and_no_other_does(tmp_path):
    cells = {**LEAKS, **INNOCENT}
    assert outcomes(tmp_path, cells) == {
        **dict.fromkeys(LEAKS, "FAILED"),
        **dict.fromkeys(INNOCENT, "PASSED"),
    }


@pytest.mark.parametrize("text", ["{}", "\x1b[31m{}\x1b[0m", "'{}'"])
def test_a_key_is_found_in_any_wrapping(text):
    message = {"content": {"text": text.format(CANARY)}, "metadata": {}}
    assert notebook_canary.shows(message)
    assert not notebook_canary.shows({"content": {"text": CANARY[-4:]}, "metadata": {}})
