"""Ports: free, below the ephemeral range, and nobody else's of ours."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stream_contracts.errors import StackError
from stream_contracts.stack import ports
from stream_contracts.stack.ports import RANGE, reserved


def test_they_are_below_what_the_kernel_hands_out() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="utf-8").split()[0])
    assert RANGE.stop <= 32_768
    if lowest >= 32_768:
        assert RANGE.stop <= lowest


def test_two_reservations_never_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """With only six candidates the second one gets what the first one left, and a third one nothing."""
    monkeypatch.setattr(ports, "RANGE", range(31_990, 31_996))
    monkeypatch.setattr(ports, "TRIES", 6)
    with reserved(3) as first, reserved(3) as second:
        assert {*first, *second} == set(range(31_990, 31_996))
        with pytest.raises(StackError, match="no 1 free ports"), reserved(1):
            pass
    with reserved(6) as again:
        assert len(again) == 6


def test_a_bound_port_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(31_990, 31_992))
    monkeypatch.setattr(ports, "TRIES", 2)
    with socket.create_server(("127.0.0.1", 31_990)), reserved(1) as offered:
        assert offered == (31_991,)


HOLD = """
import sys
from stream_contracts.stack import ports
ports.RANGE, ports.TRIES = range(31_980, 31_982), 2
with ports.reserved(1) as held:
    print(held[0], flush=True)
    sys.stdin.read()
"""


def test_another_process_is_respected_and_its_death_frees_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RANGE", range(31_980, 31_982))
    monkeypatch.setattr(ports, "TRIES", 2)
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    theirs = int(other.stdout.readline())
    with reserved(1) as ours:
        assert ours[0] != theirs
    other.kill()
    other.wait(10)
    with reserved(2) as both:
        assert set(both) == {31_980, 31_981}
