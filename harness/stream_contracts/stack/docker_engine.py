"""The container engine: whether one answers, where its published ports are reached, and what is left on it by dead runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from stream_contracts.errors import StackError

DEFAULT_SOCKET = Path("/var/run/docker.sock")
PROBE_S = 5
"""How long an engine may take to say its version before it counts as absent."""
CALL_S = 120
"""How long one call may take; the slowest is the start of many containers on a busy machine."""

LOOPBACK = "127.0.0.1"
REMEDY = (
    "start Docker (or Podman's Docker socket) and see that `docker version` answers as this user; name another engine in "
    "$DOCKER_HOST; or run without one: --stream-backend local"
)


class Reach(NamedTuple):
    """Where published ports are: clients connect to ``host``; the engine binds them on ``bind``."""

    host: str
    bind: str


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answered. ``tc`` is testcontainers' client of it, ``client`` the Docker SDK's beneath."""

    tc: Any
    address: str
    version: str
    reach: Reach
    """Where the ports that containers publish are reached."""

    @property
    def client(self) -> Any:
        """The Docker SDK's client."""
        return self.tc.client


def absent() -> str:
    """Return why no engine answers, or an empty text where one does.

    Cheap where there is plainly none: then the Docker SDK is not even imported.
    """
    if not _configured() and _socket() is None:
        return f"no container engine answers: $DOCKER_HOST is not set, and there is no {DEFAULT_SOCKET}"
    try:
        connect(timeout_s=PROBE_S).client.close()
    except StackError as error:
        return str(error).partition("\n")[0]
    return ""


def connect(timeout_s: float = CALL_S) -> Engine:
    """Return the engine that testcontainers' rules find: its properties file, DOCKER_HOST, the current context, a socket.

    StackError, saying what was tried and what to do, where none answers.
    """
    try:
        from testcontainers.core.docker_client import DockerClient, get_docker_host
    except ImportError as error:
        raise StackError(f"testcontainers cannot be imported: {error}; pip install testcontainers") from error
    found, before = _socket(), os.environ.get("DOCKER_HOST")
    named = get_docker_host()
    address = named or (f"unix://{found}" if found else f"unix://{DEFAULT_SOCKET}")
    try:
        tc = DockerClient(environment={**os.environ, "DOCKER_HOST": address}, timeout=timeout_s, version="auto")
        version = tc.client.version()["Version"]
        found_at = _reach(tc.client, address)
    except Exception as error:
        # The SDK's own exceptions, requests' and the system's come through here, by address and by platform.
        raise StackError(f"no container engine answers at {address}: {_reason(error)}\nwhat to do: {REMEDY}") from error
    finally:
        # testcontainers leaves its choice in our environment, whence pipelines would inherit it.
        if before is None:
            os.environ.pop("DOCKER_HOST", None)
    return Engine(tc, address, version, found_at)


def reach(address: str, *, override: str, inside: bool, same_host: bool, gateway: str) -> Reach:
    """Return where ports published by the engine at ``address`` are reached. Pure.

    ``override`` is what the user says, if anything. A remote engine publishes on all of its addresses, for we do not
    know which of them we come by. On this machine it is the loopback, and nothing but it, whether we are in a container
    ourselves (``inside``) or not; only where the engine is outside of our container (not ``same_host``) the way to it
    is the ``gateway`` of its bridge network.
    """
    parts = urlsplit(address)
    if override:
        return Reach(override, "0.0.0.0" if override not in (LOOPBACK, "localhost") else LOOPBACK)
    if parts.scheme in ("tcp", "http", "https", "ssh") and parts.hostname not in (None, "localhost", LOOPBACK, "::1"):
        return Reach(str(parts.hostname), "0.0.0.0")
    if inside and not same_host and gateway:
        return Reach(gateway, gateway)
    return Reach(LOOPBACK, LOOPBACK)


def _reach(client: Any, address: str) -> Reach:
    from testcontainers.core.config import testcontainers_config

    inside = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    # An engine that runs where we run has our host name; one outside of our container has its machine's.
    same_host = not inside or client.info().get("Name") == socket.gethostname()
    gateway = "" if same_host else _gateway(client)
    override = testcontainers_config.tc_host_override or ""
    return reach(address, override=override, inside=inside, same_host=same_host, gateway=gateway)


def _gateway(client: Any) -> str:
    for network in client.networks.list(names=["bridge"]):
        for config in (network.attrs.get("IPAM") or {}).get("Config") or ():
            if config.get("Gateway"):
                return str(config["Gateway"])
    return ""


def _configured(environ: Mapping[str, str] = os.environ) -> bool:
    home = Path.home()
    return bool(
        environ.get("DOCKER_HOST")
        or environ.get("DOCKER_CONTEXT")
        or (home / ".testcontainers.properties").exists()
        or (home / ".docker" / "contexts").exists()
    )


def _socket() -> Path | None:
    """Return the system's socket, or that of a rootless engine of this user."""
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / "docker.sock"
    return next((path for path in (DEFAULT_SOCKET, own) if path.exists()), None)


def _reason(error: BaseException) -> str:
    """Return the innermost cause: the SDK wraps the system's word four times."""
    seen: set[int] = set()
    cause: BaseException = error
    while id(cause) not in seen:
        seen.add(id(cause))
        inner = cause.__cause__ or cause.__context__ or next((a for a in cause.args if isinstance(a, Exception)), None)
        if inner is None:
            break
        cause = inner
    if isinstance(cause, PermissionError):
        return "this user may not open it (is the user in the group `docker`?)"
    if isinstance(cause, FileNotFoundError):
        return "there is no such socket"
    if isinstance(cause, ConnectionRefusedError):
        return "nobody listens there"
    return f"{cause}" or type(cause).__name__
