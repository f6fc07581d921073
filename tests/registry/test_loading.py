"""Filling a registry: from contract folders, from another registry, from the shell."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream_contracts.errors import ContractError, StackError, UsageError
from stream_contracts.registry.loading import fill
from stream_contracts.registry.server import Running, Settings, running_registry
from tests.registry.conftest import Http
from tests.registry.schemas import BROKEN, ONE, TWO, record

CONTRACT = """
contract: orders
owner: us
registry: {compatibility: FULL}
topics:
  orders:
    value: {schema: order.avsc}
    key: {schema: key.json, subject: order-keys, compatibility: NONE}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    (folder / "former").mkdir(parents=True)
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / "order.avsc").write_text(TWO)
    (folder / "key.json").write_text('{"type": "string"}')
    (folder / "former" / "order.v1.avsc").write_text(record("id", "dropped"))
    (folder / "former" / "order.v2.avsc").write_text(ONE)
    return folder


def test_contracts_bring_versions_and_levels(contract: Path) -> None:
    with running_registry() as registry:
        assert fill(registry.service, str(contract.parent)) == 4
        http = Http(registry.url)
        assert http.get("/subjects").body == ["order-keys", "orders-value"]
        assert http.get("/subjects/orders-value/versions").body == [1, 2, 3]
        assert http.get("/config/orders-value").body == {"compatibilityLevel": "FULL"}
        assert http.get("/config/order-keys").body == {"compatibilityLevel": "NONE"}
        assert http.register("orders-value", record("id", "fresh")).refused == (409, 40901)


def test_the_current_schema_has_to_pass_its_level(contract: Path) -> None:
    (contract / "order.avsc").write_text(BROKEN)
    with running_registry() as registry, pytest.raises(ContractError, match=r"order\.avsc.*orders-value"):
        fill(registry.service, str(contract))


SHOP = """
contract: shop
owner: us
topics:
  bills:
    value: {schema: bill.avsc, references: {Money: money}}
shared:
  money: {schema: money.avsc, references: {Currency: currency}, compatibility: FULL}
"""
COINS = """
contract: coins
owner: them
shared:
  coin: {schema: currency.avsc, subject: currency}
"""
MONEY = """{"type": "record", "name": "Money", "fields": [
    {"name": "cents", "type": "long"}, {"name": "currency", "type": "Currency", "default": "EUR"}]}"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Bills refer to money, which is shared; money refers to a currency that another contract shares."""
    for name, text in {
        "shop/contract.yaml": SHOP,
        "shop/bill.avsc": '{"type": "map", "values": ["null", "Money"]}',
        "shop/former/bill.v1.avsc": '{"type": "map", "values": "Money"}',
        "shop/money.avsc": MONEY,
        "shop/former/money.v1.avsc": record("cents", name="Money"),
        "shop/former/money.v2.avsc": record("cents", optional=("note",), name="Money"),
        "coins/contract.yaml": COINS,
        "coins/currency.avsc": '{"type": "enum", "name": "Currency", "symbols": ["EUR"]}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_a_schema_refers_to_is_loaded_before_it(shop: Path) -> None:
    """Across contracts, shared ones too; former versions refer to the newest kept version, the present one to the present one."""
    with running_registry() as registry:
        assert fill(registry.service, str(shop)) == 6
        http = Http(registry.url)
        assert http.get("/subjects").body == ["bills-value", "currency", "money"]
        old, new = (http.get(f"/subjects/bills-value/versions/{number}").body for number in (1, 2))
        assert old["references"] == [{"name": "Money", "subject": "money", "version": 2}]
        assert new["references"] == [{"name": "Money", "subject": "money", "version": 3}]
        assert http.get("/subjects/currency/versions/1/referencedby").body == [
            http.get("/subjects/money/versions/3").body["id"]
        ]
        assert http.get("/config/money").body == {"compatibilityLevel": "FULL"}
        assert http.get("/config/currency").body == {"compatibilityLevel": "BACKWARD"}


def test_a_reference_into_nowhere_and_a_circle_are_told_with_their_line(shop: Path) -> None:
    """Neither is an error of the registry: the contract says where."""
    with running_registry() as registry, pytest.raises(ContractError, match=r"contract\.yaml:8:.*'currency'"):
        fill(registry.service, str(shop / "shop"))
    (shop / "coins/contract.yaml").write_text(
        COINS.replace("subject: currency", "subject: currency, references: {Money: money}")
    )
    with running_registry() as registry, pytest.raises(ContractError, match=r"circle: .*money -> currency"):
        fill(registry.service, str(shop))


def test_nothing_to_load_is_an_error(tmp_path: Path) -> None:
    with running_registry() as registry, pytest.raises(UsageError, match="no URL"):
        fill(registry.service, str(tmp_path))


def test_a_copy_of_another_registry_is_equal_to_it(running: Running, http: Http) -> None:
    http.register("gone", record("gone"))
    http.delete("/subjects/gone")
    http.register("money", record("cents", name="Money"))
    links = [{"name": "Money", "subject": "money", "version": 1}]
    http.register("bill", '{"type": "array", "items": "Money"}', references=links, metadata={"properties": {"a": "b"}})
    http.register("a", ONE)
    http.register("a", TWO)
    http.delete("/subjects/a/versions/1")
    http.register(":.shop:a", ONE)
    http.put("/config/a", {"compatibility": "FULL"})
    http.put("/mode/bill", {"mode": "READONLY"})
    with running_registry() as second:
        assert fill(second.service, running.url) == 6
        copy = Http(second.url)
        for path in ("/schemas?deleted=true", "/subjects?deleted=true", "/subjects", "/config", "/config/a", "/mode"):
            assert copy.get(path).body == http.get(path).body
        assert copy.get("/mode/bill").body == {"mode": "READONLY"}
        assert copy.get("/subjects/a/versions").body == [2]
        assert copy.register("new", record("new")).body["id"] == http.register("new", record("new")).body["id"]


def test_a_copy_that_clashes_with_what_is_there_is_refused(running: Running, http: Http) -> None:
    http.register("a", ONE)
    with running_registry() as second:
        Http(second.url).register("a", TWO)
        with pytest.raises(StackError, match="version 1 of a cannot be taken over"):
            fill(second.service, running.url)


def test_a_registry_that_is_not_there(running: Running) -> None:
    with pytest.raises(StackError, match="Is a registry running there"):
        fill(running.service, "http://127.0.0.1:9")


def test_the_password_of_the_origin_is_used_and_not_shown() -> None:
    with running_registry(Settings(users={"ann": "secret"})) as origin, running_registry() as registry:
        host = origin.url.removeprefix("http://")
        assert fill(registry.service, f"http://ann:secret@{host}") == 0
        with pytest.raises(StackError) as refused:
            fill(registry.service, f"http://ann:wrong-one@{host}")
        assert "401" in str(refused.value)
        assert "wrong-one" not in str(refused.value)


def test_the_command_serves_until_it_is_told_to_stop(contract: Path) -> None:
    command = [sys.executable, "-c", "from stream_contracts.cli import main; main()", "registry", "serve"]
    command += ["--port", "0", "--load", str(contract), "--edition", "confluent-7.4"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        assert child.stderr.readline().startswith("loaded 4 versions")
        url = child.stderr.readline().rpartition(" at ")[2].strip()
        assert Http(url).register("new", ONE).body.keys() == {"id"}
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait(10)
        child.stderr.close() if child.stderr else None


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--load", "/nonexistent"], 2, "no contract.yaml"),
        (["--tls-cert", __file__], 2, "go together"),
        (["--tls-cert", __file__, "--tls-key", __file__], 2, "cannot be used"),
        (["--edition", "confluent-1"], 2, "confluent-8.3"),
        (["--host", "203.0.113.1"], 3, "--port"),
        (["--load", "http://127.0.0.1:9"], 3, "Is a registry running there"),
    ],
)
def test_the_command_says_what_is_wrong(options: list[str], status: int, said: str) -> None:
    command = [
        sys.executable,
        "-c",
        "from stream_contracts.cli import main; main()",
        "registry",
        "serve",
        "--port",
        "0",
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
