"""The part ``cdc`` of a contract: what it says, and complaints with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError

TEXT = """contract: shop
owner: me
migrations: [own.sql]
cdc:
  customers: {table: customers, topic: shop.public.customers, connector: c.json}
  orders:
    table: sales.orders
    topic: shop.sales.orders
    connector: c.json
    migrations: [a.sql, b.sql]
    before: full
    idle: true
"""


def written(folder: Path, text: str, settings: str = "{}") -> Path:
    for name in ("own.sql", "a.sql", "b.sql"):
        (folder / name).write_text("")
    (folder / "c.json").write_text(settings)
    (folder / "contract.yaml").write_text(text)
    return folder


def test_a_capture_says_where_its_changes_go(tmp_path: Path) -> None:
    contract = load(written(tmp_path, TEXT))
    customers, orders = contract.cdc["customers"], contract.cdc["orders"]
    assert (customers.qualified, orders.qualified) == (("public", "customers"), ("sales", "orders"))
    assert (customers.before, customers.idle, orders.before, orders.idle) == ("key", False, "full", True)
    assert contract.migrations_of(customers) == ("own.sql",)
    assert contract.migrations_of(orders) == ("a.sql", "b.sql")


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("before: full", "before: half", 11, "found 'half' (text); allowed: key, full"),
        ("    topic: shop.sales.orders\n", "", 6, "the key 'topic' is missing"),
        ("    idle: true", "    idl: true", 12, "unknown key 'idl' (did you mean 'idle'?)"),
        ("shop.sales.orders", "shop.public.customers", 4, "the topic 'shop.public.customers' is named by two captures"),
        ("a.sql, b.sql", "a.sql, d.sql", 10, "found the migration 'd.sql', but there is no file"),
        ("sales.orders\n    topic", "a.b.c\n    topic", 7, "the name of a table, such as totals or public.totals"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    assert old in TEXT
    with pytest.raises(ContractError) as raised:
        load(written(tmp_path, TEXT.replace(old, new, 1)))
    [(place, text)] = raised.value.complaints
    assert place.startswith(f"{tmp_path}/contract.yaml:{line}:")
    assert told in text


@pytest.mark.parametrize(("settings", "told"), [("[1]", "JSON object"), ("true", "JSON object"), ("{", "not JSON")])
def test_a_connector_file_is_a_json_object(tmp_path: Path, settings: str, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        load(written(tmp_path, TEXT, settings))
