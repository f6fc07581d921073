"""What a topic-partition really holds: every data record up to the high watermark, with the fate of its transaction.

Fates come from the log itself: the control records that end transactions (KIP-98, "Data flow", 5.2a and 5.3).
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import cramjam
from kio.records.readers import read_record
from kio.schema.fetch.v12.request import FetchPartition, FetchRequest, FetchTopic
from kio.schema.types import BrokerId, TopicName
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


def read(cluster: Cluster, partition: Partition) -> list[Entry]:
    """Read a topic-partition from its start to the high watermark of now."""
    entries: list[Entry] = []
    open_in: dict[int, list[Entry]] = {}
    for batch in _batches(cluster, partition):
        if batch.is_control:
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
    base_timestamp: int
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
        for _ in range(self.count):
            record, size = read_record(self.body, i64(self.base_timestamp), i64(self.base_offset), at)
            at += size
            headers = tuple((header.key or b"", header.value) for header in record.headers)
            found.append(
                Entry(int(record.offset), record.key, record.value, headers, self.producer_id, self.epoch, fate)
            )
        return found


def _batches(cluster: Cluster, partition: Partition) -> Iterator[_Batch]:
    position = 0
    while True:
        answer = cluster.at_leader(partition).ask(_fetch(partition, position)).responses[0].partitions[0]
        if answer.error_code:
            raise HarnessError(f"{partition[0]}-{partition[1]} cannot be read: error {int(answer.error_code)}")
        for batch in _split(bytes(answer.records or b"")):
            if batch.last_offset >= position:
                yield batch
                position = batch.last_offset + 1
        if position >= int(answer.high_watermark):
            return
        if not answer.records:
            raise HarnessError(f"{partition[0]}-{partition[1]} gave nothing at offset {position}, before its end")


def _split(data: bytes) -> Iterator[_Batch]:
    """The whole batches in a fetched piece of log; the last one may be cut off, and is fetched again."""
    at = 0
    while at + _HEAD.size <= len(data):
        head = _HEAD.unpack_from(data, at)
        base_offset, length, _, magic, _, attributes, last_delta, timestamp, _, producer_id, epoch, _, count = head
        end = at + _LENGTH_ENDS + length
        if end > len(data):
            return
        if magic != 2:
            raise HarnessError(f"a record batch at offset {base_offset} has format {magic}; we read format 2")
        body = data[at + _HEAD.size : end]
        codec = attributes & _COMPRESSION
        if codec:
            body = _DECOMPRESS[codec](body)
        yield _Batch(base_offset, attributes, timestamp, producer_id, epoch, count, body, base_offset + last_delta)
        at = end


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


def _fetch(partition: Partition, offset: int) -> FetchRequest:
    part = FetchPartition(
        partition=i32(partition[1]), fetch_offset=i64(offset), partition_max_bytes=i32(_CHUNK_BYTES)
    )  # fmt: skip
    return FetchRequest(
        replica_id=BrokerId(-1),
        max_wait=i32Timedelta.parse(dt.timedelta(0)),
        min_bytes=i32(0),
        max_bytes=i32(_CHUNK_BYTES),
        isolation_level=i8(0),
        topics=(FetchTopic(topic=TopicName(partition[0]), partitions=(part,)),),
        forgotten_topics_data=(),
    )
