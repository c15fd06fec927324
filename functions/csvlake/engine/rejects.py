"""Keep the rejects of one file: the first of them in memory, many in a scratch file that is read as they are asked for.

The scratch file has no name, so that nobody has to remove it: it goes with the last who holds the rejects.
"""

import os
import struct
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import overload

from csvlake.engine.model import Reject
from csvlake.errors import TerminalError, TransientError

__all__ = ["Rejects"]

_HELD_BYTES = 2 << 20  # in memory; more are written
_REJECT_BYTES = 500  # that one takes in memory besides its text
_MAX_BYTES = 256 << 20  # of texts and reasons in the scratch file, which shares its disk with the Parquet file
_HEAD = struct.Struct("<qqII")  # line, byte offset, lengths of what follows: the reason and the raw text


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
            if size > _HELD_BYTES and len(self._held) > 1:
                self._spill(self._held[:-1])  # a long one is read back by itself
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
                self._spill(self._held)

    def __reduce__(self) -> tuple[Callable[[list[Reject]], "Rejects"], tuple[list[Reject]]]:
        """For another process all of them are taken into memory."""
        return _restore, (list(self),)

    def finish(self, lines: int) -> Sequence[Reject]:
        """Return all, with so many lines before them: a list where they are few enough for memory."""
        self._held = [one.behind(lines) for one in self._held]
        self._lines = lines
        return self if self._blocks else self._held

    def _spill(self, rejects: Sequence[Reject]) -> None:
        """Write the first of those that are held."""
        parts: list[bytes] = []
        for one in rejects:
            reason = one.reason.encode()
            parts += [_HEAD.pack(one.line, one.byte_offset, len(reason), len(one.raw)) + reason, one.raw]
        try:
            if self._file < 0:
                self._file, name = tempfile.mkstemp(prefix=".csvlake-", dir=self._scratch_dir)
                weakref.finalize(self, os.close, self._file)
                Path(name).unlink()
            start = end = os.lseek(self._file, 0, os.SEEK_END)
            for part in parts if len(rejects) == 1 else [b"".join(parts)]:
                end += _write(self._file, part)
        except OSError as error:
            raise TransientError(f"cannot write a scratch file: {error}") from error
        self._blocks.append((len(rejects), start, end - start))
        self._count += len(rejects)
        self._held = self._held[len(rejects) :]
        self._held_bytes = sum(len(one.raw) + len(one.reason) + _REJECT_BYTES for one in self._held)

    def _read(self, count: int, start: int, size: int) -> list[Reject]:
        if count == 1:  # it may be long: its text is not copied
            line, offset, reason, raw = _HEAD.unpack(os.pread(self._file, _HEAD.size, start))
            text = os.pread(self._file, reason, start + _HEAD.size).decode()
            return [Reject(line + self._lines, offset, text, os.pread(self._file, raw, start + size - raw))]
        content, at, rejects = os.pread(self._file, size, start), 0, []
        while at < size:
            line, offset, reason, raw = _HEAD.unpack_from(content, at)
            at += _HEAD.size + reason
            text = content[at - reason : at].decode()
            rejects.append(Reject(line + self._lines, offset, text, content[at : at + raw]))
            at += raw
        return rejects

    def __len__(self) -> int:
        return self._count + len(self._held)

    def __iter__(self) -> Iterator[Reject]:
        for block in self._blocks:
            yield from self._read(*block)
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
        for block in self._blocks:
            if at < block[0]:
                return self._read(*block)[at]
            at -= block[0]
        return self._held[at]


def _restore(rejects: list[Reject]) -> Rejects:
    out = Rejects()
    out.add(rejects, 0)
    return out


def _write(file: int, content: bytes) -> int:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(content)
