"""Nothing here on purpose: each room of tests is run by itself or from the top."""
