"""Many clients at once: no id is given twice, and one content has one id."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from urllib.parse import urlsplit

from stream_contracts.registry import requests as ask
from stream_contracts.registry.server import Running
from tests.registry.schemas import ONE, record


def test_ten_thousand_concurrent_registrations_give_no_id_twice(running: Running) -> None:
    """64 connections, each with its own share; every content is new, so every id has to be."""
    ids: list[int] = []

    async def share(first: int) -> None:
        parts = urlsplit(running.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number in range(first, 10_000, 64):
            body = json.dumps({"schema": record("x", name=f"R{number}")}).encode()
            head = f"POST /subjects/s{number % 500}-{number}/versions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            ids.append(json.loads(await reader.readexactly(length))["id"])
        writer.close()

    async def all_shares() -> None:
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for first in range(64):
                group.create_task(share(first))

    asyncio.run(all_shares())
    assert Counter(ids) == Counter(range(1, 10_001))


def test_the_same_content_from_many_at_once_has_one_id(running: Running) -> None:
    answers = []

    def register(number: int) -> None:
        answers.append(running.service.call(ask.Register(f"s{number % 3}", ask.Draft(ONE))).body["id"])

    threads = [threading.Thread(target=register, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [1] * 50
