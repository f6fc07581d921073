"""A small blocking connection to one Kafka broker: typed requests out, typed answers back."""

from __future__ import annotations

import itertools
import socket
import struct
import time
from types import TracebackType
from typing import Any

from kio.index import load_response_schema
from kio.schema.api_versions.v3.request import ApiVersionsRequest
from kio.static.primitive import i16, i32
from kio.static.protocol import RequestPayload

from stream_contracts import __version__
from stream_contracts.errors import HarnessError
from stream_contracts.stack.codec import decoded, encoded, heading

MAX_ANSWER_BYTES = 200_000_000
"""An announced length beyond this is not an answer of Kafka but somebody else's protocol."""


class Connection:
    """One TCP connection to the broker at ``host:port``, speaking the Kafka protocol by kio's typed codecs.

    ``timeout_s`` bounds connecting, and each ``ask`` as a whole. Usable as a context manager; not thread-safe.
    HarnessError where nobody listens, or the broker hangs up, stays silent, or answers something else.
    """

    def __init__(self, host: str, port: int, *, client_id: str = "stream-contracts", timeout_s: float = 10) -> None:
        self.address = f"{host}:{port}"
        self.client_id, self.timeout_s = client_id, timeout_s
        self._numbers, self._used_at = itertools.count(1), time.monotonic()
        try:
            self._socket = socket.create_connection((host, port), timeout_s)
        except OSError as error:
            raise HarnessError(f"no connection to the broker at {self.address}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; it may be closed already."""
        self._socket.close()

    @property
    def idle_s(self) -> float:
        """For how long nothing was asked; a broker closes a connection after ten minutes (``connections.max.idle.ms``)."""
        return time.monotonic() - self._used_at

    def ask(self, request: RequestPayload) -> Any:
        """Send the request and return the answer: kio's response entity of the same API and version.

        The broker's error codes are in the entity; they raise nothing here.
        """
        number, self._used_at = next(self._numbers), time.monotonic()
        name = f"{type(request).__name__} v{request.__version__}"
        deadline = time.monotonic() + self.timeout_s
        try:
            self._socket.settimeout(self.timeout_s)
            self._socket.sendall(framed(request, number, self.client_id))
            answer = self._read_frame(name, deadline)
        except TimeoutError as error:
            raise HarnessError(f"the broker at {self.address} did not answer {name} in {self.timeout_s:g} s") from error
        except OSError as error:
            raise HarnessError(
                f"the connection to the broker at {self.address} broke during {name}: {error}"
            ) from error
        return self._decoded(request, name, number, answer)

    def versions(self) -> dict[int, tuple[int, int]]:
        """Return API key -> (lowest, highest version) that the broker speaks (KIP-35)."""
        answer = self.ask(
            ApiVersionsRequest(client_software_name="stream-contracts", client_software_version=__version__)
        )
        return {int(row.api_key): (int(row.min_version), int(row.max_version)) for row in answer.api_keys}

    def _read_frame(self, name: str, deadline: float) -> bytes:
        (length,) = struct.unpack(">i", self._read(4, name, deadline))
        if not 4 <= length <= MAX_ANSWER_BYTES:
            raise HarnessError(
                f"{self.address} announced {length} bytes as its answer to {name}; that is not the Kafka protocol"
            )
        return self._read(length, name, deadline)

    def _read(self, size: int, name: str, deadline: float) -> bytes:
        buffer = bytearray(size)
        view, read = memoryview(buffer), 0
        while read < size:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
            count = self._socket.recv_into(view[read:])
            if not count:
                raise HarnessError(
                    f"the broker at {self.address} hung up during {name}, after {read} of {size} bytes of its answer"
                )
            read += count
        return bytes(buffer)

    def _decoded(self, request: RequestPayload, name: str, number: int, answer: bytes) -> Any:
        schema = load_response_schema(request.__api_key__, request.__version__)
        try:
            header, at = heading(schema, answer)
            if header.correlation_id != number:
                raise HarnessError(
                    f"{self.address} answered request {header.correlation_id} where {name}, request {number}, was asked"
                )
            entity, _ = decoded(schema, answer, at)
        except HarnessError:
            raise
        except Exception as error:
            raise HarnessError(f"the answer of {self.address} to {name} cannot be decoded: {error!r}") from error
        return entity


def framed(request: RequestPayload, correlation_id: int, client_id: str) -> bytes:
    """Return the request as it goes over the wire: length, header, body."""
    header = request.__header_schema__(
        request_api_key=i16(request.__api_key__),
        request_api_version=i16(request.__version__),
        correlation_id=i32(correlation_id),
        client_id=client_id,
    )
    message = encoded(header, request)
    return struct.pack(">i", len(message)) + message
