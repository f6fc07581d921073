"""A pipeline that is a command: any program in any language, told its addresses and names by environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from stream_contracts.contract.model import Pipeline
from stream_contracts.stack.service import Service

_PYTHONS = ("python", "python3")


def service(
    pipeline: Pipeline,
    instance: str,
    *,
    folder: Path,
    addresses: Mapping[str, str],
    names: Mapping[str, str],
    topics: Mapping[str, str],
    group: str,
    log_path: Path,
    run_id: str,
) -> Service:
    """The process of one instance, not started yet; it runs in the contract's folder.

    ``addresses`` is where it finds its servers (all of them our tap), ``names`` its own ``env`` filled in, which wins.
    ``python`` is the interpreter that runs us, and its folder comes first on ``PATH``: so a pipeline sees the packages
    and programs of its project, whether or not the virtual environment was activated.
    """
    del topics, group  # they are in its ``env`` where it wants them
    program, *arguments = pipeline.command
    command = [sys.executable if program in _PYTHONS else program, *arguments]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    env = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **addresses, **names}
    return Service(instance, command, cwd=folder.absolute(), env=env, log_path=log_path, run_id=run_id)
