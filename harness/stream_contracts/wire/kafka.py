"""The Kafka protocol as the tap needs it: headers, typed bodies, and addresses rewritten. No sockets here.

A frame is what stands between two length prefixes (Kafka protocol guide, "Protocol Primitives"): the 4-byte size is
not part of it. Bodies are decoded by kio; what cannot be decoded raises `HarnessError` and is never passed over.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from kio.index import load_request_schema, load_response_schema
from kio.schema.index import api_key_map, schema_name_map
from kio.serial import entity_reader, entity_writer

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka_counts import reject_impossible

Address = tuple[str, int]
Frame = bytes | memoryview
Rewrite = Callable[[Address], Address]

_HEAD = struct.Struct(">hhi")
_UNSUPPORTED_VERSION = 35

API_NAMES: dict[int, str] = {key: name.title().replace("_", "") for key, name in api_key_map.items()}
API_KEYS: dict[str, int] = {name: key for key, name in API_NAMES.items()}

API_VERSIONS = API_KEYS["ApiVersions"]
PRODUCE = API_KEYS["Produce"]
FETCH = API_KEYS["Fetch"]


@dataclass(frozen=True, slots=True)
class Header:
    """The start of a request: which API, in which version, under which correlation id, from which client."""

    api_key: int
    version: int
    correlation_id: int
    client_id: str

    @property
    def api(self) -> str:
        """The API's name as the Kafka documentation spells it, such as ``EndTxn``."""
        return API_NAMES.get(self.api_key, f"Api{self.api_key}")


def header_of(frame: Frame) -> Header:
    """Read the header of a request frame; raises `HarnessError` where there is none."""
    try:
        api_key, version, correlation_id = _HEAD.unpack_from(frame)
        (length,) = struct.unpack_from(">h", frame, _HEAD.size)
        start = _HEAD.size + 2
        if start + length > len(frame):
            raise struct.error(f"its client id claims {length} bytes")
        client_id = bytes(frame[start : start + max(length, 0)]).decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise HarnessError(f"a request of {len(frame)} bytes has no Kafka header: {error}") from error
    return Header(api_key, version, correlation_id, client_id)


def decode_request(header: Header, frame: Frame) -> Any:
    """The typed body of a request frame."""
    return _decode(_request_schema(header.api_key, header.version), header, frame)


def decode_response(header: Header, frame: Frame) -> Any:
    """The typed body of the response to the request that ``header`` began."""
    version = header.version
    if header.api_key == API_VERSIONS and frame[4:6] == _UNSUPPORTED_VERSION.to_bytes(2, "big"):
        version = 0  # KIP-511: a broker that does not know the version answers in version 0
    return _decode(_response_schema(header.api_key, version), header, frame)


def response_class(header: Header) -> Any:
    """The codec's class of the answer to such a request."""
    return _response_schema(header.api_key, header.version)


def encode_response(correlation_id: int, body: Any) -> bytes:
    """A response frame with this body."""
    return _encode(body, body.__header_schema__(correlation_id=correlation_id))


def redirected(header: Header, frame: Frame, rewrite: Rewrite, *, decode: bool) -> tuple[Frame, Any]:
    """The response frame with every broker address replaced and versions beyond our codec withheld; and its body.

    A frame that names no address is returned as it is, not encoded again. Where neither ``decode`` nor a rewriting
    asks for the body, it is not decoded, and None stands in its place.
    """
    change = _REDIRECTIONS.get(header.api_key)
    if change is None and not decode:
        return frame, None
    body = decode_response(header, frame)
    changed = change(body, rewrite) if change else body
    return (frame if changed is body else encode_response(header.correlation_id, changed)), changed


def _decode(schema: Any, header: Header, frame: Frame) -> Any:
    view = memoryview(frame).toreadonly()
    try:
        _, size = entity_reader(schema.__header_schema__)(view, 0)
        reject_impossible(schema, view, size)
        body, more = entity_reader(schema)(view, size)
        if size + more != len(frame):
            raise ValueError(f"{len(frame) - size - more} bytes are left over")
    except Exception as error:
        # kio raises many kinds on broken bytes; each means the same to us: this frame was not understood.
        raise HarnessError(
            f"{schema.__name__} version {header.version} ({len(frame)} bytes) could not be decoded: {error!r}"
        ) from error
    return body


def _encode(body: Any, head: Any) -> bytes:
    buffer = io.BytesIO()
    entity_writer(type(head))(buffer, head)
    entity_writer(type(body))(buffer, body)
    return buffer.getvalue()


def known_versions(api_key: int) -> tuple[int, int] | None:
    """The oldest and newest version of an API that our codec speaks, or None for an API it does not know."""
    name = api_key_map.get(api_key)
    versions = schema_name_map.get(name) if name else None
    return (min(versions), max(versions)) if versions else None


@cache
def _request_schema(api_key: int, version: int) -> Any:
    return _schema(load_request_schema, api_key, version)


@cache
def _response_schema(api_key: int, version: int) -> Any:
    return _schema(load_response_schema, api_key, version)


def _schema(load: Callable[[int, int], Any], api_key: int, version: int) -> Any:
    try:
        return load(api_key, version)
    except Exception as error:
        raise HarnessError(
            f"our codec does not know version {version} of {API_NAMES.get(api_key, f'API {api_key}')}"
        ) from error


def _cap_versions(body: Any, _: Rewrite) -> Any:
    """Offer a client no version that we could not decode (and nothing less than that)."""
    keys = []
    for offer in body.api_keys:
        known = known_versions(int(offer.api_key))
        if known is None or known[0] > offer.max_version:
            continue
        keys.append(replace(offer, max_version=min(offer.max_version, known[1])))
    return replace(body, api_keys=tuple(keys)) if tuple(keys) != body.api_keys else body


def _moved(node: Any, rewrite: Rewrite) -> Any:
    host, port = rewrite((node.host, int(node.port)))
    return replace(node, host=host, port=port)


def _in_list(attribute: str) -> Callable[[Any, Rewrite], Any]:
    def change(body: Any, rewrite: Rewrite) -> Any:
        nodes = getattr(body, attribute, ())
        if not nodes:
            return body
        return replace(body, **{attribute: tuple(_moved(node, rewrite) for node in nodes)})

    return change


def _coordinator(body: Any, rewrite: Rewrite) -> Any:
    """FindCoordinator: one address in versions 0 to 3, a list since version 4 (KIP-699)."""
    if hasattr(body, "coordinators"):
        found = (node if int(node.port) <= 0 else _moved(node, rewrite) for node in body.coordinators)
        return replace(body, coordinators=tuple(found))
    return body if int(body.port) <= 0 else _moved(body, rewrite)


_REDIRECTIONS: dict[int, Callable[[Any, Rewrite], Any]] = {
    API_VERSIONS: _cap_versions,
    API_KEYS["Metadata"]: _in_list("brokers"),
    API_KEYS["FindCoordinator"]: _coordinator,
    API_KEYS["DescribeCluster"]: _in_list("brokers"),
    PRODUCE: _in_list("node_endpoints"),
    FETCH: _in_list("node_endpoints"),
    API_KEYS["ShareFetch"]: _in_list("node_endpoints"),
    API_KEYS["ShareAcknowledge"]: _in_list("node_endpoints"),
}
"""API key -> what of its response names a broker (KIP-951 brought the node endpoints of Produce and Fetch)."""
