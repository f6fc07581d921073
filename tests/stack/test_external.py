"""A stack that is not ours: talked to as its owner says, never broken, and nothing touched outside of our namespace."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stream_contracts.errors import StackError, UnsupportedError, UsageError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import CAPABILITIES
from stream_contracts.stack.connectors import create_connector, delete_connector
from stream_contracts.stack.external_file import VARIABLE, Elsewhere, parsed, read
from stream_contracts.stack.local_stack import watched
from stream_contracts.stack.model import Stack
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.readiness import cluster_complete
from stream_contracts.stack.rest import ask
from stream_contracts.stack.storage import write_properties
from stream_contracts.stack.training import prepare
from stream_contracts.stack.unit import Site, Unit
from tests.stack.test_connect import debezium
from tests.stack.test_postgres import rows

pytestmark = pytest.mark.broker

ALL = Blueprint(registry="embedded", postgres=True, connect=True)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Somebody else's stack, which happens to be a local one."""
    with open_stack("local", ALL, run_dir=tmp_path_factory.mktemp("theirs"), progress=print) as stack:
        yield stack


def tell(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    file = folder / "external.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(file))


def addresses(stack: Stack) -> str:
    return (
        f'namespace = "team-a."\nbootstrap = "{stack.bootstrap}"\nschema_registry_url = "{stack.schema_registry_url}/"\n'
        f'postgres_dsn = "{stack.postgres_dsn}"\nconnect_url = "{stack.connect_url}"\n'
    )


def topics(stack: Stack) -> set[str]:
    return set(AdminClient(dict(stack.client_config)).list_topics(timeout=10).topics)


def groups(stack: Stack) -> set[str]:
    admin = AdminClient(dict(stack.client_config))
    return {row.group_id for row in admin.list_consumer_groups().result(10).valid}


def make(stack: Stack, prefix: str) -> None:
    """Make one of everything, and use it."""
    admin = AdminClient(dict(stack.client_config))
    admin.create_topics([NewTopic(f"{prefix}.t", 1, 1)])[f"{prefix}.t"].result(10)
    producer = Producer(dict(stack.client_config))
    producer.produce(f"{prefix}.t", b"v")
    assert producer.flush(10) == 0
    reader = Consumer({**stack.client_config, "group.id": f"{prefix}.g", "auto.offset.reset": "earliest"})
    reader.subscribe([f"{prefix}.t"])
    message = reader.poll(20)
    assert message is not None
    reader.commit(message, asynchronous=False)
    reader.close()
    SchemaRegistryClient({"url": stack.schema_registry_url}).register_schema(
        f"{prefix}.t-value", Schema('"int"', "AVRO")
    )
    name = prefix.replace(".", "_").replace("-", "_")
    rows(stack, f"create table {name} (id int primary key)")
    create_connector(stack.connect_url, f"{prefix}.c", debezium(stack, name))


def made(stack: Stack, prefix: str) -> list[str]:
    """What there is that begins with the prefix."""
    subjects = ask("GET", f"{stack.schema_registry_url}/subjects?deleted=true")[1]
    connectors = ask("GET", f"{stack.connect_url}/connectors")[1]
    names = [*topics(stack), *groups(stack), *subjects, *connectors]
    return sorted(name for name in names if name.startswith(prefix))


def test_what_we_made_is_removed_and_nothing_else(
    theirs: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(theirs, "team-a.other")
    tell(monkeypatch, tmp_path, addresses(theirs))
    others = topics(theirs), groups(theirs)
    with open_stack("external", ALL, run_dir=tmp_path, progress=print) as stack:
        assert (topics(theirs), groups(theirs)) == others, "opening makes nothing, not even a warm-up's group"
        assert stack.run_id.startswith("team-a.")
        make(stack, stack.run_id)
        run_id = stack.run_id
        assert len(made(stack, run_id)) == 4
    assert made(theirs, run_id) == []
    assert len(made(theirs, "team-a.other")) == 4, "another run of the same team is left alone"
    delete_connector(theirs.connect_url, "team-a.other.c")
    assert [path.name for path in tmp_path.iterdir()] == ["external.toml"]


def test_it_is_talked_to_and_never_broken(theirs: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, tmp_path, addresses(theirs))
    with open_stack("external", ALL, run_dir=tmp_path, progress=print) as stack:
        assert stack.brokers == theirs.brokers
        assert stack.schema_registry_url == theirs.schema_registry_url, "without the slash at the end"
        assert "contracts:contracts" not in stack.describe(), "a password is not told"
        assert stack.run_id in stack.describe()
        assert set(stack.services) == set(theirs.services)
        for capability in CAPABILITIES:
            with pytest.raises(UnsupportedError, match=r"broker-1 cannot .* somebody else's server at 127"):
                stack.service("broker-1", can=capability)


@pytest.mark.parametrize(
    ("blueprint", "complaint"),
    [
        (Blueprint(brokers=2), r"2 brokers are asked for, and the cluster at .* has 1"),
        (Blueprint(registry="embedded"), r"no the embedded registry \(schema_registry_url\)"),
        (Blueprint(postgres=True, connect=True), r"PostgreSQL \(postgres_dsn\) and Kafka Connect \(connect_url\)"),
        (Blueprint(config={"log.retention.ms": "1"}), r"an external stack keeps its own settings"),
    ],
)
def test_what_it_lacks_is_unsupported(
    theirs: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blueprint: Blueprint, complaint: str
) -> None:
    tell(monkeypatch, tmp_path, f'namespace = "team-a."\nbootstrap = "{theirs.bootstrap}"\n')
    with (
        pytest.raises(UnsupportedError, match=complaint),
        open_stack("external", blueprint, run_dir=tmp_path, progress=print),
    ):
        pytest.fail("it was opened")


def test_nobody_there_is_told_with_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_contracts.stack.external.READY_S", 0.5)
    with reserved(1) as (port,):
        tell(monkeypatch, tmp_path, f'namespace = "team-a."\npostgres_dsn = "postgresql://u:pw@127.0.0.1:{port}/d"\n')
        with (
            pytest.raises(StackError, match=rf"PostgreSQL takes sessions.*127.0.0.1:{port}") as error,
            open_stack("external", Blueprint(brokers=0, postgres=True), run_dir=tmp_path, progress=print),
        ):
            pytest.fail("it was opened")
    assert "pw" not in str(error.value)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"namespace": "abc", "bootstrp": "x"}, r"f: unknown bootstrp; known are namespace, bootstrap,"),
        ({"bootstrap": "x:1"}, r"f: namespace '': give three characters or more"),
        ({"namespace": "a"}, r"namespace 'a': give three"),
        ({"namespace": "abc/"}, r"namespace 'abc/'"),
        ({"namespace": "abc", "bootstrap": 1.5, "connect_url": ["x"]}, r"connect_url: a text is needed here"),
        (
            {"namespace": "abc", "kafka": {"sasl.password": "${NO_SUCH}"}},
            r"kafka: sasl.password: .* no variable NO_SUCH",
        ),
        ({"namespace": "abc", "kafka": {"bootstrap.servers": "x"}}, r"bootstrap.servers is said by bootstrap"),
        ({"namespace": "abc", "kafka": "x"}, r"kafka is a table"),
    ],
)
def test_a_wrong_file_is_told_with_the_place(table: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parsed(table, {}, "f")


def test_secrets_come_from_the_environment() -> None:
    table = {"namespace": "abc", "bootstrap": "b:1", "kafka": {"sasl.password": "${PW}", "enable.idempotence": True}}
    assert parsed(table, {"PW": "p$1"}, "f") == Elsewhere(
        "abc", "b:1", kafka={"sasl.password": "p$1", "enable.idempotence": "true"}
    )


def test_without_a_file_the_message_shows_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=VARIABLE) as error:
        read({})
    assert "schema_registry_url =" in str(error.value)
    with pytest.raises(UsageError, match=r"gone.toml: cannot be read"):
        read({VARIABLE: str(tmp_path / "gone.toml")})


def certificate(folder: Path) -> Path:
    """A certificate of this machine's loopback, signed by itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    public = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(public)
    (folder / "keystore.pem").write_bytes(private + public)
    return folder


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """The address of a broker that takes only TLS with a password."""
    pem = certificate(tmp_path)
    jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_ci="s3cret";'
    with watched(Blueprint(), tmp_path, keep=False, why="test") as stack, reserved(3) as ports:
        kafka = prepare(print).kinds["brokers"]
        unit = kafka.lay_out(Site(Blueprint(), stack.run_id, stack.run_dir, iter(ports), {}))
        [service] = unit.services
        file = service.cwd / "server.properties"
        told = dict(line.split("=", 1) for line in file.read_text().splitlines())
        write_properties(file, told | {
            "listener.security.protocol.map": "CLIENT:SASL_SSL,REPLICATION:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "listener.name.client.ssl.keystore.type": "PEM",
            "listener.name.client.ssl.keystore.location": str(pem / "keystore.pem"),
            "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": jaas,
        })  # fmt: skip
        inside = cluster_complete([(1, "127.0.0.1", ports[1])])
        reached = Unit("brokers", unit.services, f"127.0.0.1:{ports[1]}", inside, "read the log")
        try:
            reached.start()
            reached.await_ready()
            yield unit.address
        finally:
            service.kill()


def test_sasl_and_tls_are_the_files_to_say(guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = (
        f'[kafka]\n"security.protocol" = "SASL_SSL"\n"ssl.ca.location" = "{tmp_path}/ca.pem"\n'
        '"sasl.mechanism" = "PLAIN"\n"sasl.username" = "ci"\n"sasl.password" = "${KAFKA_PASSWORD}"\n'
    )
    tell(monkeypatch, tmp_path, f'namespace = "team-a."\nbootstrap = "{guarded}"\n{settings}')
    monkeypatch.setenv("KAFKA_PASSWORD", "s3cret")
    with open_stack("external", Blueprint(), run_dir=tmp_path, progress=print) as stack:
        topic = f"{stack.run_id}.t"
        admin = AdminClient(dict(stack.client_config))
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
        assert topic in topics(stack)
        settings_of_this_run = dict(stack.client_config)
    later = AdminClient(settings_of_this_run)
    assert topic not in later.list_topics(timeout=10).topics
    monkeypatch.setenv("KAFKA_PASSWORD", "wrong")
    monkeypatch.setattr("stream_contracts.stack.external.READY_S", 0.5)
    with (
        pytest.raises(StackError, match=r"(?i)authentication") as error,
        open_stack("external", Blueprint(), run_dir=tmp_path, progress=print),
    ):
        pytest.fail("it was opened")
    assert "wrong" not in str(error.value)
