"""Every kind and rule of every format is explained: who breaks, a deploy order, a way around, and an example of it."""

from __future__ import annotations

import pytest

from stream_contracts.schema import FORMATS, format_named
from stream_contracts.schema.explain import Order, example, explanation, explanations
from stream_contracts.schema.format import Edition, Policy, Source

EVERY = [(form, kind) for form in FORMATS for kind in sorted(explanations(form))]
NEVER_FOUND = {"RESERVED_PROPERTY_REMOVED", "RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY", "protobuf-unexplained"}
"""Two kinds that no edition emits, and the rule for what no rule foresees."""


@pytest.mark.parametrize(("form", "kind"), EVERY)
def test_an_explanation_says_all_that_a_person_asks(form: str, kind: str) -> None:
    told = explanation(form, kind)
    assert told.why.startswith("Breaks ")
    assert any(told.order.startswith(order.value) for order in Order)
    assert told.instead.endswith(".")
    assert len(told.instead) > len("Nothing.")
    assert told.order in told.text
    assert all(example(form, kind))


@pytest.mark.parametrize(("form", "kind"), [row for row in EVERY if row[1] not in NEVER_FOUND])
def test_an_example_shows_its_kind(form: str, kind: str) -> None:
    """From before to after it is found; from before to before it is not, unless it is found in every schema that has it."""
    shown = example(form, kind)
    assert kind in found(form, shown.before, shown.after)
    always = {"NOT_TYPE_NARROWED", "avro-decimal-without-precision"}
    assert (kind in found(form, shown.before, shown.before)) <= (kind in always)


def found(form: str, before: str, after: str) -> set[str]:
    """All kinds, in any edition, and all decoder rules."""
    engine = format_named(form)
    writer, reader = engine.parse(Source(before)), engine.parse(Source(after))
    kinds = {clash.rule for clash in engine.decoding(writer, reader, 100).clashes}
    for edition in Edition:
        kinds |= {each.kind for each in engine.differences(writer, reader, Policy.STRICT, edition)}
    return kinds
