"""Run the notebooks and store their outputs: `python3 tests/regenerate.py [--check] [NAME …]`.

An output that equals the stored one after sanitising keeps its old bytes, so a second run changes
nothing and a diff shows what really changed. `--check` runs and writes nothing: nbval compares what
the cells print, and this fails where the file has another form than a run would write.
"""

from __future__ import annotations

import copy
import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from notebook_world import FIXED, KEYS

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sanitiser(path: Path = ROOT / "tests" / "sanitize.cfg") -> list[tuple[re.Pattern[str], str]]:
    """nbval's file, read the way nbval reads it: a `regex:` line, then its `replace:` line."""
    lines = path.read_text("utf-8").splitlines()
    patterns = [line.removeprefix("regex: ") for line in lines if line.startswith("regex: ")]
    replacements = [line.removeprefix("replace: ") for line in lines if line.startswith("replace:")]
    return [(re.compile(p), r) for p, r in zip(patterns, replacements, strict=True)]


def sanitised(value: Any, rules: list[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, dict):
        return {key: sanitised(part, rules) for key, part in value.items()}
    if isinstance(value, list):
        return [sanitised(part, rules) for part in value]
    if isinstance(value, str):
        for pattern, replacement in rules:
            value = pattern.sub(replacement, value)
    return value


def run(stored: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook, executed as nbval executes it; cells tagged `nbval-skip` keep what they had."""
    fresh = copy.deepcopy(stored)
    skipped = [cell for cell in fresh.cells if "nbval-skip" in cell.metadata.get("tags", [])]
    for cell in skipped:
        cell.cell_type = "raw"
    client = NotebookClient(
        fresh,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--Application.log_level=40"],  # no start-up advice in the outputs
    )
    with client.setup_kernel():
        for index, cell in enumerate(fresh.cells):
            client.execute_cell(cell, index, store_history=False)
    for cell in skipped:
        cell.cell_type = "code"
    return fresh


def settle(stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Counts in order, fixed metadata, streams joined, and old bytes wherever they still hold."""
    rules = sanitiser()
    count = 0
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        if new.cell_type != "code":
            continue
        count += 1
        new.execution_count = count
        new.outputs = joined(new.outputs)
        for output in new.outputs:
            output.get("data", {}).pop(WIDGET, None)  # a fresh id each time, and no state to show
            if output.output_type == "execute_result":
                output.execution_count = count
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
        if sanitised(plain(new.outputs), rules) == sanitised(plain(old.outputs), rules):
            new.outputs = old.outputs
    lesson = fresh.metadata.get("voicekit", {})
    fresh.metadata = nbformat.from_dict({**METADATA, "voicekit": lesson})
    return fresh


def joined(outputs: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for output in outputs:
        same = kept and output.output_type == "stream" == kept[-1].output_type
        if same and output.name == kept[-1].name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def plain(outputs: list[Any]) -> list[dict[str, Any]]:
    return [
        {key: part for key, part in output.items() if key not in ("execution_count", "metadata")}
        for output in outputs
    ]


def regenerated(path: Path, check: bool) -> tuple[str, str]:
    """The notebook's text as it is, and as it should be."""
    before = path.read_text("utf-8")
    stored = nbformat.reads(before, as_version=4)
    fresh = settle(stored, copy.deepcopy(stored) if check else run(stored))
    return before, nbformat.writes(fresh, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    names = [name for name in arguments if name != "--check"]
    for key in KEYS:
        os.environ.pop(key, None)
    os.environ.update(FIXED)
    paths = [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb"))
    stale = 0
    for path in paths:
        before, after = regenerated(path, check)
        changed = before != after
        stale += changed
        if changed and not check:
            path.write_text(after, "utf-8")
        word = ("stale" if check else "written") if changed else "current"
        print(f"{path.name}: {word}", flush=True)
    if check and stale:
        print("Run `python3 tests/regenerate.py` in the environment and commit what it writes.")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
