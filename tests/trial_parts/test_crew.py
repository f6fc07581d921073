"""A crew: each worker does one job at a time, what a job raises is raised, and nothing is taken after a stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stream_contracts.trial.crew import Crew


def test_every_job_is_done_once_and_no_worker_does_two_at_a_time() -> None:
    busy: dict[str, threading.Lock] = {name: threading.Lock() for name in "ab"}

    def work(worker: str, job: int) -> int:
        assert busy[worker].acquire(blocking=False), "two jobs at a time"
        try:
            return job * job
        finally:
            busy[worker].release()

    assert sorted(Crew("ab").run(iter(range(200)), work)) == [job * job for job in range(200)]


def test_jobs_run_side_by_side() -> None:
    meet = threading.Barrier(3)
    assert sorted(Crew("abc").run(iter(range(3)), lambda _, job: meet.wait(10) * 0 + job)) == [0, 1, 2]


def test_after_a_stop_no_job_is_taken_and_those_under_way_are_told() -> None:
    crew, taken = Crew("ab"), []

    def jobs() -> Iterator[int]:
        for job in range(100):
            taken.append(job)
            yield job

    results = []
    for result in crew.run(jobs(), lambda _, job: job):
        results.append(result)
        crew.stopping.set()
    assert sorted(results) == taken
    assert len(taken) <= 3


def test_what_a_job_raises_is_raised_here_and_the_crew_can_be_used_again() -> None:
    crew = Crew("ab")
    with pytest.raises(ZeroDivisionError):
        list(crew.run(iter([1, 0]), lambda _, job: 1 // job))
    assert list(crew.run(iter([1]), lambda _, job: job)) == [1]
