from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from waiting import HANG

from voicekit.widgets.link import WORDS, assemble

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="needs node")


@pytest.mark.extended
@needs_node
def test_the_arithmetic_of_the_widgets_in_node(root: Path) -> None:
    files = sorted(Path(__file__).parent.glob("*.test.mjs"))
    done = subprocess.run(
        ["node", "--test", *map(str, files)], cwd=root, capture_output=True, text=True, timeout=HANG
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"^\S+ pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 18


@pytest.mark.extended
@needs_node
@pytest.mark.parametrize("name", ["microphone", "speaker"])
def test_the_joined_module_is_one_that_needs_no_other(name: str, tmp_path: Path) -> None:
    source = assemble(name)
    assert "import " not in re.sub(r"//.*", "", source)
    assert "http" not in source  # nothing from a CDN
    module = tmp_path / "joined.mjs"
    module.write_text(source, "utf-8")
    program = f"import({str(module.as_uri())!r}).then((m) => console.log(Object.keys(m.default)))"
    done = subprocess.run(
        ["node", "-e", program], capture_output=True, text=True, timeout=HANG, check=True
    )
    assert done.stdout.strip() == "[ 'initialize', 'render' ]"


def test_every_state_and_error_that_the_browser_reports_has_words() -> None:
    source = assemble("microphone") + assemble("speaker")
    calls = re.findall(r"(?:stop|release\?\.|report|close)\(([^;]*?)\)", source)
    codes = {code for call in calls for code in re.findall(r'"([a-z-]+)"', call)}
    table = re.search(r"const CODES = \{(.*?)\};", source, re.DOTALL)
    assert table is not None
    codes |= set(re.findall(r'"([a-z-]+)"', table[1]))
    assert {"denied", "insecure", "kernel-gone", "unseen", "blocked"} <= codes
    assert {code for code in codes if code not in WORDS and f"state-{code}" not in WORDS} == set()
