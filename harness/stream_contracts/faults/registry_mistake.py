"""registry-mistake: the schema registry takes one id for another, as after a restore from an old backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

WRONG_S = 3.0


@dataclass(frozen=True, slots=True)
class RegistryMistake:
    """Beyond what a registry promises: an id stands for one schema for ever. No client can find out by itself."""

    beyond: str = "registry"
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Mistake the newest id for the oldest until it is over; with a single schema there is nothing to mistake."""
        heal = scene.registry_mistakes()
        try:
            scene.settle("release")
            yield Struck(heal is not None, until=scene.passed(WRONG_S), limit_s=2 * WRONG_S)
        finally:
            if heal is not None:
                heal()
