"""Mistakes in an agent's configuration that the hosted platform accepts without a word.

Source of the first two: https://github.com/elevenlabs/elevenlabs-python/issues/597.
"""

from __future__ import annotations

from typing import Any


def warnings(config: dict[str, Any]) -> list[str]:
    """What is accepted and has no effect in a whole `conversation_config`; empty when all has."""
    agent = config["agent"]
    prompt = agent["prompt"]
    found = []
    for place, section in (("conversation_config", config), ("agent", agent)):
        if "custom_llm" in section:
            found.append(
                f"custom_llm in {place} is ignored: move it to conversation_config.agent.prompt."
            )
    if prompt["custom_llm"] and prompt["llm"] != "custom-llm":
        found.append(
            f"agent.prompt.custom_llm is ignored while agent.prompt.llm is {prompt['llm']!r}: "
            "set agent.prompt.llm to 'custom-llm'."
        )
    if prompt["llm"] == "custom-llm" and not prompt["custom_llm"]:
        found.append("agent.prompt.llm is 'custom-llm', and agent.prompt.custom_llm has no url.")
    lost = [name for name in ("first_message", "prompt", "voice_id", "language") if name in config]
    return found + [f"{name} in conversation_config is ignored: nest it deeper." for name in lost]
