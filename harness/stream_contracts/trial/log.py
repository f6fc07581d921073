"""What a topic-partition really holds: every data record up to the high watermark, with the fate of its transaction.

Fates come from the log itself: the control records that end transactions (KIP-98, "Data flow", 5.2a and 5.3).
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import cramjam
from kio.schema.fetch.v12.request import FetchPartition, FetchRequest, FetchTopic
from kio.schema.types import BrokerId, TopicName
from kio.serial.readers import read_signed_varint, read_signed_varlong
from kio.static.primitive import i8, i32, i32Timedelta, i64

from stream_contracts.errors import HarnessError
from stream_contracts.trial.cluster import Cluster, Partition

_HEAD = struct.Struct(">qiibIhiqqqhii")
"""A record batch up to its records (message format v2): 61 bytes."""
_LENGTH_ENDS = 12
_COMPRESSION, _TRANSACTIONAL, _CONTROL = 0b111, 1 << 4, 1 << 5
_ABORT_MARKER, _COMMIT_MARKER = 0, 1
_CHUNK_BYTES = 16 * 1024 * 1024

_DECOMPRESS = {
    1: lambda data: bytes(cramjam.gzip.decompress(data)),
    2: lambda data: bytes(_snappy(data)),
    3: lambda data: bytes(cramjam.lz4.decompress(data)),
    4: lambda data: bytes(cramjam.zstd.decompress(data)),
}


@dataclass(slots=True)
class Entry:
    """One data record of a log. ``fate``: committed, aborted, open or plain, as in the history's ``records``."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...]
    producer_id: int
    epoch: int
    fate: str


def read(cluster: Cluster, partition: Partition, chunk_bytes: int = _CHUNK_BYTES) -> list[Entry]:
    """Read a topic-partition from its start to the high watermark of now, ``chunk_bytes`` at a time.

    Raises `HarnessError` where the log cannot be read to its end, or holds what we do not understand.
    """
    entries: list[Entry] = []
    open_in: dict[int, list[Entry]] = {}
    for batch in _batches(cluster, partition, chunk_bytes):
        if batch.is_control:
            if batch.count == 0:
                continue  # a marker that compaction emptied, once nothing of its transaction was left
            fate = "committed" if batch.commits else "aborted"
            for entry in open_in.pop(batch.producer_id, ()):
                entry.fate = fate
            continue
        found = batch.entries()
        entries += found
        if batch.is_transactional:
            open_in.setdefault(batch.producer_id, []).extend(found)
    return entries


@dataclass(frozen=True, slots=True)
class _Batch:
    base_offset: int
    attributes: int
    producer_id: int
    epoch: int
    count: int
    body: bytes
    last_offset: int

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & _CONTROL)

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def commits(self) -> bool:
        """Whether this control batch ends its transaction with a commit: the key is (version, type), int16 each."""
        key = self.entries()[0].key or b""
        return int.from_bytes(key[2:4], "big") == _COMMIT_MARKER

    def entries(self) -> list[Entry]:
        fate = "open" if self.is_transactional else "plain"
        found, at = [], 0
        try:
            for _ in range(self.count):
                delta, key, value, headers, at = _record(self.body, at)
                found.append(Entry(self.base_offset + delta, key, value, headers, self.producer_id, self.epoch, fate))
        except Exception as error:
            # kio raises many kinds on broken bytes; each means the same to us.
            raise HarnessError(f"the record batch at offset {self.base_offset} cannot be read: {error!r}") from error
        return found


def _record(
    body: bytes, at: int
) -> tuple[int, bytes | None, bytes | None, tuple[tuple[bytes, bytes | None], ...], int]:
    """One record of format v2: offset delta, key, value, headers, and where it ends.

    Read here and not by kio, which turns its timestamp into a date: users write timestamps that are none.
    """
    length, size = read_signed_varint(body, at)
    at += size
    end = at + length
    at += 1  # attributes: none are defined
    at += read_signed_varlong(body, at)[1]
    delta, size = read_signed_varint(body, at)
    key, at = _bytes(body, at + size)
    value, at = _bytes(body, at)
    count, size = read_signed_varint(body, at)
    at += size
    headers = []
    for _ in range(count):
        name, at = _bytes(body, at)
        content, at = _bytes(body, at)
        headers.append((name or b"", content))
    if at != end or end > len(body):
        raise ValueError(f"a record that claims to end at byte {end} ends at {at} of {len(body)}")
    return delta, key, value, tuple(headers), end


def _bytes(body: bytes, at: int) -> tuple[bytes | None, int]:
    """Length-prefixed bytes, None for length -1, and where they end."""
    length, size = read_signed_varint(body, at)
    at += size
    if length < 0:
        return None, at
    return body[at : at + length], at + length


def _batches(cluster: Cluster, partition: Partition, chunk_bytes: int) -> Iterator[_Batch]:
    position = 0
    while True:
        asked = _fetch(partition, position, chunk_bytes)
        answer = cluster.at_leader(partition).ask(asked).responses[0].partitions[0]
        before = position
        if answer.error_code:
            raise HarnessError(f"{partition[0]}-{partition[1]} cannot be read: error {int(answer.error_code)}")
        for batch in _split(bytes(answer.records or b"")):
            if batch.last_offset >= position:
                yield batch
                position = batch.last_offset + 1
        if position >= int(answer.high_watermark):
            return
        if position == before:
            raise HarnessError(f"{partition[0]}-{partition[1]} gave nothing at offset {position}, before its end")


def _split(data: bytes) -> Iterator[_Batch]:
    """The whole batches in a fetched piece of log; the last one may be cut off, and is fetched again."""
    at = 0
    while at + _HEAD.size <= len(data):
        head = _HEAD.unpack_from(data, at)
        base_offset, length, _, magic, _, attributes, last_delta, _, _, producer_id, epoch, _, count = head
        end = at + _LENGTH_ENDS + length
        if end > len(data):
            return
        if magic != 2:
            raise HarnessError(f"a record batch at offset {base_offset} has format {magic}; we read format 2")
        body = data[at + _HEAD.size : end]
        codec = attributes & _COMPRESSION
        if codec:
            body = _decompressed(codec, body, base_offset)
        yield _Batch(base_offset, attributes, producer_id, epoch, count, body, base_offset + last_delta)
        at = end


def _decompressed(codec: int, body: bytes, base_offset: int) -> bytes:
    try:
        return _DECOMPRESS[codec](body)
    except Exception as error:
        what = f"a record batch at offset {base_offset}, compressed with codec {codec}, cannot be unpacked"
        raise HarnessError(f"{what}: {error!r}") from error


def _snappy(data: bytes) -> bytes:
    """Snappy as Java clients frame it (xerial: a 16-byte head, then length-prefixed blocks), or bare as librdkafka."""
    if not data.startswith(b"\x82SNAPPY\x00"):
        return bytes(cramjam.snappy.decompress_raw(data))
    blocks, at = [], 16
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        blocks.append(bytes(cramjam.snappy.decompress_raw(data[at + 4 : at + 4 + size])))
        at += 4 + size
    return b"".join(blocks)


def _fetch(partition: Partition, offset: int, chunk_bytes: int) -> FetchRequest:
    part = FetchPartition(partition=i32(partition[1]), fetch_offset=i64(offset), partition_max_bytes=i32(chunk_bytes))
    return FetchRequest(
        replica_id=BrokerId(-1),
        max_wait=i32Timedelta.parse(dt.timedelta(0)),
        min_bytes=i32(0),
        max_bytes=i32(chunk_bytes),
        isolation_level=i8(0),
        topics=(FetchTopic(topic=TopicName(partition[0]), partitions=(part,)),),
        forgotten_topics_data=(),
    )
