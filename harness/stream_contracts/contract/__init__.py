"""The promise as files."""
