"""The shelf of reports: one file each, and the table of them."""
