"""The shelf of faults: one file each, and the table of them."""
