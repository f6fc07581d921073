"""A relay between nodes: it passes everything on, and holds what two of them say to each other while they are parted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from stream_contracts.stack.ports import reserved
from stream_contracts.stack.relay import Relays, holders
from tests.waiting import until

DIALLER = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as line:
    for word in sys.stdin:
        line.sendall(word.encode())
        print(line.makefile().readline(), end="", flush=True)
"""


class Node:
    """A node's listener: it answers every line with that line."""

    def __init__(self, port: int) -> None:
        self.heard: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line, line.makefile() as words:
            for word in words:
                self.heard.append(word.strip())
                line.sendall(word.encode())


class Cluster:
    """``broker-1`` is this process, with a listener behind a relay; ``broker-2`` is a process that dials it."""

    def __init__(self, leaving: ExitStack) -> None:
        told, here = leaving.enter_context(reserved(2))
        self.pids: dict[str, int] = {"broker-1": os.getpid()}
        self.node, self.relays, self.told = Node(here), Relays(lambda: self.pids), told
        leaving.callback(self.node.close)
        leaving.callback(self.relays.close)
        self.relays.open("broker-1", "127.0.0.1", told, here)
        self._leaving = leaving

    def peer(self) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            [sys.executable, "-c", DIALLER, str(self.told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._leaving.callback(made.wait, 10)
        self._leaving.callback(made.kill)
        return made


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with ExitStack() as leaving:
        yield Cluster(leaving)


def say(peer: subprocess.Popen[str], word: str) -> None:
    assert peer.stdin is not None
    peer.stdin.write(f"{word}\n")
    peer.stdin.flush()


def hear(peer: subprocess.Popen[str]) -> str:
    assert peer.stdout is not None
    return peer.stdout.readline().strip()


@pytest.mark.parametrize("parted", ["broker-1", "broker-2"], ids=["who-is-dialled", "who-dials"])
def test_what_peers_say_is_held_while_one_is_parted_and_goes_on_after(cluster: Cluster, parted: str) -> None:
    peer = cluster.peer()
    cluster.pids["broker-2"] = peer.pid
    say(peer, "before")
    assert hear(peer) == "before"
    cluster.relays.part(parted)
    say(peer, "meanwhile")
    late = cluster.peer()
    cluster.pids["broker-2"] = late.pid
    say(late, "late")
    assert not until(lambda: len(cluster.node.heard) > 1, 0.3)
    cluster.relays.join(parted)
    assert hear(peer) == "meanwhile"
    assert hear(late) == "late"
    assert sorted(cluster.node.heard) == ["before", "late", "meanwhile"]


def test_a_client_and_the_node_itself_are_not_parted_from_it(cluster: Cluster) -> None:
    cluster.relays.part("broker-1")
    with socket.create_connection(("127.0.0.1", cluster.told), 5) as itself, itself.makefile() as words:
        itself.sendall(b"to myself\n")
        assert words.readline() == "to myself\n"
    client = cluster.peer()
    say(client, "from outside")
    assert hear(client) == "from outside"


def test_a_large_answer_comes_whole_through_a_slow_reader(cluster: Cluster) -> None:
    with socket.create_connection(("127.0.0.1", cluster.told), 5) as line, line.makefile() as words:
        sender = threading.Thread(target=line.sendall, args=(b"x" * 20_000_000 + b"\n",))
        sender.start()
        assert len(words.readline()) == 20_000_001
        sender.join(10)


def test_where_nobody_listens_the_dialler_is_hung_up_on(cluster: Cluster) -> None:
    cluster.node.close()
    with socket.create_connection(("127.0.0.1", cluster.told), 5) as line:
        line.settimeout(5)
        assert line.recv(1) == b""


def test_a_taken_port_is_an_error_and_closing_frees_all(cluster: Cluster) -> None:
    with pytest.raises(OSError, match="in use"):
        cluster.relays.open("broker-1", "127.0.0.1", cluster.told, 1)
    cluster.relays.close()
    cluster.relays.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("relays")]
    with socket.create_server(("127.0.0.1", cluster.told)):
        pass


def test_a_socket_is_found_with_its_process_whatever_its_family() -> None:
    families = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        for family, host in families:
            with socket.socket(family) as line:
                line.connect((host, server.getsockname()[1]))
                assert list(holders(line.getsockname()[1], {os.getpid(): "me", 1: "init"})) == [os.getpid()]
    assert list(holders(1, {os.getpid(): "me"})) == []
