"""What the stand-in says in place of a language model: rules and lines, no model."""
