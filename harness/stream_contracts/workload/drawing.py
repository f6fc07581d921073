"""Plans drawn by Hypothesis: other input, fed otherwise, to more instances, with several faults. One seed, one series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stream_contracts.workload.plan import FEEDS, Plan, Strike

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

MOST_STRIKES = 3
MOST_INSTANCES = 3
DELAYS_S = (0.0, 0.0, 0.1, 0.3, 0.5)
CHUNK = 16
"""How many plans are drawn at a time."""
MOST_CHUNKS = 1000

Places = Mapping[str, Sequence[Strike]]
"""Fault -> the strikes of it that make sense, one for each moment at which it can be applied."""


def plans(base: Plan, places: Places) -> SearchStrategy[Plan]:
    """A strategy of plans: each is drawn whole before anything runs, so that a run never asks for more."""
    from hypothesis import strategies as st

    strikes = st.sampled_from(sorted(places)).flatmap(lambda fault: st.sampled_from(list(places[fault])))
    late = st.builds(lambda strike, delay_s: replace(strike, delay_s=delay_s), strikes, st.sampled_from(DELAYS_S))
    return st.builds(
        lambda seed, feed, aborted, instances, struck: replace(
            base, seed=seed, feed=feed, with_aborted=aborted, instances=instances, strikes=tuple(struck)
        ),
        st.integers(base.seed, base.seed + 1000),
        st.sampled_from(FEEDS),
        st.booleans(),
        st.integers(0, MOST_INSTANCES),
        st.lists(
            late, min_size=1, max_size=MOST_STRIKES, unique_by=lambda strike: (strike.api, strike.nth, strike.phase)
        ),
    )


def drawn(base: Plan, places: Places) -> Iterator[Plan]:
    """A series of plans without repetitions, as long as there are new ones; the seed of ``base`` decides it.

    Nothing where no fault has a place.
    """
    if not any(places.values()):
        return
    strategy = plans(base, places)
    told: set[str] = set()
    for number in range(MOST_CHUNKS):
        for plan in _chunk(strategy, base.seed * MOST_CHUNKS + number):
            if plan.digest not in told:
                told.add(plan.digest)
                yield plan


def _chunk(strategy: SearchStrategy[Plan], number: int) -> list[Plan]:
    from hypothesis import HealthCheck, Phase, given, seed, settings

    found: list[Plan] = []

    @seed(number)
    @settings(
        max_examples=CHUNK,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(plan: Plan) -> None:
        found.append(plan)

    collect()
    return found
