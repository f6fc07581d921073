"""How much the registry serves: GET by id, and register plus check, driven by a second process over loopback.

    python -m benchmarks.registry_load [--seconds 5] [--connections 32] [--data FILE.sqlite]

Prints how long start and stop take, then one line per figure: requests per second, median and 99th percentile in
milliseconds. Both processes share the machine's cores, so the load generator takes its part of them. Bounded by
``--seconds`` per figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
import uvloop

from benchmarks.figures import figure
from stream_contracts.registry.server import Settings, running_registry

TARGETS = {"get-by-id": 5000, "register+check": 300}
"""Requests per second, on two cores of their own; one register and its check are one."""
_TIMEOUT_S = 30.0


@dataclass
class Tally:
    """What one figure collected."""

    latencies_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def request(method: str, path: str, body: dict[str, object] | None = None) -> bytes:
    """A request as bytes, for a connection that is kept."""
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: registry\r\nContent-Length: {len(payload)}\r\n"
    return head.encode() + b"Content-Type: application/vnd.schemaregistry.v1+json\r\n\r\n" + payload


def schema(name: str, fields: int) -> str:
    """A record whose versions are compatible: every field has a default."""
    listed = [{"name": f"f{index}", "type": "long", "default": 0} for index in range(fields)]
    return json.dumps({"type": "record", "name": name, "fields": listed})


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> tuple[int, bytes]:
    """Send a request and read its answer: status and body."""
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    start = head.lower().index(b"content-length:") + 15
    length = int(head[start : head.index(b"\r\n", start)])
    return int(head[9:12]), await reader.readexactly(length)


def reads() -> Iterator[list[bytes]]:
    """GET of ids 1 to 100, one request at a time."""
    yield from cycle([request("GET", f"/schemas/ids/{number}")] for number in range(1, 101))


def writes(client: int) -> Iterator[list[bytes]]:
    """A new version of one of the client's subjects: checked against the latest, then registered."""
    for turn in count():
        subject, version = f"load-{client}-{turn // 10}-value", turn % 10 + 1
        body: dict[str, object] = {"schema": schema("Load", version)}
        check = request("POST", f"/compatibility/subjects/{subject}/versions/latest", body)
        yield [check, request("POST", f"/subjects/{subject}/versions", body)]


async def client(host: str, port: int, work: Iterator[list[bytes]], until: float, tally: Tally) -> None:
    """One connection that asks and waits until the time is over."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for batch in work:
            begin = time.perf_counter()
            if begin >= until:
                return
            for sent in batch:
                status, body = await exchange(reader, writer, sent)
                if status != 200:
                    tally.failures.append(f"{status} {body[:200]!r}")
            tally.latencies_s.append(time.perf_counter() - begin)
    finally:
        writer.close()


async def measured(name: str, url: str, connections: int, seconds: float) -> dict[str, object]:
    """Drive one figure and sum it up."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 0
    if name == "get-by-id":
        reader, writer = await asyncio.open_connection(host, port)
        for number in range(100):
            await exchange(
                reader, writer, request("POST", f"/subjects/s{number}/versions", {"schema": schema("S", number)})
            )
        writer.close()
    tally, begin = Tally(), time.perf_counter()
    work = [reads() if name == "get-by-id" else writes(number) for number in range(connections)]
    async with asyncio.timeout(seconds + _TIMEOUT_S), asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(client(host, port, each, begin + seconds, tally))
    elapsed, taken = time.perf_counter() - begin, sorted(tally.latencies_s)
    return {
        "figure": name,
        "per_second": round(len(taken) / elapsed),
        "target": TARGETS[name],
        "median_ms": round(taken[len(taken) // 2] * 1000, 2),
        "p99_ms": round(taken[int(len(taken) * 0.99)] * 1000, 2),
        "requests": len(taken),
        "failures": len(tally.failures),
        "first_failure": tally.failures[0] if tally.failures else "",
    }


def drive(name: str, url: str, options: argparse.Namespace) -> dict[str, object]:
    """Run the load generator in a process of its own; add what it cost this process, which serves."""
    command = [sys.executable, "-m", "benchmarks.registry_load", "--drive", url, "--figure", name]
    command += ["--seconds", str(options.seconds), "--connections", str(options.connections)]
    before = time.process_time()
    bound_s = options.seconds + 2 * _TIMEOUT_S
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=bound_s, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    found["cpu_us"] = round((time.process_time() - before) / int(str(found["requests"])) * 1e6)
    return found


@contextmanager
def constant() -> Iterator[str]:
    """A server of the kind that the registry is, that answers everything with the same."""

    async def answer(_scope: object, _receive: object, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        body = b'{"schema":"\\"string\\""}'
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(answer, lifespan="off", loop="uvloop", log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_TIMEOUT_S)


def starts() -> list[str]:
    """Milliseconds from nothing to a closed registry, five times; the modules are imported already."""
    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        with running_registry():
            pass
        taken.append(f"{(time.perf_counter() - begin) * 1000:.1f}")
    return taken


def main(arguments: Sequence[str] = ()) -> int:
    """Start the registry here and the generator beside it; 1 where a request failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--drive", metavar="URL", help="only generate load against a registry that runs already")
    parser.add_argument("--figure", choices=TARGETS, help="with --drive: which load")
    options = parser.parse_args(list(arguments))
    if options.drive:
        work = measured(options.figure, options.drive, options.connections, options.seconds)
        print(json.dumps(uvloop.run(work)))
        return 0
    print(f"start: {', '.join(starts())} ms, stop included")
    with constant() as url:
        plain = drive("get-by-id", url, options)
    with running_registry(Settings(data=options.data)) as running:
        figures = [drive(name, running.url, options) for name in TARGETS]
    for each in figures:
        print(
            f"{each['figure']}: median {each['median_ms']} ms, p99 {each['p99_ms']} ms, {each['cpu_us']} µs of the server's "
            f"CPU each, {each['requests']} done, {each['failures']} failed {each['first_failure']}"
        )
        rate, yardstick = float(str(each["per_second"])), float(str(plain["per_second"]))
        what = f"registry, {each['figure']}"
        figure(
            what,
            rate,
            "per second",
            ("uvicorn with a constant answer", yardstick),
            TARGETS[str(each["figure"])],
            at_least=True,
        )
    return 1 if any(each["failures"] for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
