"""What a hostile, slow or broken client can do: nothing to others."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stream_contracts.errors import StackError, UsageError
from stream_contracts.registry import requests as ask
from stream_contracts.registry.application import Bounds
from stream_contracts.registry.server import Running, Settings, read_users, running_registry
from tests.registry.conftest import Http
from tests.registry.schemas import ONE, record

TIGHT = Bounds(body_bytes=1000, head_bytes=2000, head_s=0.3, body_s=0.3, answer_s=0.5, idle_s=1, connections=20)


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def until_closed(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection; a timeout is a failure."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


@pytest.fixture
def tight() -> Running:
    with running_registry(Settings(bounds=TIGHT)) as registry:
        yield registry


def test_a_silent_connection_is_closed(tight: Running) -> None:
    with connected(tight.url) as connection:
        assert until_closed(connection) == b""


def test_a_head_that_drips_is_cut_off(tight: Running) -> None:
    with connected(tight.url) as connection:
        connection.settimeout(0.02)  # between two bytes; the whole head would take half a minute
        sent = 0
        for byte in b"GET /subjects HTTP/1.1\r\n" + b"X-Slow: yes\r\n" * 100:
            sent += 1
            try:
                connection.sendall(bytes([byte]))
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert sent < 100


def test_a_kept_connection_whose_next_head_drips_is_cut_off(tight: Running) -> None:
    with connected(tight.url) as connection:
        connection.sendall(b"GET /subjects HTTP/1.1\r\nHost: x\r\n\r\nGET /sub")
        received = until_closed(connection)
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert received.endswith(b"[]")


def test_a_body_that_never_comes_is_refused(tight: Running) -> None:
    with connected(tight.url) as connection:
        connection.sendall(b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        received = until_closed(connection)
        assert received.startswith(b"HTTP/1.1 408")
        assert json.loads(received.partition(b"\r\n\r\n")[2])["error_code"] == 408


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(running: Running) -> None:
    for _ in range(50):
        with connected(running.url) as connection:
            connection.sendall(b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
    assert Http(running.url).get("/subjects").body == []


def test_a_large_body_is_refused_before_it_is_read(tight: Running) -> None:
    with connected(tight.url) as connection:
        connection.sendall(b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert until_closed(connection).startswith(b"HTTP/1.1 413")


def test_a_large_chunked_body_is_refused(tight: Running) -> None:
    with connected(tight.url) as connection:
        head = b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"1000\r\n" + b" " * 4096 + b"\r\n")
        assert until_closed(connection).startswith(b"HTTP/1.1 413")


def test_an_endless_head_is_refused(tight: Running) -> None:
    with connected(tight.url) as connection:
        connection.sendall(b"GET /subjects HTTP/1.1\r\nX-Long: " + b"x" * 5000)
        assert until_closed(connection).startswith(b"HTTP/1.1 400")


def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    with running_registry(Settings(bounds=Bounds(answer_s=2, connections=2))) as registry:
        for number in range(40):
            text = record(*(f"field_{index}_{'x' * 200}" for index in range(200)), name=f"R{number}")
            registry.service.call(ask.Register(f"s{number}", ask.Draft(text)))
        with connected(registry.url) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /schemas HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
            others = Http(registry.url)
            assert others.get("/subjects?limit=1").status == 503
            deadline = time.monotonic() + 10
            while others.get("/subjects?limit=1").status == 503:
                assert time.monotonic() < deadline, "the connection still has its place"


def test_too_many_clients_are_told_so() -> None:
    with running_registry(Settings(bounds=Bounds(connections=20))) as registry:
        refuse_the_last_of_a_crowd(registry.url)


def refuse_the_last_of_a_crowd(url: str) -> None:
    crowd = [connected(url) for _ in range(25)]
    try:
        crowd[-1].sendall(b"GET /subjects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert until_closed(crowd[-1]).startswith(b"HTTP/1.1 503")
    finally:
        for connection in crowd:
            connection.close()


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    with connected(running.url) as connection:
        last = b"GET /schemas/types HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        body = json.dumps({"schema": ONE}).encode()
        post = b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        connection.sendall((post + b"GET /subjects HTTP/1.1\r\nHost: x\r\n\r\n") * 20 + last)
        bodies = [each.partition(b"\r\n\r\n")[2] for each in until_closed(connection).split(b"HTTP/1.1 200 OK")[1:]]
    assert len(bodies) == 41
    assert [json.loads(each) for each in bodies[1:-1:2]] == [["a"]] * 20
    assert all(json.loads(each)["id"] == 1 for each in bodies[:-1:2])


def test_head_has_no_body_and_says_what_is_possible(http: Http) -> None:
    for _ in range(2):
        answer = http.ask("HEAD", "/subjects")
        assert (answer.status, answer.body, answer.headers["allow"]) == (405, None, "GET")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff\xfe",
        b'{"schema": NaN}',
        b'{"schema": "' + b"\\ud800" + b'"}',
        b'{"schema": 1}',
        b'{"schema": "x", "references": 5}',
        b'{"schema": "x", "references": [5]}',
        b'{"schema": "x", "references": [{"name": "n"}]}',
        b'{"schema": "x", "metadata": []}',
        b'{"schema": "x", "metadata": {"properties": {"a": {}}}}',
        b'{"schema": "x", "ruleSet": {"domainRules": 5}}',
        b'{"schema": "x", "id": "1"}',
        b'{"schema": "x", "version": true}',
        b'{"schema": "x", "id": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"schema": ' + b"[" * 100_000,
        json.dumps({"schema": "[" * 100_000}).encode(),
        json.dumps({"schema": '{"type":"array","items":' * 5000 + '"int"' + "}" * 5000}).encode(),
        json.dumps({"schema": '"\\ud800"'}).encode(),
        json.dumps({"schema": 'syntax = "proto3"; message M {' * 2000, "schemaType": "PROTOBUF"}).encode(),
    ],
)
def test_a_broken_body_is_the_clients_fault(http: Http, raw: bytes) -> None:
    for path in ("/subjects/a/versions", "/subjects/a", "/compatibility/subjects/a/versions/latest"):
        assert 400 <= http.ask("POST", path, raw=raw).status < 500
    assert 400 <= http.ask("PUT", "/mode", raw=raw).status < 500
    assert http.ask("PUT", "/config", raw=raw).status < 500


def test_names_and_passwords(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text("# who may come in\nann:se:cret\n\nbob:ünïcode\n", encoding="utf-8")
    with running_registry(Settings(users=read_users(file))) as registry:
        http = Http(registry.url)
        for given in ("", "Basic", "Basic !!!", "Bearer x", basic("ann", "wrong"), basic("eve", "")):
            answer = http.ask("GET", "/subjects", Authorization=given)
            assert answer.refused == (401, 401)
            assert answer.headers["www-authenticate"].startswith("Basic")
        assert http.ask("GET", "/subjects", Authorization=basic("ann", "se:cret")).body == []
        assert http.ask("GET", "/subjects", Authorization=basic("bob", "ünïcode")).body == []


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("text", ["", "ann", ":x", "ann:"])
def test_a_file_of_users_that_lets_nobody_in_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "users"
    file.write_text(text)
    with pytest.raises(UsageError):
        read_users(file)


def test_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with running_registry(Settings(tls_cert=cert, tls_key=key)) as registry:
        assert registry.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        with urlopen(Request(registry.url + "/subjects"), timeout=10, context=context) as answer:
            assert json.loads(answer.read()) == []
    key.write_text("no key")
    with pytest.raises(UsageError, match="TLS"), running_registry(Settings(tls_cert=cert, tls_key=key)):
        pass


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    pkcs8, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, bare))
    return cert_file, key_file


def test_only_loopback_unless_told_otherwise(running: Running) -> None:
    assert urlsplit(running.url).hostname == "127.0.0.1"


def test_a_taken_port_is_said_with_a_remedy(running: Running) -> None:
    port = urlsplit(running.url).port or 0
    with pytest.raises(StackError, match=f"127.0.0.1:{port}.*--port"), running_registry(Settings(port=port)):
        pass
