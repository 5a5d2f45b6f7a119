"""What remains of a conversation: transcript, recording, and the call that reports it."""
