"""The tap: every byte between the pipeline and its servers passes here."""
