"""Convert and inspect files by their paths or ``s3://`` URLs: the engine as a library."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from csvlake import engine
from csvlake.engine.model import Contract, Converted, ConvertOptions, Report, Source
from csvlake.engine.survey import Survey, survey
from csvlake.errors import TerminalError, TransientError

__all__ = ["convert_file", "inspect_file", "open_any", "read_contract", "survey_file", "write_converted"]

Input = str | os.PathLike[str] | BinaryIO


def convert_file(
    src: Input,
    dst: str | os.PathLike[str],
    options: ConvertOptions | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Report:
    """Convert one CSV file to one Parquet file, which appears whole or not at all.

    Args:
        src: a path, an ``s3://`` URL or an open binary file.
        dst: a path; a file that is there is replaced.
        options: None for the defaults; their contract may be a path or URL, too.
        metadata: for the Parquet file's key-value metadata.

    Raises:
        TerminalError: the file can never be converted as it is, or ``dst`` is that file; nothing was written.
        TransientError: it could not be read, or the target not be written.
    """
    options = _read(options)
    target = Path(dst)
    if str(dst).startswith("s3://"):
        raise TerminalError("unsupported_target", f"cannot write {dst}: convert to a path, then upload the file")
    if isinstance(src, str | os.PathLike) and _is_same(src, dst):
        raise TerminalError("same_file", f"{dst} is the CSV itself: give the Parquet file another name")
    if options.scratch_dir is None:
        options = replace(options, scratch_dir=target.parent)
    with _opened(src) as source:
        converted = engine.convert(source, options, metadata=metadata)
    write_converted(converted, target)
    return converted.report


def _is_same(src: str | os.PathLike[str], dst: str | os.PathLike[str]) -> bool:
    try:
        return Path(dst).samefile(src)
    except (OSError, ValueError):  # one of them is not there; whoever opens it tells why
        return False


def inspect_file(src: Input, options: ConvertOptions | None = None) -> Report:
    """Return what `convert_file` would report of a file, without writing one."""
    with _opened(src) as source:
        return engine.inspect(source, _read(options))


def survey_file(src: Input, options: ConvertOptions | None = None) -> Survey:
    """Return what is seen of every cell of a file, for a contract to start from."""
    with _opened(src) as source:
        return survey(source, options)


def read_contract(src: Input) -> Contract:
    """Read a contract, which may be anywhere that CSV files may be.

    Raises:
        TerminalError: there is none, or it has problems; all of them are told.
    """
    from csvlake.lake.contract import parse_contract  # few files have one, and it reads YAML

    with _opened(src) as source:
        return parse_contract(source.read_range(0, source.size), source.name)


def _read(options: ConvertOptions | None) -> ConvertOptions:
    options = options or ConvertOptions()
    if isinstance(options.contract, str | os.PathLike):
        return replace(options, contract=read_contract(options.contract))
    return options


@contextmanager
def _opened(src: Input) -> Iterator[Source]:
    source = open_any(src)
    try:
        yield source
    finally:
        close = getattr(source, "close", None)  # an open file is its owner's to close
        if close is not None:
            close()


def open_any(src: Input) -> Source:
    """Open a path, an ``s3://`` URL or an open binary file.

    Raises:
        TerminalError: there is nothing at the path or URL.
    """
    if not (isinstance(src, str) and src.startswith("s3://")):
        return engine.open_source(src)
    from csvlake.aws.s3 import open_s3_source  # heavy, and most files are local

    try:
        return open_s3_source(src)
    except (FileNotFoundError, ValueError) as error:
        raise TerminalError("no_such_file", str(error)) from error


def write_converted(converted: Converted, target: Path) -> None:
    """Put a conversion at a path in one step, and remove its scratch file.

    Raises:
        TransientError: the file system refused it.
    """
    try:
        if converted.path is None:
            _replace(target, lambda file: _write_table(converted, file))
        elif converted.path.parent == target.parent:
            converted.path.chmod(0o666 & ~_umask())
            converted.path.replace(target)
        else:
            scratch = converted.path
            _replace(target, lambda file: _copy(scratch, file))
            scratch.unlink()
    except OSError as error:
        raise TransientError(f"cannot write {target}: {error}") from error


def _replace(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside the target, under a name that nobody else has, and put it in the target's place."""
    scratch = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    with scratch.open("xb") as file:
        try:
            write(file)
            file.flush()
            scratch.replace(target)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise


def _write_table(converted: Converted, file: BinaryIO) -> None:
    table = converted.table
    if table is None:
        raise ValueError("the engine gave neither a table nor a file")
    content = pa.BufferOutputStream()  # a file of Python's costs as much as the encoding, in its many small writes
    with pq.ParquetWriter(content, table.schema, **converted.writer_arguments) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    file.write(content.getvalue())


def _copy(scratch: Path, file: BinaryIO) -> None:
    with scratch.open("rb") as content:
        while part := content.read(1 << 20):
            file.write(part)


def _umask() -> int:
    """Return the process's mask for new files, which only setting it tells."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
