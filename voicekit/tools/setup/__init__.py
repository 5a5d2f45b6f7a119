"""From a fresh clone to a running command: `.venv` is made, kept and used by these modules."""
