"""A journal gives back what was put in, whatever it was, whoever wrote at the same time, however it ended."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import types
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.errors import HarnessError
from stream_contracts.history import tables
from stream_contracts.history.journal import Journal, read
from stream_contracts.history.model import TABLES, Note, Row

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
"""What UTF-8 can say: every other text was never on a wire."""
ODD = st.sampled_from(
    ["", "\x00", '"', "\\", "'; drop table sends; --", "\u2028", "\r\n", "💥", "{key}", "null", "%s", "\ufeff"]
)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: TEXT | ODD,
    bool: st.booleans(),
    types.NoneType: st.none(),
}


def strategy(hint: Any) -> st.SearchStrategy[Any]:
    return st.one_of(*map(strategy, get_args(hint))) if get_origin(hint) is types.UnionType else BY_TYPE[hint]


def rows_of(row: type[Row]) -> st.SearchStrategy[Row]:
    hints = get_type_hints(row)
    return st.builds(row, **{field.name: strategy(hints[field.name]) for field in dataclasses.fields(row)})


ROWS = st.lists(st.one_of(*map(rows_of, TABLES.values())), max_size=8)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_every_row_comes_back_from_the_file_and_from_the_tables(rows: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "journal.jsonl"
        with Journal(file) as journal:
            journal.add(*rows)
        assert list(read(file)) == rows
        with tables.load(file) as history:
            for name, row in TABLES.items():
                held = [row(*values) for values in history.execute(f"select * from {name}").fetchall()]
                # a table has no order of its own
                assert sorted(held, key=repr) == sorted((one for one in rows if type(one) is row), key=repr)


def test_each_table_has_a_row_type_whose_name_it_is() -> None:
    assert {name: row.TABLE for name, row in TABLES.items()} == {name: name for name in TABLES}


def note(number: int) -> Note:
    return Note("n", str(number), 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        journal.add(note(1), note(2))
    return file


def test_a_torn_last_line_ends_the_history(file: Path) -> None:
    whole = file.read_bytes()
    for size in range(len(whole) + 1):
        file.write_bytes(whole[:size])
        lines = whole[:size].count(b"\n")
        assert list(read(file)) == [note(1), note(2)][:lines]
        if size % 7 == 0 or size == len(whole):
            with tables.load(file) as history:
                assert history.execute("select count(*) from notes").fetchone() == (lines,)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b'"sends"',
        b"{}",
        b'{"table": "nonsense", "at": 1}',
        b'{"table": ["notes"]}',
        b'{"table": null}',
        b'{"table": "notes", "what": "n"}',
        b"not JSON",
        b'{"table": "notes", "what": "\xff", "detail": "", "at": 0.0}',
    ],
)
def test_a_line_that_is_no_row_is_named(file: Path, line: bytes) -> None:
    file.write_bytes(file.read_bytes() + line + b'\n{"table": "notes", "what": "n", "detail": "", "at": 0.0}\n')
    with pytest.raises(HarnessError, match=r"journal\.jsonl:3: not a row of a history"):
        list(read(file))


@pytest.mark.parametrize(
    "line",
    [
        b'{"table": "nonsense", "at": 1}',
        b'{"table": null}',
        b'{"table": "notes", "what": "n"}',
        b"not JSON",
        b'{"table": "notes", "what": "\xff", "detail": "", "at": 0.0}',
        b'{"table": "expected", "topic": "t", "key": null, "nth": 1, "event_id": null}',
    ],
)
def test_the_tables_refuse_what_the_reader_refuses(file: Path, line: bytes) -> None:
    file.write_bytes(file.read_bytes() + line + b"\n")
    with pytest.raises(HarnessError, match=r"journal\.jsonl:3: not a row of a history"):
        tables.load(file)


def test_a_value_of_the_wrong_type_is_refused_by_the_tables(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b'{"table": "notes", "what": "n", "detail": "", "at": "late"}\n')
    with pytest.raises(HarnessError, match=r"journal\.jsonl: not a history: .*late"):
        tables.load(file)


def test_an_empty_journal_has_every_table(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file).close()
    assert list(read(file)) == []
    with tables.load(file) as history:
        for name in (*TABLES, "effects", "unexplained", "repeats"):
            assert history.execute(f"select count(*) from {name}").fetchone() == (0,)


@pytest.mark.parametrize("folder", ["a[b]", "what?", "all*", "o'clock", "ü mit Leerzeichen"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    file = tmp_path / folder / "journal.jsonl"
    with Journal(file) as journal:
        journal.add(note(1))
    with tables.load(file) as history:
        assert history.execute("select detail from notes").fetchall() == [("1",)]


def test_types_and_nulls(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file).close()
    with tables.load(file) as history:
        shape = {
            (table, column): kind
            for table, column, kind in history.execute(
                "select table_name, column_name, data_type from information_schema.columns"
            ).fetchall()
        }
    wanted = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bool: "BOOLEAN"}
    for name, row in TABLES.items():
        for field in dataclasses.fields(row):
            hint = get_type_hints(row)[field.name]
            plain = next(part for part in (*get_args(hint), hint) if part in wanted)
            assert shape[name, field.name] == wanted[plain]


def test_threads_do_not_tear_each_other_s_lines(tmp_path: Path) -> None:
    file, threads, each = tmp_path / "journal.jsonl", 8, 200
    with Journal(file) as journal:

        def write(number: int) -> None:
            for count in range(each):
                journal.add(Note(f"{number}", f"{count}", 0.0), Note(f"{number}", f"{count}+", 0.0))

        writers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(20)
    rows = [row for row in read(file) if isinstance(row, Note)]
    assert len(rows) == threads * each * 2
    for number in range(threads):
        own = [row.detail for row in rows if row.what == f"{number}"]
        assert own == [detail for count in range(each) for detail in (f"{count}", f"{count}+")]
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    assert all(first.what == second.what and second.detail == first.detail + "+" for first, second in pairs)


def test_what_comes_after_the_end_is_not_written(file: Path) -> None:
    journal = Journal(file)
    journal.close()
    journal.add(note(3))
    journal.close()
    assert list(read(file)) == [note(1), note(2)]


def test_opening_again_appends(file: Path) -> None:
    with Journal(file) as journal:
        journal.add(note(3))
    assert [json.loads(line)["detail"] for line in file.read_text("utf-8").splitlines()] == ["1", "2", "3"]


@pytest.mark.parametrize("name", TABLES)
def test_the_page_names_every_column(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs/history.md").read_text("utf-8")
    [line] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    words = set(re.findall(r"\w+", line))
    assert [field.name for field in dataclasses.fields(TABLES[name]) if field.name not in words] == []
