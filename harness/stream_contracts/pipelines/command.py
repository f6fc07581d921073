"""A pipeline that is a command: any program in any language, told its addresses and names by environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack.service import Service

_PYTHONS = ("python", "python3")


def service(launch: Launch) -> Service:
    """The process of one instance, not started yet; it runs in the contract's folder.

    ``python`` is the interpreter that runs us, and its folder comes first on ``PATH``: so a pipeline sees the packages
    and programs of its project, whether or not the virtual environment was activated.
    """
    program, *arguments = launch.pipeline.command
    command = [sys.executable if program in _PYTHONS else program, *arguments]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    env = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **launch.environment}
    return Service(
        launch.instance, command, cwd=launch.folder.absolute(), env=env, log_path=launch.log_path, run_id=launch.run_id
    )
