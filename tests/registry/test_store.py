"""The store as a function: properties that hold after any sequence of requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Terms
from stream_contracts.registry.formats import judge
from stream_contracts.registry.state import Put, State, Table, fold
from stream_contracts.registry.store import READS, VERBS, WRITES, answer, step
from tests.registry.schemas import BROKEN, ONE, TWO, record

TERMS = Terms(judge(), 0)
SUBJECTS = ("a", "b", ":.x:a")
TEXTS = (ONE, TWO, BROKEN, record("other"), "not a schema")

subjects = st.sampled_from(SUBJECTS)
versions = st.sampled_from(("1", "2", "3", "latest", "0"))
drafts = st.builds(ask.Draft, text=st.sampled_from(TEXTS), id=st.none() | st.integers(1, 9))
writes = st.one_of(
    st.builds(ask.Register, subjects, drafts),
    st.builds(ask.Register, subjects, st.builds(ask.Draft, text=st.sampled_from(TEXTS))),
    st.builds(ask.DeleteSubject, subjects, st.booleans()),
    st.builds(ask.DeleteVersion, subjects, versions, st.booleans()),
    st.builds(ask.PutConfig, subjects, st.sampled_from(({"compatibility": "NONE"}, {"compatibility": "FULL"}))),
    st.builds(ask.DeleteConfig, subjects),
    st.builds(ask.PutMode, subjects, st.sampled_from(("IMPORT", "READWRITE", "READONLY")), st.booleans()),
    st.builds(ask.DeleteMode, subjects, st.booleans()),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(writes, max_size=25))
def test_an_id_means_one_content_for_ever(requests: list[ask.Request]) -> None:
    state, meaning = State(), dict[tuple[str, int], str]()
    highest: dict[str, int] = {}
    for request in requests:
        state, given_answer = step(state, request, TERMS)
        for effect in given_answer.effects:
            if isinstance(effect, Put) and effect.table is Table.SCHEMA:
                assert meaning.setdefault(effect.key, effect.value.digest) == effect.value.digest or _imported(request)
        for context, count in state.counters.items():
            assert count >= highest.get(context, 0)
            highest[context] = count
        assert all(number <= state.counters[context] for context, number in state.schemas)


def _imported(request: ask.Request) -> bool:
    """Only a client that says the id itself may give a forgotten one again."""
    return isinstance(request, ask.Register) and request.draft.id is not None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(writes, max_size=25))
def test_the_indexes_are_what_the_rows_say(requests: list[ask.Request]) -> None:
    state, effects = State(), []
    for request in requests:
        before = state
        state, given_answer = step(state, request, TERMS)
        effects += given_answer.effects
        if given_answer.status >= 400:
            assert state is before
    assert fold(State(), effects) == state
    held = {(names.context_of(subject), version.id) for subject, each in state.subjects.items() for version in each}
    assert held == set(state.schemas) == set(state.holders)
    for key, schema in state.schemas.items():
        assert key in state.guids[schema.guid]
    for each in state.subjects.values():
        assert [version.number for version in each] == sorted({version.number for version in each})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(writes, max_size=15), subjects)
def test_deleting_softly_then_permanently_leaves_nothing(requests: list[ask.Request], subject: str) -> None:
    state = State()
    for request in requests:
        state, _ = step(state, request, TERMS)
    state, _ = step(state, ask.PutMode(subject, "READWRITE"), TERMS)
    state, _ = step(state, ask.DeleteSubject(subject), TERMS)
    state, _ = step(state, ask.DeleteSubject(subject, permanent=True), TERMS)
    assert subject not in state.subjects
    assert answer(state, ask.GetVersion(subject, "latest", deleted=True), TERMS).status == 404


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(writes, max_size=15), subjects, st.sampled_from(TEXTS[:4]))
def test_registering_twice_is_registering_once(requests: list[ask.Request], subject: str, text: str) -> None:
    state = State()
    for request in requests:
        state, _ = step(state, request, TERMS)
    once, first = step(state, ask.Register(subject, ask.Draft(text)), TERMS)
    twice, second = step(once, ask.Register(subject, ask.Draft(text)), TERMS)
    assert first.body == second.body
    assert once == twice


def test_the_old_state_stays_what_it_was() -> None:
    state, _ = step(State(), ask.Register("a", ask.Draft(ONE)), TERMS)
    kept = replace(state)
    later, _ = step(state, ask.Register("a", ask.Draft(TWO)), TERMS)
    assert state == kept
    assert len(later.versions("a")) == 2


def test_every_request_has_a_verb_and_only_writes_have_effects() -> None:
    asked: tuple[Any, ...] = ask.Request.__args__  # type: ignore[attr-defined]
    assert set(asked) == set(VERBS)
    assert not set(READS) & set(WRITES)


def test_the_time_comes_from_outside() -> None:
    state, _ = step(State(), ask.Register("a", ask.Draft(ONE)), Terms(judge(), 1234))
    assert state.versions("a")[0].at_ms == 1234
