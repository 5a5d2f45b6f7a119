"""All six voices say the same bytes from any folder. The shortest ones must be made below /tmp."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import espeakng_loader
import pytest
from strangers import data_in, engine_in, folder_of, spoken

from voicekit.standin.engines import espeak


def all_of(*cases: Any) -> list[Any]:
    """Cases that a newcomer's copy need not wait for."""
    return [pytest.param(case, marks=pytest.mark.extended) for case in cases]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name, whatever TMPDIR and pytest make of theirs."""
    folder = Path(tempfile.mkdtemp(prefix="", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    voices = spoken(Path(espeak.__file__))
    assert len(set(voices.values())) == len(voices) == 6
    return voices


@pytest.mark.parametrize("length", [40, 130, *all_of(21, 59, 83, 160, 240, 1000)])
def test_every_voice_speaks_at_any_length_of_path(
    length: int, short: Path, here: dict[str, str]
) -> None:
    assert spoken(engine_in(folder_of(length, short))) == here


def test_every_voice_speaks_in_a_folder_of_ten_bytes(here: dict[str, str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="", dir="/tmp"))
    ten = folder.with_name(folder.name[:5])
    folder.rename(ten)
    try:
        assert len(str(ten)) == 10
        assert spoken(engine_in(ten)) == here
    finally:
        shutil.rmtree(ten)


@pytest.mark.parametrize(
    "name",
    ["Some Projects/späte Kopie", "c++",
     *all_of("a+b/c+" + "d" * 70, "100%", "%s%n%d", "Größe+ 5%", "日本語", "UPPER/Case",
             "quote's \"and\" more", "back\\slash", "new\nline", "-rf", "~", "$HOME")],
)  # fmt: skip
def test_every_voice_speaks_whatever_letters_the_path_has(
    name: str, short: Path, here: dict[str, str]
) -> None:
    assert spoken(engine_in(short / name)) == here


@pytest.mark.parametrize("length", [161, *all_of(100, 139, 141, 150, 159, 160, 300)])
def test_every_voice_speaks_wherever_its_data_is_installed(
    length: int, short: Path, here: dict[str, str]
) -> None:
    data_in(folder_of(length - len("/espeak-ng-data"), short), short / "m")
    assert spoken(Path(espeak.__file__), PYTHONPATH=str(short / "m")) == here


@pytest.mark.parametrize("length", [60, *all_of(104, 250)])
def test_every_voice_speaks_with_a_long_folder_for_temporary_files(
    length: int, short: Path, here: dict[str, str]
) -> None:
    temporary = folder_of(length, short)
    program = engine_in(folder_of(130, short))
    assert spoken(program, TMPDIR=str(temporary)) == here
    data_in(short / ("ä+ %" * 50), short / "m")
    modules = str(short / "m")
    assert spoken(program, TMPDIR=str(temporary), PYTHONPATH=modules) == here
    assert list(temporary.iterdir()) == [], "the links to the data are left behind"


def test_where_data_are_far_and_nothing_can_be_written_the_reason_is_said(short: Path) -> None:
    program = engine_in(short / "clone")
    data_in(short / "d" / ("x" * 200), short / "m")
    (short / "m" / "tempfile.py").write_text(
        "def TemporaryDirectory(**kinds): raise FileNotFoundError(2, 'No usable directory')\n"
    )
    said = set(spoken(program, PYTHONPATH=str(short / "m")).values())
    assert len(said) == 1
    assert "Set TMPDIR to a folder that can be written" in said.pop()


def test_a_library_and_data_that_are_named_from_here_are_found(
    here: dict[str, str], short: Path
) -> None:
    data_in(short, short / "m")
    (short / "m" / "espeakng_loader.py").write_text("raise ImportError")
    library = Path(espeakng_loader.get_library_path()).relative_to("/")
    environment = {espeak.LIBRARY_VARIABLE: str(library), "ESPEAK_DATA_PATH": str(short)[1:]}
    assert spoken(Path(espeak.__file__), PYTHONPATH=str(short / "m"), **environment) == here
