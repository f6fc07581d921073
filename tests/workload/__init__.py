"""Tests of the room workload."""
