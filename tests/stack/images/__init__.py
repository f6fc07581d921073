"""Container images that stand in for the official ones, and an engine to run them, where no image registry is at hand."""
