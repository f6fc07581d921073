"""Kept verdicts: found again when nothing changed, and never when something did."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream_contracts.gate import cache
from tests.gate.project import Project


def key(shop: Project, *told: str) -> str:
    name = cache.key([shop.contracts], told)
    assert name is not None
    return name


def test_a_review_comes_back_as_it_was(shop: Project) -> None:
    shop.replace("shop/order.avsc", '"default": null', '"doc": "x"').replace(
        "shop/contract.yaml", "partitions: 6", "partitions: 7"
    )
    review = shop.review()
    assert review.findings
    cache.put("k", review)
    assert cache.get("k") == review


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("shop/order.avsc", "string", "bytes"),
        ("shop/former/order.v1.avsc", "string", "bytes"),
        ("shop/payment.proto", "int64", "int32"),
        ("billing/contract.yaml", "team-billing", "team-cash"),
    ],
)
def test_every_byte_that_counts_makes_another_key(shop: Project, file: str, old: str, new: str) -> None:
    before = key(shop)
    assert key(shop) == before
    path = shop.contracts / file
    stat = path.stat()
    path.write_text(path.read_text().replace(old, new, 1))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert key(shop) != before


def test_files_that_come_and_go_make_another_key(shop: Project) -> None:
    names = {key(shop)}
    shop.write("shop/former/order.v2.avsc", '"string"')
    names.add(key(shop))
    shop.write("shop/run.sh", "")
    names.add(key(shop))
    (shop.contracts / "shop/money.avsc").rename(shop.contracts / "shop/cash.avsc")
    names.add(key(shop))
    (shop.contracts / "shop/former/order.v1.avsc").unlink()
    assert len({*names, key(shop)}) == 5


def test_options_and_paths_make_another_key(shop: Project) -> None:
    names = {key(shop), key(shop, "a"), key(shop, "a", "b"), key(shop, "ab"), cache.key([shop.contracts / "shop"], ())}
    assert len(names) == 5


def test_a_contract_alone_hangs_on_those_beside_it(shop: Project) -> None:
    before = cache.key([shop.contracts / "billing"], ())
    shop.replace("shop/money.avsc", "long", "int")
    assert cache.key([shop.contracts / "billing"], ()) != before


def test_another_version_of_the_tool_makes_another_key(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(shop)
    monkeypatch.setattr(cache, "__version__", "99.0")
    assert key(shop) != before


def test_a_linked_folder_is_not_kept(shop: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shop.contracts / "shop/linked").symlink_to(tmp_path / "elsewhere")
    assert cache.key([shop.contracts], ()) is None


@pytest.mark.parametrize(
    "text", ["", "{", "{}", '{"key": "k", "review": {}}', '{"key": "other", "review": {}}', "[]", "\xff"]
)
def test_a_damaged_file_is_as_good_as_none(text: str) -> None:
    cache.folder().mkdir(parents=True)
    (cache.folder() / "k.json").write_text(text, encoding="latin-1")
    assert cache.get("k") is None


def test_a_folder_that_cannot_be_written_is_no_error(
    shop: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "file"))
    cache.put("k", shop.review())
    assert cache.get("k") is None


def test_many_at_once_leave_one_whole_file(shop: Project) -> None:
    review = shop.review()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: (cache.put("k", review), cache.get("k"))[1], range(40)))
    assert all(each == review for each in found)
    assert [path.name for path in cache.folder().iterdir()] == ["k.json"]


def test_the_oldest_go_first(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEPT_MAX", 2)
    review = shop.review()
    for at, name in enumerate("abc"):
        cache.put(name, review)
        os.utime(cache.folder() / f"{name}.json", (at, at))
    cache.put("d", review)
    assert sorted(path.stem for path in cache.folder().iterdir()) == ["c", "d"]


def test_nothing_heavy_is_imported_when_nothing_changed(shop: Project) -> None:
    command = [sys.executable, "-c", _LOADED, str(shop.contracts)]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines()[-1]
        for _ in range(2)
    )
    assert "pydantic" in first
    assert second == "[]"


_LOADED = """
import sys
from stream_contracts.cli import main
sys.argv = ["stream-contracts", "check", sys.argv[1]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {"pydantic", "ruamel", "fastavro", "hypothesis", "google.protobuf", "jsonschema", "confluent_kafka", "duckdb"}
print(sorted(heavy & sys.modules.keys()))
"""
