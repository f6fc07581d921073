"""What the documents claim about speed, measured: run with ``make bench``, or ``python -m benchmarks NAME…``."""
