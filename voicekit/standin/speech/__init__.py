"""ElevenLabs' speech: text to sound over HTTP and two sockets, and sound to text."""
