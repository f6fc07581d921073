"""The shelf of anomalies: one .sql file each, and the table of them."""
