"""A second worker in the group of the one that a stack has: what a cluster of Kafka Connect is for."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from pathlib import Path

from stream_contracts.errors import UnsupportedError
from stream_contracts.pipelines.connector import WORKER
from stream_contracts.stack.model import Stack
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.readiness import await_answer
from stream_contracts.stack.rest import answers
from stream_contracts.stack.service import Service
from stream_contracts.stack.unit import HOST

READY_S = 40.0
_NUMBERS = count(2)


class SecondWorker:
    """Made from the first one, with an address of its own. `start` returns when it is a member of the group.

    UnsupportedError where the first is no process of ours.
    """

    def __init__(self, stack: Stack) -> None:
        first = stack.service(WORKER)
        if not isinstance(first, Service):
            raise UnsupportedError(
                f"a second worker of Kafka Connect is started beside a local one only, not {first.name}"
            )
        self.incarnation = 0
        self._first, self._name, self._held = first, f"{WORKER}-{next(_NUMBERS)}", ExitStack()
        self._service: Service | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._service is not None and self._service.alive

    @property
    def exit_status(self) -> int | None:
        """How it ended."""
        return self._service.exit_status if self._service else None

    def start(self) -> None:
        """Start it. StackError where it does not become a member in time."""
        (port,) = self._held.enter_context(reserved(1))
        url = f"http://{HOST}:{port}"
        service = self._service = self._laid_out(url)
        self.incarnation += 1
        service.start()
        ready = answers("the second worker is a member of the group", f"{url}/health")
        await_answer(ready, (service,), timeout_s=READY_S, where=url, remedy="read the log above")

    def kill(self) -> None:
        """SIGKILL; nothing happens where it does not run."""
        if self._service is not None:
            self._service.kill()
        self._held.close()

    def stop(self, timeout_s: float) -> int:
        """Ask it to end: it hands its work over first."""
        status = self._service.stop(timeout_s) if self._service else 0
        self._held.close()
        return status

    def pause(self) -> None:
        """Freeze it."""
        if self._service is not None:
            self._service.pause()

    def resume(self) -> None:
        """Thaw it."""
        if self._service is not None:
            self._service.resume()

    def _laid_out(self, url: str) -> Service:
        """The first one's command and properties, with other listeners."""
        first = self._first
        said = next(word for word in first.command if word.endswith("worker.properties"))
        own = Path(said).with_name(f"{self._name}.properties")
        lines = Path(said).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("listeners=")]
        own.write_text("\n".join([*kept, f"listeners={url}", ""]), encoding="utf-8")
        return Service(
            self._name,
            [str(own) if word == said else word for word in first.command],
            cwd=first.cwd,
            env=first.env,
            log_path=first.cwd / f"{self._name}.log",
            run_id=first.run_id,
        )
