"""One live conversation on its socket: messages in and out, hearing, turns, timers."""
