"""The rooms of what judges: which modules are mutated, and which tests have to tell."""

from __future__ import annotations

from benchmarks.mutation.room import Room

GATE = ("decide", "compare", "states", "verdicts", "weaker", "gone", "waivers", "promised", "topics", "settings", "joins",
        "since")  # fmt: skip
JSON = ("rules", "rules_parts", "rules_arrays", "rules_objects", "rules_scalars", "widened")
JSON_REGISTRY = ("classic", "modern", "folding", "combined", "objects", "arrays", "content", "scalars", "registry",
                 "found", "kinds")  # fmt: skip
PROTOBUF = (
    "rules",
    "numbers",
    "meaning",
    "names",
    "fields",
    "registry",
    "grown",
    "history",
    "ignored",
    "kinds",
    "imports",
)
AVRO = ("rules", "registry", "resolution", "survival")


def _schema(form: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"schema/{form}_{name}.py" for name in names)


ROOMS = {
    "gate": Room(
        tuple(f"gate/{name}.py" for name in GATE),
        tuple(f"tests/gate/test_{name}.py" for name in ("decisions", "promised", "compare", "lint", "advice_edges", "excuses")),
        ("test_every_rule_can_be_explained",),
    ),
    "avro": Room(_schema("avro", AVRO), ("tests/schema/avro/test_corpus.py",)),
    "json": Room(_schema("jsonschema", JSON), ("tests/schema/jsonschema",),
                 ("test_robust", "test_swift", "test_law", "cannot_be_run_fails")),
    "json-registry": Room(
        _schema("jsonschema", JSON_REGISTRY), ("tests/schema/jsonschema",), ("test_robust", "test_swift", "test_decoder")
    ),
    "protobuf": Room(_schema("protobuf", PROTOBUF), ("tests/schema/protobuf",),
                     ("messages_by_the_thousand", "survives_a_search")),
}  # fmt: skip
"""Name -> room, as ``python -m benchmarks.mutants NAME`` takes it."""
