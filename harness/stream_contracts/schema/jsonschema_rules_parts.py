"""What the decoder rules for arrays and for objects share: whom they ask, and what surely evaluates beside a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_shapes import Shape, made


class Proves(Protocol):
    """What these rules ask of the prover they are part of."""

    kept: list[Any]

    def below(self, conjunction: tuple[Located, ...], target: Located) -> bool:
        """Whether a part of the value that satisfies the conjunction surely satisfies the target."""

    def nothing(self, conjunction: tuple[Located, ...]) -> bool:
        """Whether a part of the value surely cannot satisfy the conjunction."""

    def implied(self, shape: Shape, target: Located) -> bool:
        """Whether every value of a shape surely satisfies the target."""


ANYTHING = made(schema=True)


# Arrays


def certain(target: Located) -> Iterator[Located]:
    """What surely evaluates beside a schema: itself, its references and its allOf branches, all the way down."""
    seen: set[int] = set()
    pending = [target]
    while pending:
        here = pending.pop()
        if here.key not in seen:
            seen.add(here.key)
            yield here
            words = here.words()
            pending += [here.at(branch) for branch in words.get("allOf", ())]
            pending += [here.target()] if "$ref" in words else []
