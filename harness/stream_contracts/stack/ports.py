"""Ports that nobody else gets: below the ephemeral range, marked for as long as they are ours."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from stream_contracts.errors import StackError

RANGE = range(20_000, 32_000)
"""Linux hands out 32768 and above to outgoing connections; a port from there can be taken before it is bound."""

TRIES = 500


@contextmanager
def reserved(count: int, *, host: str = "127.0.0.1") -> Iterator[tuple[int, ...]]:
    """Reserve that many free TCP ports on ``host`` for the block.

    Other runs of ours, of any user, respect the reservation; of anybody else's programs we know only that none had the
    port bound at this moment, so whoever starts a server must still expect it to be taken. StackError where too few
    are free.
    """
    # Not from the run's seed: two runs with one seed must not fight for the same ports.
    candidates = random.SystemRandom().sample(RANGE, TRIES)
    with ExitStack() as held:
        ports: list[int] = []
        for port in candidates:
            if len(ports) == count:
                break
            if _marked(port, held) and _free(host, port):
                ports.append(port)
        if len(ports) < count:
            raise StackError(f"no {count} free ports on {host} among {TRIES} tried in {RANGE.start}-{RANGE.stop - 1}")
        yield tuple(ports)


def _marked(port: int, held: ExitStack) -> bool:
    """Take the port among the abstract Unix sockets: atomic as a lock file, gone with its holder, and no file."""
    marker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        marker.bind(f"\0stream-contracts-port-{port}")
    except OSError:
        marker.close()
        return False
    held.callback(marker.close)
    return True


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
