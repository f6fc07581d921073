"""The short way round the meta-schema: where it says that a schema is sound, every draft's meta-schema says so too."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.schema.format import Reads
from stream_contracts.schema.jsonschema_plain import _WORDS, plainly_sound
from stream_contracts.schema.jsonschema_validation import _malformed
from tests.schema.jsonschema.judged import decoding

DRAFTS = (
    jsonschema.Draft4Validator,
    jsonschema.Draft6Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft201909Validator,
    jsonschema.Draft202012Validator,
)
VALUES = st.recursive(
    st.sampled_from([None, True, False, -1, 0, 2, 1.5, "", "string", "object", "x"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*_WORDS, "$id", "other"]), inner, max_size=3),
    ),
    max_leaves=12,
)
SCHEMAS = st.dictionaries(st.sampled_from([*_WORDS, "$id", "dependencies"]), VALUES, max_size=4)


@given(SCHEMAS)
@settings(max_examples=300, deadline=None)
def test_what_passes_here_passes_every_meta_schema(schema: Any) -> None:
    """No schema is called sound that one of the drafts refuses."""
    if plainly_sound(schema):
        assert [_full(draft, schema) for draft in DRAFTS] == [None] * len(DRAFTS)


def _full(draft: Any, schema: Any) -> Any:
    """What the meta-schema says, without the short way."""
    return _malformed(draft, {**schema, "dependencies": {}})


@pytest.mark.parametrize("word", sorted(_WORDS))
def test_no_word_takes_everything_that_a_draft_refuses(word: str) -> None:
    """A near miss for every word: what some draft refuses as its value is not called sound."""
    wrong = [value for value in (None, 5, -1, 1.5, "x", [], [1], {}, {"type": 5}, True) if _refused(word, value)]
    assert not [value for value in wrong if plainly_sound({word: value})]


def _refused(word: str, value: Any) -> bool:
    return any(_full(draft, {word: value}) is not None for draft in DRAFTS)


def test_everyday_schemas_take_the_short_way() -> None:
    """Otherwise it would be of no use."""
    assert plainly_sound(
        {
            "type": "object",
            "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {"enum": [1]}}},
            "required": ["a"],
            "additionalProperties": False,
        }
    )
    assert plainly_sound({"properties": {"a": {"$ref": "#/definitions/x"}}})
    assert not plainly_sound({"properties": {"a": {"$ref": 5}}})
    assert not plainly_sound({"properties": {"a": {"type": 5}}})


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"const": 1}, {"const": True}),
        ({"$ref": "#/definitions/x"}, {"$ref": "#/definitions/x"}),
        ({"allOf": [{"$ref": "#/definitions/x"}]}, {"allOf": [{"$ref": "#/definitions/x"}]}),
    ],
)
def test_a_property_is_proved_by_its_spelling_only_where_that_means_the_same(was: Any, now: Any) -> None:
    """1 is not true; and what refers elsewhere may mean something else there."""

    def schema(inner: Any, kind: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"a": inner}, "definitions": {"x": {"type": kind}}}

    assert decoding(schema(was, "string"), schema(now, "integer")).reads is Reads.FAILS
    assert decoding(schema(was, "string"), schema(was, "string"), 0).reads is Reads.READS
