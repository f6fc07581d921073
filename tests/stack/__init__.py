"""The stack: real brokers, real processes, real downloads from a mirror on this machine."""
