"""The environment in which notebooks are run, by nbval and by the regenerator alike."""

TUNNEL = "NGROK_AUTHTOKEN"
KEYS = (
    "ELEVENLABS_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ELEVENLABS_BASE_URL",
    TUNNEL,
)
"""Variables that would lead a lesson away from the stand-in, or to a public address."""

FIXED = {
    "VOICEKIT_OFFLINE": "1",
    "VOICEKIT_STORED_SECONDS": "0.5",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

CANARY = "canary0123456789canary"
"""Stands where a key would be while notebooks are tested."""
