"""OpenAI's side: chat completions and their rules."""
