"""What one stand-in remembers. Ids count up and nothing is random, so a reset replays exactly.

Only the control plane's token is random: it has to be a secret.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from voicekit.standin.agents.knowledge import Knowledge
from voicekit.standin.agents.secrets import Vault
from voicekit.standin.agents.signing import Signatures
from voicekit.standin.agents.store import Agents
from voicekit.standin.agents.toolbox import Toolbox
from voicekit.standin.catalog.profiles import Profile
from voicekit.standin.engines import Recogniser, Synthesiser
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.standin.engines.tts import WorkerSynthesiser
from voicekit.standin.http.faults import Faults
from voicekit.standin.http.journal import Journal
from voicekit.standin.http.reach import Reach
from voicekit.standin.openai.responses_store import Responses
from voicekit.standin.records.conversations import Conversations
from voicekit.standin.records.hooks import Workspace
from voicekit.standin.records.post_call import PostCalls

OFFLINE_KEYS = {"elevenlabs": "offline-elevenlabs-key", "openai": "offline-openai-key"}
"""Placeholders that open the stand-in and nothing else."""


def read_day(value: object, name: str) -> date | None:
    """A day as ISO 8601 writes it; None for nothing.

    Raises:
        ValueError: it is no day.
    """
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name} is a day such as '2027-03-01', not {value!r}.") from None


class State:
    """The profile in force, the journal, the faults in wait, and the speech engine.

    Attributes:
        characters: what ElevenLabs would have billed so far, in credits.
        generating: generations of speech under way.
        reach: where requests of its own may go.
        control_token: what opens the control plane.
        tag: what ids have before their number, so that no two states make the same one.
        clock: Unix seconds, for what is shown as a date; a test may put its own in place.
        today: the day by which models are alive or gone; None is the clock's. `VOICEKIT_TODAY`
            sets it from outside.
    """

    agents: Agents
    conversations: Conversations
    knowledge: Knowledge
    post_calls: PostCalls
    responses: Responses
    signatures: Signatures
    tools: Toolbox
    vault: Vault
    workspace: Workspace

    def __init__(
        self,
        profile: Profile,
        voice: Synthesiser | None = None,
        ears: Recogniser | None = None,
        reach: Reach | None = None,
        tag: str = "",
    ) -> None:
        self.profile = profile
        self.initial_profile = profile
        self.voice: Synthesiser = voice or WorkerSynthesiser()
        self.ears: Recogniser = ears or WorkerEars()
        self.reach = reach or Reach()
        self.control_token = secrets.token_urlsafe(32)
        self.tag = tag
        self.journal = Journal()
        self.faults = Faults()
        self.strict_keys = False
        self.strict_overrides = False
        self.today = read_day(os.environ.get("VOICEKIT_TODAY"), "VOICEKIT_TODAY")
        self.characters = 0
        self.generating = 0
        self.clock: Callable[[], float] = time.time
        self._counters: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self._begin()

    def next_id(self, prefix: str) -> str:
        """The next id of a kind: `req_000001`, then `req_000002`."""
        return f"{prefix}_{self.tag}{next(self._counters[prefix]):06d}"

    def beside(self, tag: str) -> State:
        """A state of its own that shares this one's engines and reach, in its first profile."""
        return State(self.initial_profile, self.voice, self.ears, self.reach, tag)

    def reset(self) -> None:
        """Back to how it started: profile, journal, faults, counters, settings."""
        self.profile = self.initial_profile
        self.strict_keys = False
        self.strict_overrides = False
        self.today = read_day(os.environ.get("VOICEKIT_TODAY"), "VOICEKIT_TODAY")
        self.characters = 0
        self.journal.clear()
        self.faults.clear()
        self.clock = time.time
        self.post_calls.close()
        self._counters.clear()
        self._begin()

    def _begin(self) -> None:
        """What clients make, as it is before they made anything."""
        self.agents = Agents(self.next_id, self.wall)
        self.knowledge = Knowledge(self.next_id, self.wall)
        self.responses = Responses()
        self.signatures = Signatures(self.next_id, self.wall)
        self.tools = Toolbox(self.next_id, self.wall)
        self.vault = Vault(self.next_id, self.wall)
        self.workspace = Workspace(self.next_id, self.wall)
        self.post_calls = PostCalls(self.agents, self.workspace, self.wall, self.reach)
        self.conversations = Conversations(self.next_id, self.wall, self.post_calls.report)

    def wall(self) -> float:
        """What `clock` says now."""
        return self.clock()

    def day(self) -> date:
        """The day in UTC by which models are alive or gone."""
        return self.today or datetime.fromtimestamp(self.wall(), UTC).date()

    @contextmanager
    def generation(self) -> Iterator[None]:
        """Count one generation of speech as under way."""
        self.generating += 1
        try:
            yield
        finally:
            self.generating -= 1

    def release(self) -> None:
        """Let go of every connection that a fault holds."""
        self.faults.clear()

    def leave(self) -> None:
        """Send no more webhooks, and let go of every connection that a fault holds."""
        self.post_calls.close()
        self.release()

    def close(self) -> None:
        """Leave, and end the engines' processes."""
        self.leave()
        self.voice.close()
        self.ears.close()

    @staticmethod
    def now() -> float:
        """The clock that every pacing deadline is measured on, in seconds."""
        return asyncio.get_running_loop().time()
