"""Moonshine's recogniser in a process of its own: a program, not a module to import.

It reads requests from standard input, one JSON object a line with an `op`, and answers each with
one line of JSON (`worker.py`). It ends with its input.

- `load`: `folder`, where the three files of `FILES` are → nothing; must come before `hear`.
- `hear`: `pcm`, PCM16 at 16 kHz in base64 → `text` in written form, `confidence` from 0 to 1.

The model is Moonshine tiny-en by Moonshine AI (https://github.com/moonshine-ai/moonshine, MIT):
open vocabulary, English, up to half a minute at a time. It reads samples, not features, and what
it says of silence is made up: voice activity has to stand before it.
"""

from __future__ import annotations

import base64
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

FILES = ENCODER, DECODER, TOKENS = (
    "encoder_model.ort",
    "decoder_model_merged.ort",
    "tokenizer.bin",
)
RATE = 16_000
SHORTEST = 0.2  # seconds; of less there is no frame to read
LONGEST = 30.0  # seconds; of more the end is heard
FASTEST = 6.5  # tokens a second at most; past that the decoder goes round in circles
BEGIN, END = 1, 2  # tokens
MISSING = 'A person\'s voice needs onnxruntime: pip install "voicekit[people]".'


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


class Moonshine:
    """An encoder that reads the whole utterance, and a decoder that writes it token by token."""

    def __init__(self, folder: Path) -> None:
        try:
            import numpy
            import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError as error:
            raise Refused(f"{MISSING} ({error})") from error
        self._np = numpy
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # several calls share the cores
        options.log_severity_level = 4
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(
                str(folder / name), options, providers=["CPUExecutionProvider"]
            )
            for name in (ENCODER, DECODER)
        )
        self._tokens = tokens((folder / TOKENS).read_bytes())
        self._past = [
            each for each in self._decoder.get_inputs() if each.name.startswith("past_key_values")
        ]

    def hear(self, pcm: bytes) -> tuple[str, float]:
        """Say what `pcm` says and how likely that is, by the mean over its tokens.

        Nothing when it is too short to say anything.
        """
        np = self._np
        samples = np.frombuffer(pcm, "<i2")[-round(LONGEST * RATE) :]
        if samples.size < SHORTEST * RATE:
            return "", 0.0
        sound = samples.astype(np.float32)[None] / 32768
        whole = np.ones(sound.shape, np.int64)  # of samples; the decoder thins it out by itself
        (states,) = self._encoder.run(None, {"input_values": sound, "attention_mask": whole})
        feed: dict[str, Any] = {
            "encoder_hidden_states": states,
            "encoder_attention_mask": whole,
            "use_cache_branch": np.array([False]),
        }
        for past in self._past:
            _, heads, _, width = past.shape
            feed[past.name] = np.zeros((1, heads, 0, width), np.float32)
        written, token, chances = [], BEGIN, 0.0
        for _ in range(round(samples.size / RATE * FASTEST) + 2):
            feed["input_ids"] = np.array([[token]], np.int64)
            logits, *present = self._decoder.run(None, feed)
            scores = logits[0, -1] - logits[0, -1].max()
            token = int(scores.argmax())
            chances -= float(np.log(np.exp(scores).sum()))
            if token == END:
                break
            written.append(token)
            for past, state in zip(self._past, present, strict=True):
                # What it says of the encoder's side comes with the first step alone.
                if "decoder" in past.name or not feed["use_cache_branch"][0]:
                    feed[past.name] = state
            feed["use_cache_branch"] = np.array([True])
        text = b"".join(self._tokens[token] for token in written).decode("utf-8", "replace")
        likely = math.exp(chances / (len(written) + 1))
        return " ".join(text.replace("\u2581", " ").split()), round(likely, 3)


def tokens(data: bytes) -> list[bytes]:
    """The vocabulary: each entry's length, in one byte or from 128 on in two, and its bytes."""
    entries, at = [], 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            length, at = length - 128 + 128 * data[at], at + 1
        entries.append(data[at : at + length])
        at += length
    return entries


def main() -> None:
    """Serve requests until the input ends."""
    # The library prints on descriptor 1: keep that for us and point it at standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    engine: Moonshine | None = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if request["op"] == "load":
                engine = Moonshine(Path(request["folder"]))
            elif engine is None:
                raise Refused("Load the model first.")
            else:
                text, confidence = engine.hear(base64.b64decode(request["pcm"]))
                answer = {"text": text, "confidence": confidence}
        except Exception as error:  # onnxruntime's own have no common base that says what is wrong
            answer = {"error": str(error)}
        answers.write(json.dumps({"bytes": 0, **answer}).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
