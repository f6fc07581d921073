"""Which image plays which role, how another one is named, and how one comes onto the engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from stream_contracts.errors import StackError, UsageError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import CONNECT_IMAGE, KAFKA_IMAGE, POSTGRES_IMAGE, REGISTRIES
from stream_contracts.stack.docker_engine import Engine


class Image(NamedTuple):
    """The official image of a role, and the environment variable that names another one."""

    official: str
    variable: str


IMAGES: Mapping[str, Image] = {
    "kafka": Image(KAFKA_IMAGE, "STREAM_CONTRACTS_KAFKA_IMAGE"),
    "postgres": Image(POSTGRES_IMAGE, "STREAM_CONTRACTS_POSTGRES_IMAGE"),
    "connect": Image(CONNECT_IMAGE, "STREAM_CONTRACTS_CONNECT_IMAGE"),
    **{name: Image(of, f"STREAM_CONTRACTS_{name.upper()}_IMAGE") for name, of in REGISTRIES.items() if of},
}
"""Role -> image. Another image must keep the official one's contract: its environment variables and ports."""


def image(role: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the name of the image that plays the role: the user's, or the official one.

    UsageError, listing the known ones, for an unknown role, and for a name without a tag or digest: what ``latest`` is
    changes from day to day, and a verdict with it.
    """
    if role not in IMAGES:
        raise UsageError(f"no image plays {role!r}; known are {', '.join(sorted(IMAGES))}")
    official, variable = IMAGES[role]
    environ = os.environ if environ is None else environ
    name = environ.get(variable) or _mirrored(official, environ)
    if "@" not in name and ":" not in name.rpartition("/")[2]:
        raise UsageError(f"${variable}: {name!r} has neither tag nor digest; write for example {official!r}")
    return name


def _mirrored(official: str, environ: Mapping[str, str]) -> str:
    """Return the name on the mirror of Docker Hub that testcontainers is told of, for images that live there."""
    elsewhere = "." in official.partition("/")[0] and "/" in official
    return official if elsewhere else environ.get("TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX", "") + official


def ensure(engine: Engine, role: str, progress: Progress) -> str:
    """Return the role's image, pulled where the engine does not have it. StackError, with the remedy, where it cannot."""
    import docker.errors

    name = image(role)
    try:
        engine.client.images.get(name)
    except docker.errors.ImageNotFound:
        progress(f"pulling {name} (once per engine)")
        try:
            engine.client.images.pull(*_split(name))
        except docker.errors.APIError as error:
            raise StackError(_no_image(name, role, error)) from error
    return name


def _split(name: str) -> tuple[str, str]:
    """Return repository and tag; a digest takes the place of the tag."""
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    repository, _, tag = name.rpartition(":")
    return repository, tag


def _no_image(name: str, role: str, error: Any) -> str:
    return (
        f"the image {name} is not on the engine and cannot be pulled: {error.explanation or error}\n"
        f"what to do: `docker pull {name}` where a registry can be reached, or `docker load` it; name another image in "
        f"${IMAGES[role].variable}; or run without containers: --stream-backend local"
    )
