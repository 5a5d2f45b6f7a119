"""Does voicekit speak, hear and serve where it is installed? `PYTHON -P .ci/trial.py`, anywhere.

It uses what a stranger uses: the three commands, and the official SDK towards the one that serves.
A line for each trial; exit code 1 and the reason after the first that fails.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import wave
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path

import httpx
from elevenlabs import ElevenLabs

import voicekit
from voicekit.standin.engines.tts import WorkerSynthesiser, voice_names
from voicekit.webhook import relay, webhook

RACHEL = "21m00Tcm4TlvDq8ikWAM"
SENTENCES = (
    "What are your opening hours?",
    "Where is my order?",
    "I want to cancel my order.",
    "How much is shipping?",
    "Do you ship to Canada?",
    "Can I return it?",
    "I want my money back.",
    "Can I talk to a human?",
    "How can I pay?",
    "Thank you, goodbye.",
)
SECRET = "trial-of-the-webhook"
FEWEST = 0.9  # of their words
COMMAND = [sys.executable, "-P", "-m", "voicekit"]


def main() -> None:
    """Try everything."""
    package = Path(voicekit.__file__).parent
    tell(f"Python {platform.python_version()}, uid {os.getuid()}, {package}")
    asyncio.run(every_voice_speaks())
    with standin() as address:
        heard_again(address)
        probed(address)
    doctor()


async def every_voice_speaks() -> None:
    """Six voices, six sounds."""
    synthesiser = WorkerSynthesiser()
    sounds = [(await synthesiser.say("Good morning.", name)).pcm for name in voice_names()]
    synthesiser.close()
    expect(len({*sounds, b""}) == 7, f"{len({*sounds})} different sounds of 6 voices")
    tell("6 voices speak")


@contextmanager
def standin() -> Iterator[dict[str, str]]:
    """`voicekit standin`, and what it tells another program to set."""
    command = [*COMMAND, "standin", "--profile", "instant"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        address = {}
        for line in process.stdout:
            if line == "READY\n":
                break
            name, _, value = line.strip().partition("=")
            address[name] = value
        expect("ELEVENLABS_BASE_URL" in address, "standin ended before it was ready")
        expect(Path(address["SSL_CERT_FILE"]).is_file(), "standin names no certificate")
        try:
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
    expect(process.returncode == 0, f"standin ended with {process.returncode}")
    expect(not Path(address["SSL_CERT_FILE"]).exists(), "standin left its certificate behind")
    tell("standin serves, and ends")


def heard_again(address: dict[str, str]) -> None:
    """The official SDK has each sentence spoken and then transcribed."""
    began = time.monotonic()
    with httpx.Client(trust_env=False, timeout=120) as http:
        client = ElevenLabs(
            base_url=address["ELEVENLABS_BASE_URL"],
            api_key=address["ELEVENLABS_API_KEY"],
            httpx_client=http,
        )
        heard = {text: transcribed(client, text) for text in SENTENCES}
    pairs = [(words(text), words(again)) for text, again in heard.items()]
    said = sum(len(one) for one, _ in pairs)
    matches = (SequenceMatcher(None, *pair).get_matching_blocks() for pair in pairs)
    same = sum(match.size for blocks in matches for match in blocks)
    expect(same >= FEWEST * said, f"heard {same} of {said} words: {heard}")
    tell(f"{same} of {said} words heard in {len(pairs)} sentences", began)


def transcribed(client: ElevenLabs, text: str) -> str:
    """What the stand-in's ears make of what its voice said."""
    pcm = b"".join(
        client.text_to_speech.stream(
            RACHEL, text=text, model_id="eleven_flash_v2_5", output_format="pcm_16000"
        )
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 16_000, 0, "NONE", ""))
        wav.writeframes(pcm)
    sound = ("speech.wav", file.getvalue(), "audio/wav")
    answer = client.speech_to_text.convert(file=sound, model_id="scribe_v2", language_code="en")
    return str(getattr(answer, "text", ""))


def probed(address: dict[str, str]) -> None:
    """`voicekit probe` finds nothing wrong with a webhook that relays to the stand-in."""
    model = {"model": "gpt-6-luna", "reasoning_effort": "none"}
    answer = relay(address["OPENAI_BASE_URL"], address["OPENAI_API_KEY"], **model)
    served = voicekit.serve(webhook(answer, secret=SECRET), name="custom-llm")
    report = run("probe", f"{served.url}/v1", "--secret", SECRET, "--json")
    served.stop()
    outcomes = Counter(row["outcome"] for row in report["rows"])
    expect(outcomes["pass"] >= 10, f"probe passed only {outcomes['pass']} checks")
    tell(f"probe of a webhook: {dict(outcomes)}")


def doctor() -> None:
    """`voicekit doctor` finds nothing wrong, and speech understood."""
    began = time.monotonic()
    report = run("doctor", "--json", "--profile", "instant")
    outcomes = {row["check"]: row["outcome"] for row in report["rows"]}
    expect(outcomes.get("speech is understood") == "ok", f"doctor says {report['rows']}")
    tell(f"doctor: {outcomes}", began)


def run(*arguments: str) -> dict:
    """What a command says as JSON; it has to succeed."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, encoding="utf-8")
    expect(bool(done.stdout), f"{arguments[0]} says nothing: {done.stderr}")
    report = json.loads(done.stdout)
    bad = [row for row in report["rows"] if row["outcome"] in {"fail", "wrong"}]
    told = "; ".join(f"{row['check']}: {row.get('says') or row.get('found')}" for row in bad)
    expect(done.returncode == 0, f"{arguments[0]} ended with {done.returncode}: {told}")
    expect(not done.stderr, f"{arguments[0]} complains: {done.stderr}")
    return report


def words(text: str) -> list[str]:
    """A sentence without case and punctuation."""
    return re.findall(r"[a-z0-9']+", text.lower())


def expect(true: bool, otherwise: str) -> None:
    """End with a reason unless something is as it has to be."""
    if not true:
        sys.exit(f"  failed: {otherwise}")


def tell(done: str, began: float | None = None) -> None:
    """A line, with the seconds that it took if that says anything."""
    print(f"  {done}" + (f" ({time.monotonic() - began:.0f} s)" if began else ""), flush=True)


if __name__ == "__main__":
    main()
