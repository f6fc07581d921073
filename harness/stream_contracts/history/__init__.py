"""What happened, as data."""
