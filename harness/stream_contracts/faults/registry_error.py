"""registry-error: for a while the schema registry answers nothing but errors: an outage behind a load balancer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.wire.refusals import Refuse

STATUS = 503
DOWN_S = 2.0


@dataclass(frozen=True, slots=True)
class RegistryError:
    """The request in hand and every further one are answered 503; with ``what``, by that status: ``404``, ``500``."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Refuse until it is over. A client keeps the schemas that it knows, so only new ones are missed."""
        lived, status = scene.victim.alive, int(scene.what or STATUS)
        heal = scene.registry_answers(status)
        try:
            scene.settle(Refuse(status))
            yield Struck(lived, until=scene.passed(DOWN_S), limit_s=2 * DOWN_S)
        finally:
            heal()
