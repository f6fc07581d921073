"""What the plugin does once it was asked for: items and fixtures."""
