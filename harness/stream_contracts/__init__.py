"""Contract tests for stream pipelines: may this schema ship, and does delivery hold when things break?"""

__version__ = "0.1.0"
