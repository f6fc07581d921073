"""Whatever a contract file holds, loading it gives a Contract or a ContractError, and nothing else."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError

from .conftest import GOOD

GOOD_DATA = YAML(typ="safe", pure=True).load(GOOD)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
ODD = (
    *("{", "[", "]", "}", "&a", "*a", "!!int", "?", "-", "%YAML", "0o9", "1:30", "2020-99-99", "|", ">", r'"\0"'),
    *(r'"\ud800"', "!<tag:yaml.org,2002:binary>", "\n", "  ", "\t", "%YAML 1.1\n---\n"),
)
BITS = st.sampled_from([*GOOD.split("\n"), *re.findall(r"\S+", GOOD), *ODD])


def loaded(raw: bytes) -> Contract | ContractError:
    """Load these bytes; a complaint that cannot be printed would be as bad as a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "contract.yaml")
        file.write_bytes(raw)
        Path(folder, "order.avsc").write_text('"string"')
        answer: Contract | ContractError
        try:
            answer = load(file)
        except ContractError as error:
            answer = error
    if isinstance(answer, ContractError):
        assert answer.complaints
        for place, text in answer.complaints:
            assert re.fullmatch(re.escape(str(file)) + r":[1-9]\d*:[1-9]\d*", place)
            assert text.encode()
            assert "\n" not in text
    return answer


def places(data: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every node below the root."""
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [way for step, value in below for way in ((*steps, step), *places(value, (*steps, step)))]


def replaced(data: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """A copy of ``data`` with another value at ``steps``."""
    if not steps:
        return value
    copy = data.copy()
    copy[steps[0]] = replaced(data[steps[0]], steps[1:], value)
    return copy


def written(data: Any) -> str:
    """The data as flow YAML, which JSON with escaped text nearly is."""
    match data:
        case dict():
            return "{" + ", ".join(f"{written(str(key))}: {written(value)}" for key, value in data.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, data)) + "]"
        case str():
            return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in data) + '"'
        case None | bool():
            return {None: "null", True: "true", False: "false"}[data]
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(str(data), str(data))


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
@example(b"contract: !!float x")
@example(b"%YAML 1.1\n---\ncontract: 1:30:99")
def test_any_bytes(raw: bytes) -> None:
    loaded(raw)


@given(st.lists(BITS, max_size=20).map("".join))
@settings(max_examples=250, deadline=None)
def test_any_text_made_of_pieces_of_yaml(text: str) -> None:
    loaded(text.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(places(GOOD_DATA)), ANYTHING)
@settings(max_examples=250, deadline=None)
def test_any_value_at_any_place_of_a_contract(steps: tuple[Any, ...], value: Any) -> None:
    loaded(written(replaced(GOOD_DATA, steps, value)).encode("utf-8", "surrogatepass"))


def test_the_writer_of_this_file_writes_what_it_means() -> None:
    assert isinstance(loaded(written(GOOD_DATA).encode()), Contract)
