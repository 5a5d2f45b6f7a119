"""What clients configure and the stand-in keeps: agents, documents, tools, secrets."""
