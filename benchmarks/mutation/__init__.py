"""Wrong versions of what judges: an oracle that is not tested with mutants cannot be trusted."""
