"""The shelf of pipeline kinds: one file each, and the table of them."""
