"""Nothing here on purpose."""
