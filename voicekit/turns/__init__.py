"""Turn-taking: when a caller begins, pauses, ends and interrupts. Frames in, events out.

Pure state machines without a clock of their own: time is the sound that was pushed, so that an
hour of talk is tested in a second and a replayed recording gives the same events.

    detector = TurnDetector(sample_rate=16000, eagerness="eager")
    for frame in microphone:                      # PCM16 mono, any size
        for event in detector.push(frame, agent_talks=speaker.playing):
            match event:
                case SpeechSuspected():           # may be a cough: only listen
                    recogniser.begin(event.pre_roll)
                case AgentHeld():                 # pause the agent until it is clear
                    speaker.pause()
                case SpeechDismissed(resumes=True):
                    speaker.play_from(resume_at(answer.words, speaker.played))
                case SpeechStarted():
                    speaker.stop(), detector.stop_playing()
                case SpeechStopped():             # unfinished words buy the caller time
                    detector.hint(recogniser.partial())
                case TurnEnded():
                    answer = reply_to(recogniser.end())

Tell `detector.play` what goes to the loudspeaker, and the agent's echo is no caller.

`vad` judges frames, `completeness` judges words (`sentence_ends` adds a language model to its
rules), `endpointing` makes turns of both, `barge_in` decides over a talking agent, `speculation`
begins an answer early; `detector` joins them.
"""

from voicekit.turns.barge_in import BargeIn, Interruption, resume_at
from voicekit.turns.completeness import Completeness, completeness, is_backchannel, same_words
from voicekit.turns.detector import TurnDetector
from voicekit.turns.endpointing import (
    EAGERNESS,
    AgentHeld,
    Eagerness,
    Endpointer,
    Event,
    SpeechDismissed,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    Thresholds,
    TurnEnded,
)
from voicekit.turns.sentence_ends import SentenceEnds
from voicekit.turns.speculation import Guess, Speculation
from voicekit.turns.vad import (
    FRAME,
    SAMPLE_RATE,
    Activity,
    Energy,
    Framer,
    Silero,
    Vad,
    default_vad,
)

__all__ = [
    "EAGERNESS",
    "FRAME",
    "SAMPLE_RATE",
    "Activity",
    "AgentHeld",
    "BargeIn",
    "Completeness",
    "Eagerness",
    "Endpointer",
    "Energy",
    "Event",
    "Framer",
    "Guess",
    "Interruption",
    "SentenceEnds",
    "Silero",
    "Speculation",
    "SpeechDismissed",
    "SpeechResumed",
    "SpeechStarted",
    "SpeechStopped",
    "SpeechSuspected",
    "Thresholds",
    "TurnDetector",
    "TurnEnded",
    "Vad",
    "completeness",
    "default_vad",
    "is_backchannel",
    "resume_at",
    "same_words",
]
