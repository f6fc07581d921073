"""May this change ship? Schemas against their former versions."""
