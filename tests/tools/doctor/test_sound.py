import math

import numpy as np
import pytest

from voicekit import Clip
from voicekit.tools.doctor.sound import Levels, beep, echo_over_room, is_echo

RATE = 16_000


def noise(seconds: float, level: float) -> bytes:
    random = np.random.default_rng(1)
    samples = 32768 * 10 ** (level / 20) * random.standard_normal(round(seconds * RATE))
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


SPEECH = noise(1, -60) + noise(1, -25) + noise(0.5, -60)


def test_levels_tell_the_room_from_the_speech_in_it():
    levels = Levels.of(SPEECH)
    assert levels.room == pytest.approx(-60, abs=1)
    assert levels.peak == pytest.approx(-25, abs=1)
    assert levels.judgement == "ok"


@pytest.mark.parametrize(
    ("pcm", "code"),
    [
        (bytes(32_000), "dead"),
        (b"", "dead"),
        (noise(2, -60), "nobody"),
        (noise(1, -75) + noise(1, -55), "quiet"),
        (noise(1, -60) + noise(1, 3), "loud"),
    ],
)
def test_each_trouble_has_its_name(pcm, code):
    assert Levels.of(pcm).judgement == code


def test_an_echo_is_what_is_louder_than_the_room():
    room = noise(1, -60)
    assert not is_echo(echo_over_room(room, noise(2, -58)))
    assert is_echo(echo_over_room(room, noise(1, -60) + noise(1, -30)))
    assert echo_over_room(room, bytes(32_000)) == 0.0
    # A muted room is not quieter than -85 dB, or a whisper would count as an echo.
    assert echo_over_room(bytes(32_000), noise(1, -80)) < 10


def test_a_beep_is_as_long_and_as_loud_as_asked_and_clicks_nowhere():
    clip = Clip(beep(0.5, 44_100), 44_100)
    assert clip.seconds == 0.5
    assert clip.level == pytest.approx(-20 - 3, abs=0.5)
    assert abs(clip.samples[0]) < 10 > abs(clip.samples[-1])
    assert not math.isinf(Clip(beep(0.01, RATE), RATE).level)
