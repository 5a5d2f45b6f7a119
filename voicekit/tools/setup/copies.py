"""A learner's own copies of the lessons: running them changes no tracked file.

Standard library only. A copy that nobody touched follows the lesson; one that was changed is never
overwritten. Which lesson a copy was made from is written down beside it, as a hash.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FOLDER = "my-notebooks"
"""In the clone, ignored by git, as deep as `notebooks`, so that links out of it work as well."""
_SOURCE = "notebooks"
_MADE_FROM = ".made-from.json"


def refresh(root: Path) -> list[str]:
    """Bring the copies of the clone at `root` up to date.

    Returns:
        What a person should know: a sentence for the copies made, one for those left alone.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    made_from = _read(folder / _MADE_FROM)
    new, kept = [], []
    for lesson in _lessons(root / _SOURCE):
        name = lesson.relative_to(root / _SOURCE).as_posix()
        copy, original = folder / name, _hash(lesson)
        if copy.exists() and made_from.get(name) == original:
            continue  # it was made from this very lesson, whatever became of it
        if copy.exists() and _hash(copy) not in (original, made_from.get(name)):
            kept.append(name)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            _replace(copy, lesson.read_bytes())
            new.append(name)
        made_from[name] = original  # of a copy that is kept: told once for each new lesson
        _replace(folder / _MADE_FROM, json.dumps(made_from, indent=1).encode())
    told = []
    if new:
        told.append(
            f"{FOLDER}/ has your own copies of the lessons; made anew: {_listed(new)}. For a fresh "
            "copy of one, delete or rename yours and run this again."
        )
    if kept:
        told.append(
            f"The lesson has changed, and so has your copy, which stays as it is: {_listed(kept)}. "
            "For the new one, rename yours and run this again."
        )
    return told


def _lessons(source: Path) -> list[Path]:
    """The lessons and what lies beside them, without what Python and Jupyter leave there."""
    files = (path for path in sorted(source.rglob("*")) if path.is_file())
    left = ("__pycache__", ".ipynb_checkpoints")
    return [path for path in files if not set(left) & set(path.parts)]


def _read(path: Path) -> dict[str, str]:
    """The hashes; none when there are none yet or they cannot be read: then all is left alone."""
    try:
        hashes = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return hashes if isinstance(hashes, dict) else {}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    half = path.with_name(f"{path.name}.part")
    half.write_bytes(data)
    half.replace(path)


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{len(names)} files"
