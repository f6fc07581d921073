"""The schema engine: formats, compatibility, decoder verdicts."""
