"""What a loaded contract says: defaults, places, former versions; and what the format publishes of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from stream_contracts.contract import model, promises
from stream_contracts.contract.load import find, json_schema, load
from stream_contracts.contract.part import Part, duration, seconds
from stream_contracts.contract.placeholders import filled
from stream_contracts.errors import ContractError
from stream_contracts.findings import Place

from .conftest import GOOD, Write

DOCS = Path(__file__).parents[2] / "docs"
MINIMAL = """\
contract: a
owner: b
topics: {in: {}, out: {}}
pipelines:
  p: {command: [x], reads: [in], writes: [{topic: out}], promises: {delivery: at-most-once}}
"""


def test_defaults(write: Write) -> None:
    contract = load(write(MINIMAL))
    pipeline, topic = contract.pipelines["p"], contract.topics["in"]
    assert (contract.name, contract.owner, contract.registry.compatibility) == ("a", "b", "BACKWARD")
    assert (topic.partitions, topic.replication, topic.config, topic.key, topic.value) == (1, 1, {}, None, None)
    assert (pipeline.command, pipeline.env, pipeline.instances, pipeline.isolation) == (("x",), {}, 1, "namespace")
    assert (pipeline.workload.events, pipeline.workload.keys, pipeline.compare.ignore) == (12, 4, ())
    assert pipeline.promises.delivery == "at-most-once"
    assert pipeline.topics_written == ("out",)


def test_what_is_written_is_what_is_loaded(write: Write) -> None:
    text = GOOD.replace(
        "{schema: order.avsc}", "{schema: order.avsc, subject: s, compatibility: FULL, framing: confluent}"
    )
    text = text.replace("retention.ms: 1000", "retention.ms: 1000, preallocate: true, x: a, y: 0.5")
    contract = load(write(text))
    schema = contract.topics["orders"].value
    assert schema is not None
    assert (schema.file, schema.subject, schema.compatibility, schema.framing) == (
        "order.avsc",
        "s",
        "FULL",
        "confluent",
    )
    assert contract.topics["orders"].settings == {"retention.ms": "1000", "preallocate": "true", "x": "a", "y": "0.5"}
    assert contract.level(schema) == "FULL"
    assert contract.subject("orders", "value") == "s"
    assert contract.pipelines["enrich"].compare.ignore == ("$.at",)


def test_subject_level_and_path_of_a_schema(write: Write) -> None:
    contract = load(write(GOOD.replace("registry: {compatibility: BACKWARD}", "registry: {compatibility: FULL}")))
    [(topic, role, schema)] = contract.schemas()
    assert (topic, role, contract.subject(topic, role)) == ("orders", "value", "orders-value")
    assert contract.subject("orders", "key") == "orders-key"
    assert contract.level(schema) == "FULL"
    assert contract.path(schema) == contract.folder / "order.avsc"
    assert contract.file == contract.folder / "contract.yaml"


def test_a_contract_cannot_be_changed(write: Write) -> None:
    contract = load(write(GOOD))
    with pytest.raises(ValueError, match="frozen"):
        contract.owner = "x"


@pytest.mark.parametrize(
    ("steps", "line", "column"),
    [
        (("pipelines", "enrich", "promises", "delivery"), 17, 16),
        (("pipelines", "enrich", "reads", 0), 15, 13),
        (("pipelines", "enrich", "writes", 0, "topic"), 16, 15),
        (("pipelines", "enrich", "isolation"), 11, 3),
        (("topics", "enriched", "value", "schema"), 9, 3),
        (("nowhere",), 1, 1),
        ((), 1, 1),
    ],
)
def test_a_place_is_where_it_is_written_or_its_nearest_parent(
    steps: tuple[str | int, ...], line: int, column: int, write: Write
) -> None:
    file = write(GOOD)
    assert load(file).place(*steps) == Place(str(file), line, column)


def test_former_versions_come_in_the_order_of_their_numbers(write: Write) -> None:
    file = write(GOOD)
    folder = file.parent / "former"
    folder.mkdir()
    for name in ("order.v10.avsc", "order.v2.avsc", "order.v1.avsc"):
        (folder / name).write_text('"int"')
    for name in ("order.avsc", "border.v1.avsc", "order.v1.avsc.bak", "order.vx.avsc", "order.v1.json"):
        (folder / name).write_text("these are no former versions of order.avsc")
    contract = load(file)
    schema = contract.topics["orders"].value
    assert schema is not None
    assert [path.name for path in contract.former(schema)] == ["order.v1.avsc", "order.v2.avsc", "order.v10.avsc"]


def test_a_schema_without_former_versions(write: Write) -> None:
    contract = load(write(GOOD))
    assert [contract.former(schema) for _, _, schema in contract.schemas()] == [()]


def test_a_folder_is_loaded_by_its_contract(write: Write) -> None:
    assert load(write(GOOD).parent) == load(write(GOOD))


def test_find(tmp_path: Path) -> None:
    wanted = [tmp_path / "a" / "contract.yaml", tmp_path / "b" / "c" / "contract.yaml", tmp_path / "contract.yaml"]
    unwanted = [tmp_path / ".venv" / "x" / "contract.yaml", tmp_path / "node_modules" / "contract.yaml"]
    for file in (*wanted, *unwanted, tmp_path / "a" / "other.yaml"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert find(tmp_path) == wanted
    assert find(wanted[0]) == wanted[:1]
    assert find(tmp_path / "a" / "other.yaml") == []
    assert find(tmp_path / "nowhere") == []


def test_each_promise_is_listed_with_its_place(write: Write) -> None:
    """A time is seconds once it is read; what is not promised is not listed."""
    text = GOOD.replace(
        "{delivery: exactly-once}",
        "\n      delivery: exactly-once\n      order: per-key\n      recovers-within: 1.5m\n"
        "      lag: {max: 1000, within: 500ms}\n      late: {allowed: 5m, then: drop}\n      dead-letter: enriched\n"
        "      atomic: true\n      replay: false",
    )
    contract = load(write(text))
    listed = contract.promises("enrich")
    assert [(name, value, told, place.line) for name, value, told, place in listed] == [
        ("delivery", "exactly-once", "exactly-once", 18),
        ("order", "per-key", "per-key", 19),
        ("recovers-within", 90.0, "90s", 20),
        ("lag", {"max": 1000, "within": 0.5}, "max 1000, within 500ms", 21),
        ("late", {"allowed": 300.0, "then": "drop"}, "allowed 5m, then drop", 22),
        ("dead-letter", "enriched", "enriched", 23),
        ("atomic", True, "true", 24),
    ]
    assert contract.pipelines["enrich"].promises.made == {each.name: each.value for each in listed}


@pytest.mark.parametrize(("text", "value_s"), [("1ms", 0.001), ("30s", 30), ("1.5m", 90), ("2h", 7200), ("1d", 86400)])
def test_a_time_is_read_to_seconds_and_told_again(text: str, value_s: float) -> None:
    assert seconds(text) == pytest.approx(value_s)
    assert seconds(duration(seconds(text))) == pytest.approx(value_s)


def test_sinks_of_both_kinds(write: Write) -> None:
    text = GOOD.replace("{topic: enriched}", "{topic: enriched}, {table: public.totals, key: [a, b]}")
    pipeline = load(write(text.replace("exactly-once}", "exactly-once, dead-letter: enriched}"))).pipelines["enrich"]
    assert pipeline.topics_written == ("enriched",)
    assert [(sink.table, sink.key) for sink in pipeline.tables_written] == [("public.totals", ("a", "b"))]


def test_invariants_come_in_the_order_of_their_names(write: Write) -> None:
    file = write(GOOD)
    assert load(file).invariants == ()
    (file.parent / "invariants").mkdir()
    for name in ("b.sql", "a.sql", "notes.txt"):
        (file.parent / "invariants" / name).touch()
    assert [path.name for path in load(file).invariants] == ["a.sql", "b.sql"]


def test_placeholders_are_filled() -> None:
    env = {"A": "${topic:orders},${topic:b}", "B": "${group}/${transactional-id}", "C": "$HOME {x}", "D": "${state}"}
    told = filled(env, topics={"orders": "t1-orders", "b": "t1-b"}, group="g", transactional_id="x", state="/s")
    assert told == {"A": "t1-orders,t1-b", "B": "g/x", "C": "$HOME {x}", "D": "/s"}


def test_the_published_schema_is_the_one_of_the_models() -> None:
    published = json.loads((DOCS / "contract.schema.json").read_text("utf-8"))
    remedy = "write json.dumps(json_schema(), indent=2) and a newline to docs/contract.schema.json"
    assert published == json_schema(), remedy


def test_the_published_schema_is_one_and_says_what_the_loader_says(write: Write) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    good = YAML(typ="safe", pure=True).load(GOOD)
    assert list(validator.iter_errors(good)) == []
    bad = YAML(typ="safe", pure=True).load(GOOD.replace("partitions", "partitons"))
    assert [error.validator for error in validator.iter_errors(bad)] == ["additionalProperties"]
    with pytest.raises(ContractError):
        load(write(GOOD.replace("partitions", "partitons")))


PARTS = [
    part
    for part in {**vars(model), **vars(promises)}.values()
    if isinstance(part, type) and issubclass(part, BaseModel) and part is not Part
]
KEYS = {(part.__name__, field.alias or name) for part in PARTS for name, field in part.model_fields.items()}


@pytest.mark.parametrize(("part", "key"), sorted(KEYS))
def test_the_page_names_every_key(part: str, key: str) -> None:
    page = (DOCS / "contract.md").read_text("utf-8")
    section = page.partition(f"<!-- {part} -->")[2].partition("<!--")[0]
    assert f"| `{key}` |" in section


@pytest.mark.parametrize(
    "literal",
    [
        model.Level,
        model.Framing,
        model.Isolation,
        promises.Delivery,
        promises.Order,
        promises.Late,
        promises.Comparison,
    ],
)
def test_the_page_names_every_allowed_word(literal: object) -> None:
    page = (DOCS / "contract.md").read_text("utf-8")
    assert [word for word in get_args(literal) if f"`{word}`" not in page] == []


def test_loading_needs_no_client_and_no_codec(write: Write) -> None:
    code = (
        "import sys; from stream_contracts.contract.load import load; load(sys.argv[1]);"
        "print([name for name in ('fastavro', 'confluent_kafka', 'hypothesis') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, write(GOOD)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_example_on_the_page_loads(write: Write) -> None:
    example = (DOCS / "contract.md").read_text("utf-8").split("```yaml\n")[2].partition("```")[0]
    file = write(example)
    (file.parent / "enriched.avsc").write_text('"string"')
    contract = load(file)
    assert list(contract.pipelines) == ["enrich"]
    assert contract.pipelines["enrich"].compare.ignore == ("$.processed_at",)
