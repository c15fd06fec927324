"""Keep the rejects of one file: the first of them in memory, many in a scratch file that is read as they are asked for.

The scratch file has no name, so that nobody has to remove it: it goes with the last who holds the rejects.
"""

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import overload

import pyarrow as pa

from csvlake.engine.model import Reject
from csvlake.errors import TerminalError, TransientError

__all__ = ["Rejects"]

_HELD_BYTES = 2 << 20  # in memory; more are written
_REJECT_BYTES = 500  # that one takes in memory besides its text
_MAX_BYTES = 256 << 20  # of texts and reasons in the scratch file, which shares its disk with the Parquet file
_SCHEMA = pa.schema(
    [("line", pa.int64()), ("byte_offset", pa.int64()), ("reason", pa.large_string()), ("raw", pa.large_binary())]
)


class Rejects(Sequence[Reject]):
    """Rejects in the order in which they were added. Adding is for one thread at a time, reading for any number.

    Args:
        scratch_dir: where the scratch file goes; None: the system's temporary folder.
    """

    def __init__(self, scratch_dir: Path | None = None) -> None:
        self._scratch_dir = scratch_dir
        self._file = -1  # its descriptor, once there is one
        self._blocks: list[tuple[int, int, int]] = []  # in the file: how many rejects, where, how long
        self._count = 0  # of those in the file
        self._bytes = 0  # of all
        self._lines = 0  # before all of those in the file
        self._held: list[Reject] = []
        self._held_bytes = 0

    def add(self, rejects: Iterable[Reject], lines: int) -> None:
        """Take the rejects of a stretch that begins behind so many lines.

        Raises:
            TerminalError: they are too many to keep.
            TransientError: the scratch file could not be written.
        """
        for one in rejects:
            self._held.append(one.behind(lines))
            size = len(one.raw) + len(one.reason)
            self._bytes += size
            self._held_bytes += size + _REJECT_BYTES
            if self._bytes > _MAX_BYTES:
                first = self[0]
                raise TerminalError(
                    "too_many_rejects",
                    f"{len(self)} records were rejected before the file's end, too many to keep; one is near line "
                    f"{first.line}: {first.reason}",
                )
            if self._held_bytes > _HELD_BYTES:
                self._spill()

    def finish(self, lines: int) -> Sequence[Reject]:
        """Return all, with so many lines before them: a list where they are few enough for memory."""
        self._held = [one.behind(lines) for one in self._held]
        self._lines = lines
        return self if self._blocks else self._held

    def _spill(self) -> None:
        columns = zip(*((one.line, one.byte_offset, one.reason, one.raw) for one in self._held), strict=True)
        arrays = [pa.array(column, type_) for column, type_ in zip(columns, _SCHEMA.types, strict=True)]
        content = pa.record_batch(arrays, schema=_SCHEMA).serialize()
        try:
            if self._file < 0:
                self._file, name = tempfile.mkstemp(prefix=".csvlake-", dir=self._scratch_dir)
                weakref.finalize(self, os.close, self._file)
                Path(name).unlink()
            start = os.lseek(self._file, 0, os.SEEK_END)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            raise TransientError(f"cannot write a scratch file: {error}") from error
        self._blocks.append((len(self._held), start, len(content)))
        self._count += len(self._held)
        self._held, self._held_bytes = [], 0

    def _read(self, start: int, size: int) -> list[Reject]:
        content = os.pread(self._file, size, start)
        columns = pa.ipc.read_record_batch(pa.py_buffer(content), _SCHEMA).to_pydict()
        return [Reject(line + self._lines, *rest) for line, *rest in zip(*columns.values(), strict=True)]

    def __len__(self) -> int:
        return self._count + len(self._held)

    def __iter__(self) -> Iterator[Reject]:
        for _, start, size in self._blocks:
            yield from self._read(start, size)
        yield from self._held

    @overload
    def __getitem__(self, index: int) -> Reject: ...
    @overload
    def __getitem__(self, index: slice) -> list[Reject]: ...
    def __getitem__(self, index: int | slice) -> Reject | list[Reject]:
        if isinstance(index, slice):
            wanted = range(*index.indices(len(self)))
            if wanted.step == 1:
                return list(islice(self, wanted.start, wanted.stop))
            return [self[one] for one in wanted]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        for count, start, size in self._blocks:
            if at < count:
                return self._read(start, size)[at]
            at -= count
        return self._held[at]
