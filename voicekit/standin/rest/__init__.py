"""ElevenLabs' agents over REST, one file for each resource."""
