"""What the vendors offer: voices, models, and how fast the simulated ones are."""
