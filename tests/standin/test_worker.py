"""Programs that die, hang or are stopped: killed, started again, and ended at once on request."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from voicekit.errors import EngineError
from voicekit.standin.engines import worker
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.standin.engines.tts import WorkerSynthesiser
from voicekit.standin.engines.worker import Attendant, DiedError

HOUR = 3600.0
GUARD = 60.0  # seconds; only a test that hangs takes as long
ANSWERING = """
import json, os, pathlib, signal, sys, time
before = pathlib.Path(sys.argv[1])
for line in sys.stdin:
    request = json.loads(line)
    if request.get("trouble") and not before.exists():
        before.touch()
        {trouble}
    print(json.dumps({{"bytes": 0, "pid": os.getpid(), **request}}), flush=True)
"""
TROUBLES = {
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "is stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "sleeps for ever": "time.sleep(3600)",
    "says nonsense": "print('nonsense', flush=True)",
    "says half of it": "print('{\"bytes\": 9}', flush=True); sys.exit()",
}


def attendant(tmp_path: Path, trouble: str, **options: Any) -> Attendant:
    program = ANSWERING.format(trouble=trouble)
    command = [sys.executable, "-c", program, str(tmp_path / "before")]
    return Attendant(command, closed="It is closed.", patience=HOUR, **options)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_program_in_trouble_is_started_again_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(worker, "STALL", 1.0)
    engine = attendant(tmp_path, TROUBLES[trouble])
    first = engine.ask({"n": 1}).result(GUARD)[0]
    second = engine.ask({"n": 2, "trouble": True}).result(GUARD)[0]
    assert (first["n"], second["n"]) == (1, 2)
    assert first["pid"] != second["pid"] == engine.pid
    engine.close()


def test_a_program_that_works_for_long_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STALL", 1.0)
    busy = "begun = time.process_time()\n        while time.process_time() - begun < 1.5: pass"
    engine = attendant(tmp_path, busy)
    first = engine.ask({"n": 1}).result(GUARD)[0]
    assert engine.ask({"trouble": True}).result(GUARD)[0]["pid"] == first["pid"]
    engine.close()


def test_a_request_that_kills_every_run_says_how_it_ended(tmp_path: Path) -> None:
    engine = attendant(tmp_path, "before.unlink(); sys.exit('it hurts')")
    with pytest.raises(DiedError, match="it hurts"):
        engine.ask({"trouble": True}).result(GUARD)
    assert engine.ask({"n": 3}).result(GUARD)[0]["n"] == 3  # another one fares better
    engine.close()


@pytest.mark.parametrize("trouble", ["is stopped", "sleeps for ever"])
def test_closing_waits_for_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(worker, "_LOOK", HOUR)  # nobody else kills it
    monkeypatch.setattr(worker, "STALL", HOUR)
    engine = attendant(tmp_path, TROUBLES[trouble])
    engine.ask({}).result(GUARD)
    answers = [engine.ask({"trouble": True}), engine.ask({"n": 2})]
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    for answer in answers:
        with pytest.raises(EngineError, match="closed"):
            answer.result(GUARD)
    closing.join(GUARD)
    assert not closing.is_alive()
    assert engine.pid is None
    with pytest.raises(EngineError, match="closed"):
        engine.ask({})


def test_closing_ends_a_program_that_is_still_getting_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STALL", HOUR)
    engine = attendant(
        tmp_path, TROUBLES["sleeps for ever"], first=lambda: {"trouble": True, "first": True}
    )
    answer = engine.ask({})
    while not (tmp_path / "before").exists():
        pass
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        answer.result(GUARD)


@pytest.mark.parametrize("make", [WorkerSynthesiser, WorkerEars])
def test_an_engine_whose_program_hangs_closes_all_the_same(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setattr(worker, "STALL", HOUR)
    monkeypatch.setattr(worker, "PATIENCE", HOUR)
    engine = make([sys.executable, "-c", "import time; time.sleep(3600)"])

    async def scene() -> None:
        ask = engine.say("Hello.", "alto") if make is WorkerSynthesiser else engine.open()
        asked = asyncio.ensure_future(ask)
        await asyncio.sleep(0.1)
        await asyncio.wait_for(asyncio.to_thread(engine.close), GUARD)
        with pytest.raises(EngineError, match="closed"):
            await asyncio.wait_for(asked, GUARD)

    asyncio.run(scene())
