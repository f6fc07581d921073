"""Each way to get a contract wrong: the complaint names the line, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError
from tests.contract.conftest import GOOD, Write


class Case(NamedTuple):
    """One line of the good contract, a wrong one in its place, a right one that looks much like it."""

    line: str
    wrong: str
    at: str
    says: str
    near_miss: str


LEVELS = "NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE"
PLACEHOLDERS = "${topic:orders}, ${topic:enriched}, ${group}, ${transactional-id}, ${state}"

CASES = {
    "unknown key": Case(
        "    partitions: 2",
        "    partitons: 2",
        "6:5",
        "unknown key 'partitons' (did you mean 'partitions'?); known keys: partitions, replication, config, key, value",
        "    'partitions': 2",
    ),
    "unknown key at the top": Case(
        "owner: team-orders",
        "owner: x\nzzz: 1",
        "3:1",
        "unknown key 'zzz'; known keys: contract, owner, registry, topics, shared, migrations, cdc, pipelines, waivers",
        "owner: zzz",
    ),
    "merge key": Case(
        "    partitions: 2",
        "    <<: {partitions: 2}",
        "6:5",
        "unknown key '<<'; known keys: partitions, replication, config, key, value",
        "    partitions: &two 2\n    replication: *two",
    ),
    "missing key": Case("owner: team-orders", "", "1:1", "the key 'owner' is missing; allowed: text", "owner: '1'"),
    "missing promise": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {}",
        "17:5",
        "the key 'delivery' is missing; allowed: at-most-once, at-least-once, exactly-once",
        "    promises: {delivery: at-most-once}",
    ),
    "level": Case(
        "registry: {compatibility: BACKWARD}",
        "registry: {compatibility: BACKWARDS}",
        "3:12",
        f"found 'BACKWARDS' (text); allowed: {LEVELS}",
        "registry: {compatibility: FULL_TRANSITIVE}",
    ),
    "level of a subject": Case(
        "    value: {schema: order.avsc}",
        "    value: {schema: order.avsc, compatibility: backward}",
        "8:33",
        f"found 'backward' (text); allowed: {LEVELS}",
        "    value: {schema: order.avsc, compatibility: null}",
    ),
    "framing": Case(
        "    value: {schema: order.avsc}",
        "    value: {schema: order.avsc, framing: bare}",
        "8:33",
        "found 'bare' (text); allowed: none, confluent",
        "    value: {schema: order.avsc, framing: confluent}",
    ),
    "delivery": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: once}",
        "17:16",
        "found 'once' (text); allowed: at-most-once, at-least-once, exactly-once",
        "    promises: {delivery: at-least-once}",
    ),
    "order": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, order: global}",
        "17:40",
        "found 'global' (text); allowed: per-key",
        "    promises: {delivery: exactly-once, order: per-key}",
    ),
    "time without a unit": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, recovers-within: 30}",
        "17:40",
        "found 30 (a number); allowed: a time with its unit (ms, s, m, h or d), such as 500ms, 30s or 5m",
        "    promises: {delivery: exactly-once, recovers-within: 30s}",
    ),
    "no time at all": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, recovers-within: 0s}",
        "17:40",
        "found '0s' (text); allowed: a time with its unit",
        "    promises: {delivery: exactly-once, recovers-within: 0.5s}",
    ),
    "lag without an end": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, lag: {max: 10}}",
        "17:40",
        "the key 'within' is missing; allowed: a time with its unit",
        "    promises: {delivery: exactly-once, lag: {max: 10, within: 1m}}",
    ),
    "late events": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: forget}}",
        "17:60",
        "found 'forget' (text); allowed: side-output, drop",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: side-output}}",
    ),
    "dead letters to nowhere": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, dead-letter: enrichd}",
        "17:40",
        "found the topic 'enrichd', which is not declared (did you mean 'enriched'?)",
        "    promises: {delivery: exactly-once, dead-letter: enriched}",
    ),
    "dead letters to itself": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, dead-letter: orders}",
        "11:3",
        "found 'orders' under 'reads' and as 'dead-letter'; allowed: a topic that it does not read",
        "    promises: {delivery: exactly-once, dead-letter: enriched}",
    ),
    "poison left out and put aside": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, dead-letter: enriched, poison: skip}",
        "17:5",
        "found 'poison: skip' beside 'dead-letter', which says where such an event ends up; remove one of them",
        "    promises: {delivery: exactly-once, poison: skip, duplicates: once}",
    ),
    "atomic as text": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, atomic: maybe}",
        "17:40",
        "found 'maybe' (text); allowed: true or false",
        "    promises: {delivery: exactly-once, atomic: true, replay: true}",
    ),
    "a sink of no kind": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{queue: enriched}]",
        "16:14",
        "found a mapping with the keys queue; allowed: a mapping with the keys topic or a mapping with the keys table",
        "    writes: [{table: enriched, key: [id]}]",
    ),
    "a topic with the key of a table": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{topic: enriched, key: [id]}]",
        "16:32",
        "unknown key 'key'; known keys: topic",
        "    writes: [{topic: enriched}, {table: t, key: [id]}]",
    ),
    "a table without a key": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{table: public.totals}]",
        "16:14",
        "the key 'key' is missing; allowed: a list of text that is not empty, at least one",
        "    writes: [{table: public.totals, key: [customer_id]}]",
    ),
    "a table of three parts": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{table: a.b.c, key: [id]}]",
        "16:15",
        "found 'a.b.c' (text); allowed: the name of a table, such as totals or public.totals",
        "    writes: [{topic: enriched}, {table: b.c, key: [id]}]",
    ),
    "a sink that is text": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [enriched]",
        "16:14",
        "found 'enriched' (text); allowed: a mapping with the keys topic or a mapping with the keys table, key",
        "    writes: [{topic: enriched}]",
    ),
    "a table written twice": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{table: t, key: [a]}, {table: t, key: [b]}]",
        "16:5",
        "the table 't' is listed twice; allowed: once",
        "    writes: [{table: t, key: [a]}, {table: u, key: [b]}]",
    ),
    "comparison": Case(
        "    compare: {ignore: [$.at]}",
        "    compare: {as: sets}",
        "18:15",
        "found 'sets' (text); allowed: records, final-by-key, windows",
        "    compare: {as: final-by-key}",
    ),
    "windows that nobody compares": Case(
        "    compare: {ignore: [$.at]}",
        "    compare: {as: final-by-key, window: [$.start]}",
        "18:5",
        "found 'window' without 'as: windows', so that nothing would look at it",
        "    compare: {as: windows, window: [$.start]}",
    ),
    "model": Case(
        "    compare: {ignore: [$.at]}",
        "    model: shop/models.py",
        "18:5",
        "found 'shop/models.py' (text); allowed: a Python function, such as shop.models:totals",
        "    model: shop.models:totals",
    ),
    "isolation": Case(
        "    reads: [orders]",
        "    reads: [orders]\n    isolation: none",
        "16:5",
        "found 'none' (text); allowed: namespace, broker",
        "    reads: [orders]\n    isolation: broker",
    ),
    "text for a number": Case(
        "    partitions: 2",
        "    partitions: two",
        "6:5",
        "found 'two' (text); allowed: a whole number from 1 to 1000",
        "    partitions: 0x2",
    ),
    "truth value for a number": Case(
        "    partitions: 2",
        "    partitions: true",
        "6:5",
        "found true (a truth value); allowed: a whole number from 1 to 1000",
        "    partitions: 1",
    ),
    "number out of range": Case(
        "    workload: {events: 12}",
        "    workload: {events: 10001}",
        "19:16",
        "found 10001 (a number); allowed: a whole number from 1 to 10000",
        "    workload: {events: 10000}",
    ),
    "number for text": Case(
        '      INPUT: "${topic:orders}"',
        "      INPUT: 8080",
        "14:7",
        "found 8080 (a number); allowed: text; put it in quotes",
        "      INPUT: '8080'",
    ),
    "text for a list": Case(
        "    reads: [orders]",
        "    reads: orders",
        "15:5",
        "found 'orders' (text); allowed: a list of text that is not empty, at least one",
        "    reads:\n    - orders",
    ),
    "no command": Case(
        "    command: [python, enrich.py]",
        "    command: []",
        "12:5",
        "found an empty list; allowed: a list of text that is not empty, at least one",
        "    command: [python]",
    ),
    "nothing to start": Case(
        "    command: [python, enrich.py]",
        "    instances: 1",
        "11:3",
        "found nothing to start; allowed: one of command, streams, flink, connector",
        "    command: [python]",
    ),
    "join with what is not read": Case(
        "    reads: [orders]",
        "    reads: [orders]\n    joins: [{stream: orders, table: enriched}]",
        "11:3",
        "found 'enriched' in a join; allowed: topics that it reads: orders",
        "    reads: [orders, enriched]\n    joins: [{stream: orders, table: enriched}]",
    ),
    "join with itself": Case(
        "    reads: [orders]",
        "    reads: [orders]\n    joins: [{stream: orders, table: orders}]",
        "11:3",
        "found a join of 'orders' with itself; allowed: two topics",
        "    reads: [orders, enriched]\n    joins: [{stream: orders, table: enriched}]",
    ),
    "late events to nowhere": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: drop, to: orders}}",
        "17:40",
        "found 'to' with 'then: drop', which writes late events nowhere; allowed with 'then: side-output'",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: side-output, to: orders}}",
    ),
    "windows that add up with nothing": Case(
        "    promises: {delivery: exactly-once}",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: side-output, counts: $.n}}",
        "17:40",
        "found 'counts' without 'to'; allowed: with the topic of late events, for both have to add up",
        "    promises: {delivery: exactly-once, late: {allowed: 5m, then: drop, counts: $.n}}",
    ),
    "list for a mapping": Case(
        "  enriched: {}",
        "  enriched: [a]",
        "9:3",
        "found a list of 1; allowed: a mapping with the keys partitions, replication, config, key, value",
        "  enriched: {partitions: 1}",
    ),
    "nothing for a mapping": Case(
        "  enriched: {}",
        "  enriched:",
        "9:3",
        "found nothing; allowed: a mapping with the keys partitions, replication, config, key, value",
        "  enriched: {key: null}",
    ),
    "topic setting": Case(
        "    config: {retention.ms: 1000}",
        "    config: {retention.ms: [1]}",
        "7:14",
        "found a list of 1; allowed: text or a number or true or false",
        "    config: {retention.ms: -1, preallocate: true, a: 0.5, b: x}",
    ),
    "name of a topic setting": Case(
        "    config: {retention.ms: 1000}",
        "    config: {retention ms: 1000}",
        "7:14",
        "found the name 'retention ms'; allowed: the name of a topic setting: letters, digits, '.', '_' and '-'",
        "    config: {max.message.bytes: 1000}",
    ),
    "a number that is none": Case(
        "    config: {retention.ms: 1000}",
        "    config: {retention.ms: .nan}",
        "7:14",
        "found nan (a number); allowed: text or a number or true or false",
        "    config: {retention.ms: nan}",
    ),
    "contract name": Case(
        "contract: orders",
        "contract: my orders",
        "1:1",
        "found 'my orders' (text); allowed: a name of up to 100 letters",
        "contract: my-orders",
    ),
    "topic name": Case(
        "  enriched: {}",
        "  enriched: {}\n  a b: {}",
        "10:3",
        "found the name 'a b'; allowed: a topic name of up to 249 letters, digits, '.', '_' and '-'",
        "  enriched: {}\n  a_b: {}",
    ),
    "reserved topic name": Case(
        "  enriched: {}",
        "  enriched: {}\n  '..': {}",
        "4:1",
        "found the topic '..'; Kafka reserves that name",
        "  enriched: {}\n  '...': {}",
    ),
    "colliding topic names": Case(
        "  enriched: {}",
        "  enriched: {}\n  a.b: {}\n  a_b: {}",
        "4:1",
        "the topics 'a.b' and 'a_b' collide: Kafka takes '.' and '_' in a topic name as the same",
        "  enriched: {}\n  a.b: {}\n  a-b: {}",
    ),
    "variable name": Case(
        '      INPUT: "${topic:orders}"',
        "      9: x",
        "14:7",
        "found the name '9'; allowed: the name of an environment variable",
        "      _9: x",
    ),
    "variable of ours": Case(
        '      INPUT: "${topic:orders}"',
        "      KAFKA_BOOTSTRAP_SERVERS: localhost",
        "13:5",
        "found the variable KAFKA_BOOTSTRAP_SERVERS, which every pipeline is given at start; remove it here",
        "      KAFKA_BOOTSTRAP: localhost",
    ),
    "placeholder": Case(
        '      INPUT: "${topic:orders}"',
        '      INPUT: "a ${topics}"',
        "14:7",
        f"found the placeholder '${{topics}}'; allowed: {PLACEHOLDERS}",
        '      INPUT: "a ${transactional-id} $topics {x} $"',
    ),
    "placeholder for an unknown topic": Case(
        '      INPUT: "${topic:orders}"',
        '      INPUT: "${topic:order}"',
        "14:7",
        f"found the placeholder '${{topic:order}}'; allowed: {PLACEHOLDERS}",
        '      INPUT: "${topic:enriched},${group}"',
    ),
    "unclosed placeholder": Case(
        '      INPUT: "${topic:orders}"',
        '      INPUT: "${group"',
        "14:7",
        f"found the placeholder '${{group'; allowed: {PLACEHOLDERS}",
        '      INPUT: "$group"',
    ),
    "zero byte": Case(
        "    command: [python, enrich.py]",
        '    command: [python, "a\\0b"]',
        "12:23",
        "found a zero byte, which no process can be given; allowed: text without it",
        '    command: [python, "a\\tb"]',
    ),
    "program": Case(
        "    command: [python, enrich.py]",
        "    command: [./enrich]",
        "12:15",
        "found the program './enrich', but there is no file",
        "    command: [./order.avsc]",
    ),
    "unknown topic read": Case(
        "    reads: [orders]",
        "    reads: [order]",
        "15:13",
        "found the topic 'order', which is not declared (did you mean 'orders'?); declared topics: orders, enriched",
        "    reads: [enriched, orders]",
    ),
    "unknown topic written": Case(
        "    writes: [{topic: enriched}]",
        "    writes: [{topic: xyz}]",
        "16:15",
        "found the topic 'xyz', which is not declared; declared topics: orders, enriched",
        "    writes: [{topic: enriched}, {topic: orders}]",
    ),
    "topic read twice": Case(
        "    reads: [orders]",
        "    reads: [orders, orders]",
        "15:5",
        "the topic 'orders' is listed twice; allowed: once",
        "    reads: [orders, enriched]",
    ),
    "compared field": Case(
        "    compare: {ignore: [$.at]}",
        "    compare: {ignore: [at]}",
        "18:24",
        "found 'at' (text); allowed: a path such as $.processed_at or $.order.total",
        "    compare: {ignore: [$.order.at]}",
    ),
    "a connector file of another format": Case(
        "owner: team-orders",
        "owner: x\ncdc: {c: {table: t, topic: a, connector: c.yaml}}",
        "3:31",
        "found the connector file 'c.yaml'; allowed suffix: .json",
        "owner: y",
    ),
    "a connector file that is not there": Case(
        "owner: team-orders",
        "owner: x\ncdc: {c: {table: t, topic: a, connector: c.json}}",
        "3:31",
        "found the connector file 'c.json', but there is no file",
        "owner: y",
    ),
    "a connector file outside of the folder": Case(
        "owner: team-orders",
        "owner: x\ncdc: {c: {table: t, topic: a, connector: ../c.json}}",
        "3:31",
        "found the connector file '../c.json'; allowed: a path inside the contract's folder",
        "owner: y",
    ),
    "migration suffix": Case(
        "owner: team-orders",
        "owner: x\nmigrations: [tables.ddl]",
        "3:14",
        "found the migration 'tables.ddl'; allowed suffix: .sql",
        "owner: x\nmigrations: []",
    ),
    "migration elsewhere": Case(
        "owner: team-orders",
        "owner: x\nmigrations: [../tables.sql]",
        "3:14",
        "found the migration '../tables.sql'; allowed: a path inside the contract's folder",
        "owner: x\nmigrations: []",
    ),
    "migration missing": Case(
        "owner: team-orders",
        "owner: x\nmigrations: [tables.sql]",
        "3:14",
        "found the migration 'tables.sql', but there is no file",
        "owner: x\nmigrations: []",
    ),
    "schema suffix": Case(
        "    value: {schema: order.avsc}",
        "    value: {schema: order.xml}",
        "8:13",
        "found the schema file 'order.xml'; allowed suffixes: .avsc (Avro), .proto (Protobuf), .json (JSON Schema)",
        "    value: {schema: ./order.avsc}",
    ),
    "schema elsewhere": Case(
        "    value: {schema: order.avsc}",
        "    value: {schema: ../order.avsc}",
        "8:13",
        "found the schema file '../order.avsc'; allowed: a path inside the contract's folder",
        "    value: {schema: order.avsc, subject: other}",
    ),
    "key given twice": Case(
        "owner: team-orders",
        "owner: a\nowner: b",
        "3:1",
        "the key 'owner' is given twice, first on line 2",
        "owner: b",
    ),
    "list as a key": Case(
        "  enriched: {}",
        "  enriched: {}\n  ? [a]\n  : {}",
        "10:5",
        "found a list or a mapping as a key; allowed: a name",
        "  enriched: {}\n  ? a\n  : {}",
    ),
    "tag": Case(
        "owner: team-orders",
        "owner: !!python/object:os.system {}",
        "2:8",
        "found the tag tag:yaml.org,2002:python/object:os.system; allowed: plain text, numbers, lists and mappings",
        "owner: !!str 12",
    ),
    "tag that lies": Case(
        "owner: team-orders", "owner: !!int a", "2:8", "found 'a', which is no int", "owner: 2020-01-01"
    ),
    "tab": Case(
        "    partitions: 2",
        "\tpartitions: 2",
        "6:1",
        "found a tab; allowed: spaces, YAML is indented with them",
        "    partitions: 2 #\t",
    ),
    "no YAML": Case("owner: team-orders", "owner: [a", "3:9", "not YAML: while parsing a flow", "owner: '[a'"),
    "unknown anchor": Case("owner: team-orders", "owner: *a", "2:8", "not YAML: found undefined alias", "owner: &a b"),
    "control character": Case(
        "owner: team-orders",
        "owner: a\x07",
        "2:9",
        "found the character U+0007, which YAML does not allow",
        'owner: "a\\a"',
    ),
    "two documents": Case(
        "owner: team-orders", "owner: a\n---\nb: 1", "3:1", "not YAML: expected a single document", "owner: '---'"
    ),
    "too deep": Case(
        "owner: team-orders", f"owner: {'[' * 20}", "2:24", "nested too deeply; allowed: 16 levels", "owner: '[[[['"
    ),
}


def complaints(file: Path) -> list[tuple[str, str]]:
    """What is wrong with that contract, and where."""
    with pytest.raises(ContractError) as caught:
        load(file)
    return list(caught.value.complaints)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_line_is_told_with_its_place(case: Case, write: Write) -> None:
    assert case.line in GOOD
    file = write(GOOD.replace(case.line, case.wrong))
    found = complaints(file)
    assert [place for place, _ in found] == [f"{file}:{case.at}"]
    assert found[0][1].startswith(case.says)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_near_miss_loads(case: Case, write: Write) -> None:
    load(write(GOOD.replace(case.line, case.near_miss)))


WHOLE = {
    "empty": (b"", "1:1", "the file is empty; a contract begins with the line 'contract: <name>'"),
    "only a comment": (b"# nothing\n", "1:1", "the file is empty"),
    "null": (b"~", "1:1", "found nothing; allowed: a mapping that begins 'contract: <name>'"),
    "a list": (b"- a", "1:1", "found a list of 1; allowed: a mapping that begins"),
    "binary": (b"contract: a\nx: \xff\xfe", "2:4", "not UTF-8 text: found the byte 0xff"),
    "too large": (b"#" * 1_000_001, "1:1", "too large for a contract; allowed: up to 1,000,000 bytes"),
    "too many values": (b"a: [" + b"x," * 20_000 + b"]", "1:39999", "more than 20,000 values"),
    "alias bomb": (
        b"".join(b"k%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1) if n else b"x"] * 9)) for n in range(9)),
        "1:10",
        "more than 20,000 values (an alias counts as often as it is used)",
    ),
    "alias of itself": (b"a: &a [*a]", "1:4", "nested too deeply; allowed: 16 levels"),
    "brackets without end": (b"[" * 900_000, "1:18", "nested too deeply; allowed: 16 levels"),
}


@pytest.mark.parametrize(("raw", "at", "says"), WHOLE.values(), ids=WHOLE.keys())
def test_a_file_that_is_no_contract_at_all(raw: bytes, at: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "contract.yaml"
    file.write_bytes(raw)
    [(place, text)] = complaints(file)
    assert (place, text[: len(says)]) == (f"{file}:{at}", says)


SCHEMAS = {
    "missing": ("order.avsc", None, "found the schema file 'order.avsc', but there is no file"),
    "no JSON": ("order.avsc", b'{"type": "int"\n oops}', "order.avsc: line 2, column 2: not JSON: Expecting ','"),
    "no UTF-8": ("order.avsc", b'"\xff"', "order.avsc: not UTF-8 text: found the byte 0xff at 1"),
    "no schema": ("order.avsc", b"12", "order.avsc: a JSON int is no Avro schema"),
    "deep": ("order.avsc", b"[" * 100_000, "order.avsc: not JSON"),
    "too large": ("order.avsc", b" " * 1_000_001, "order.avsc: more than 1,000,000 bytes are too many for a schema"),
    "list as JSON Schema": ("order.json", b"[]", "order.json: a JSON list is no JSON Schema schema"),
    "empty Protobuf": ("order.proto", b" \n", "order.proto: the file is empty"),
    "wrong former version": ("former/order.v1.avsc", b"{", "former/order.v1.avsc: line 1, column 2: not JSON"),
}


@pytest.mark.parametrize(("name", "content", "says"), SCHEMAS.values(), ids=SCHEMAS.keys())
def test_a_schema_file_that_cannot_be_read(name: str, content: bytes | None, says: str, write: Write) -> None:
    stem = name.rpartition("/")[2].replace(".v1", "")
    file = write(GOOD.replace("order.avsc", stem))
    wrong = file.parent / name
    wrong.parent.mkdir(exist_ok=True)
    wrong.unlink(missing_ok=True)
    if content is not None:
        wrong.write_bytes(content)
    [(place, text)] = complaints(file)
    assert place == f"{file}:8:13"
    assert says in text
    assert str(file.parent) in text


@pytest.mark.parametrize(
    ("name", "content"),
    [("order.avsc", b'{"type": "int"}'), ("order.avsc", b'["null"]'), ("order.json", b"true"), ("order.proto", b"a")],
)
def test_a_schema_file_that_can_be_read(name: str, content: bytes, write: Write) -> None:
    file = write(GOOD.replace("order.avsc", name))
    (file.parent / name).write_bytes(content)
    load(file)


def test_every_complaint_is_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    text = GOOD
    for name in (
        "unknown key",
        "level",
        "delivery",
        "placeholder",
        "schema elsewhere",
        "unknown topic read",
        "no command",
    ):
        text = text.replace(CASES[name].line, CASES[name].wrong)
    found = complaints(write(text))
    lines = [int(place.split(":")[1]) for place, _ in found]
    assert lines == [3, 6, 8, 12, 14, 15, 17]


def test_a_duplicate_key_does_not_hide_the_rest(write: Write) -> None:
    found = complaints(write(GOOD.replace("owner: team-orders", "owner: a\nowner: b\nzzz: 1")))
    assert [text.split(" ")[0] for _, text in found] == ["the", "unknown"]


def test_a_pipeline_is_started_in_one_way_and_from_sources_that_are_there(write: Write) -> None:
    start = "    command: [python, enrich.py]"
    file = write(GOOD.replace(start, "    streams: [A.java, b.py]"))
    (file.parent / "A.java").touch()
    assert complaints(file) == [(f"{file}:12:23", "found the source 'b.py'; allowed suffix: .java")]
    both = write(GOOD.replace(start, start + "\n    streams: [A.java]"))
    assert complaints(both) == [
        (f"{file}:11:3", "found 'command' and 'streams'; allowed: one of command, streams, flink, connector")
    ]
    only = write(GOOD.replace(start, "    streams: [A.java]"))
    assert load(only).pipelines["enrich"].streams == ("A.java",)


def test_a_connector_is_told_everything_by_a_file_that_is_there(write: Write) -> None:
    start = "    command: [python, enrich.py]"
    file = write(GOOD.replace(start, "    connector: sink.json"))
    [(_, beside), (where, missing)] = complaints(file)
    assert (where, beside.split(",")[0]) == (f"{file}:12:5", "found 'env' beside 'connector'")
    assert "there is no file" in missing


def test_a_missing_file_is_a_complaint(tmp_path: Path) -> None:
    assert complaints(tmp_path) == [
        (str(tmp_path / "contract.yaml"), "there is no such file; 'stream-contracts init' writes an example")
    ]
