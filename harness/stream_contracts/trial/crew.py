"""Several trials side by side, each worker with connections of its own; those that hit shared services take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Generic, TypeVar

W = TypeVar("W")
T = TypeVar("T")
R = TypeVar("R")


class Crew(Generic[W]):
    """Run jobs on a few workers; results come in the order in which they are ready."""

    def __init__(self, workers: Sequence[W]) -> None:
        self._free: SimpleQueue[W] = SimpleQueue()
        self._size = len(workers)
        self.stopping = threading.Event()
        for worker in workers:
            self._free.put(worker)

    def run(
        self, jobs: Iterator[T], work: Callable[[W, T], R], alone: Callable[[T], bool] = lambda _: False
    ) -> Iterator[R]:
        """Yield a result for each job. A job is taken only when a worker is free; none once ``stopping`` is set.

        A job for which ``alone`` holds runs while no other does. What a job raises is raised here, after the others that
        are under way have ended.
        """
        self.stopping.clear()
        with ThreadPoolExecutor(self._size, thread_name_prefix="stream-contracts-trial") as pool:
            under_way: set[Future[R]] = set()
            job: T | None = None
            try:
                while True:
                    while len(under_way) < self._size and not self.stopping.is_set():
                        job = next(jobs, None) if job is None else job
                        if job is None or (under_way and alone(job)):
                            break
                        under_way.add(pool.submit(self._worked, work, job))
                        lone, job = alone(job), None
                        if lone:
                            break
                    if not under_way:
                        return
                    ready, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    for done in ready:
                        yield done.result()
            finally:
                self.stopping.set()

    def _worked(self, work: Callable[[W, T], R], job: T) -> R:
        worker = self._free.get()
        try:
            return work(worker, job)
        finally:
            self._free.put(worker)
