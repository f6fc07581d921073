"""The tables of a history, as rows: what was sent, what the log holds, who asked what, what broke, who lived."""
