"""How an agent answers: a language model, its tools, and the voice that speaks as it writes."""
