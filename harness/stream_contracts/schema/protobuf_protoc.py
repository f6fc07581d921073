"""Compiles schemas with the real protoc, in process, and keeps what it says to itself."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import IO

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Source
from stream_contracts.schema.protobuf_descriptor import CONFLUENT_FILES, descriptor_in

#: protoc needs a second per megabyte, and far more where it has much to complain about.
LARGEST_MB = 4
MOST_COLLISIONS = 100

_MAIN = "schema-under-test.proto"
_COMPLAINT = re.compile(r"^(?P<file>[^:\n]+):(?:(?P<line>\d+):(?P<column>\d+):)? (?P<why>.+)$", re.MULTILINE)
_GOOGLE_TYPE = re.compile(r"[\"']google/type/(\w+)\.proto[\"']")
_NUMBER = re.compile(r"=\s*(\d+)\s*[;\[]")
_WARNING = "warning:"
_BESIDE = re.compile(r"[\"'](?:confluent|google/type)/")
"""A text that may import what does not lie among protoc's own files."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A linked schema in a descriptor pool of its own. ``messages`` maps a name without its package to its type.

    Nested messages are in it, map entries are not. The first one is the message that a record holds by default.
    """

    pool: DescriptorPool
    file: FileDescriptor
    messages: dict[str, Descriptor]


@lru_cache(maxsize=1024)
def compiled(source: Source) -> Compiled:
    """Compile and link a schema; raises ``SchemaError`` with protoc's first complaint and its position."""
    files = _descriptors(source)
    pool = DescriptorPool()
    try:
        for proto in files:
            pool.Add(proto)
        file = pool.FindFileByName(files[-1].name)
    except (TypeError, KeyError, ValueError) as error:
        raise SchemaError(source.called, f"its descriptors do not link: {error}") from None
    return Compiled(pool, file, _messages(file))


def _messages(file: FileDescriptor) -> dict[str, Descriptor]:
    found: dict[str, Descriptor] = {}
    pending = list(file.message_types_by_name.values())[::-1]
    while pending:
        message = pending.pop()
        if not message.GetOptions().map_entry:
            local = message.full_name[len(file.package) + 1 :] if file.package else message.full_name
            found[local] = message
            pending.extend(reversed(message.nested_types))
    return found


def _descriptors(source: Source) -> list[FileDescriptorProto]:
    """The files of a schema, dependencies first, the schema itself last."""
    _bounded(source)
    given = descriptor_in(source.text)
    if given is None and not source.references and not _BESIDE.search(source.text) and _memory_is_there():
        return _in_memory(source)
    with tempfile.TemporaryDirectory(prefix="stream-contracts-") as folder:
        root = Path(folder)
        if given is None:
            _write(root, _MAIN, source.text, source.called)
            wanted = [_MAIN]
        else:
            wanted = list(given.dependency)
        texts = [source.text]
        for reference in source.references:
            if reference.text is not None:
                _write(root, reference.name, reference.text, source.called)
                texts.append(reference.text)
        _add_known_files(root, texts, wanted)
        files = _protoc(root, wanted, source.called) if wanted else []
    return files if given is None else [*files, given]


def _bounded(source: Source) -> None:
    """Refuse what would keep protoc busy for minutes: huge texts, and numbers that collide by the thousand."""
    size = len(source.text) + sum(len(reference.text or "") for reference in source.references)
    if size > LARGEST_MB * 1_000_000:
        why = f"it has {size / 1e6:.1f} MB with its references; more than {LARGEST_MB} MB are not compiled"
        raise SchemaError(source.called, why)
    for text in (source.text, *(reference.text or "" for reference in source.references)):
        numbers = Counter(_NUMBER.findall(text))
        most = numbers.most_common(1)
        messages = text.count("{") + 1
        if most and most[0][1] > messages * MOST_COLLISIONS:
            why = f"number {most[0][0]} is given {most[0][1]} times in {messages} blocks: numbers collide"
            raise SchemaError(source.called, why)


def _write(root: Path, name: str, text: str, called: str) -> None:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise SchemaError(called, f"{name!r} is no name for a reference: it must be a relative path without '..'")
    proto = descriptor_in(text)
    if proto is not None:
        why = f"reference {name} is a descriptor in base64; protoc needs it as .proto text"
        raise SchemaError(called, why)
    try:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    except (OSError, UnicodeEncodeError) as error:
        raise SchemaError(called, f"reference {name!r} cannot be handed to protoc: {error}") from None


def _add_known_files(root: Path, texts: list[str], wanted: list[str]) -> None:
    """Put Google's common types and Confluent's files beside the schema, unless a reference took their place."""
    known = dict(CONFLUENT_FILES)
    mentioned = {name for text in texts for name in _GOOGLE_TYPE.findall(text)}
    mentioned |= {PurePosixPath(name).stem for name in wanted if name.startswith("google/type/")}
    for name in mentioned:
        file = resources.files("google.type") / f"{name}.proto"
        if file.is_file():
            known[f"google/type/{name}.proto"] = file.read_text(encoding="utf-8")
    for name, text in known.items():
        target = root / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


def _in_memory(source: Source) -> list[FileDescriptorProto]:
    """One file that needs none beside it, without touching a disk: folders cost more than protoc does."""
    with _memory() as text, _memory() as out:
        try:
            text.write(source.text.encode())
        except UnicodeEncodeError as error:
            raise SchemaError(source.called, f"the text cannot be handed to protoc: {error}") from None
        text.flush()
        options = [f"-I{_MAIN}={_path(text)}", f"--descriptor_set_out={_path(out)}"]
        _run(options, [_MAIN], source.called, (_path(text), _MAIN))
        return list(FileDescriptorSet.FromString(out.read()).file)


@cache
def _memory_is_there() -> bool:
    """Files without a disk that have a path: Linux has them, unless a sandbox takes them or /proc away."""
    try:
        with _memory() as file:
            return Path(_path(file)).exists()
    except (AttributeError, OSError):
        return False


def _memory() -> IO[bytes]:
    return os.fdopen(os.memfd_create("stream-contracts"), "w+b")


def _path(file: IO[bytes]) -> str:
    return f"/proc/self/fd/{file.fileno()}"


def _protoc(root: Path, names: list[str], called: str) -> list[FileDescriptorProto]:
    out = root / "descriptors.bin"
    _run([f"-I{root}", f"--descriptor_set_out={out}"], names, called, (f"{root}/", ""))
    return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def _run(options: list[str], names: list[str], called: str, shown: tuple[str, str]) -> None:
    """Let protoc compile; raises ``SchemaError`` with its complaint, in which one path is ``shown`` as another."""
    # Importing grpc_tools costs 30 ms; whoever asks for the registry's verdict alone does not pay for it.
    from grpc_tools import protoc

    with _memory() if _memory_is_there() else tempfile.TemporaryFile() as said:
        with _stderr_into(said):
            status = protoc.main(["protoc", *options, f"-I{_google_includes()}", "--include_imports", *names])
        said.seek(0)
        complaints = said.read().decode(errors="replace")
    if status != 0:
        raise _complaint(complaints.replace(*shown), called)


@cache
def _google_includes() -> Path:
    return Path(str(resources.files("grpc_tools"))) / "_proto"


@contextmanager
def _stderr_into(file: IO[bytes]) -> Iterator[None]:
    """protoc writes to the C library's standard error; send that to ``file`` meanwhile."""
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # the process has no standard error at all, so nothing can leak into it
        yield
        return
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _complaint(text: str, called: str) -> SchemaError:
    """protoc's most telling complaint: the first one that has a position, else the first one."""
    found = [match for match in _COMPLAINT.finditer(text) if not match["why"].startswith(_WARNING)]
    placed = [match for match in found if match["line"]]
    missing = [match["file"] for match in found if match["why"].startswith("File not found")]
    if not found:
        return SchemaError(called, f"protoc refuses it: {text.strip() or 'without a word'}")
    first = (placed or found)[0]
    file = called if first["file"] == _MAIN else first["file"]
    place = f"{file}:{first['line']}:{first['column']}" if first["line"] else ""
    hint = f" (give {', '.join(missing)} as a reference)" if missing else ""
    why = first["why"].replace(_MAIN, called)
    return SchemaError(called, f"protoc refuses it: {why}{hint}", place=place)
