"""What we send: values, events, and the plan of a trial."""
