"""Open what holds a CSV, a path, an open file or bytes, as a source that is read in ranges."""

import io
import os
import threading
from pathlib import Path
from typing import BinaryIO

from csvlake.engine.model import Source
from csvlake.engine.text import TextBytes, open_text
from csvlake.errors import TerminalError, TransientError

__all__ = ["BytesSource", "FileSource", "StreamSource", "TextBytes", "open_source", "open_text"]


class BytesSource:
    """Bytes in memory."""

    def __init__(self, data: bytes, name: str = "<bytes>") -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    def read_range(self, offset: int, length: int) -> bytes:
        """Return the slice, without a copy when it is the whole."""
        if offset == 0 and length >= self.size:
            return self._data
        return self._data[offset : offset + length]


class FileSource:
    """A file by its path. Reads are positional, so threads may share it; it notices a file that changed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        try:
            self._file = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed with the source
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise TerminalError("no_such_file", f"cannot open {self.name}: {error.strerror}") from error
        except OSError as error:
            raise TransientError(f"cannot open {self.name}: {error}") from error
        self._stamp = self._now()
        self.size = self._stamp[0]

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self._file.fileno())
        return state.st_size, state.st_mtime_ns

    def read_range(self, offset: int, length: int) -> bytes:
        """Read by ``pread``; ``TransientError`` when the file changed since it was opened."""
        length = max(0, min(length, self.size - offset))
        parts: list[bytes] = []
        try:
            while length > 0 and (part := os.pread(self._file.fileno(), length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
            changed = self._now() != self._stamp
        except OSError as error:
            raise TransientError(f"cannot read {self.name} at byte {offset}: {error}") from error
        if length or changed:
            raise TransientError(f"{self.name} changed while it was read")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Read as `read_range` does, into memory that is there, and return how many bytes."""
        length = done = max(0, min(len(target), self.size - offset))
        try:
            while length and (got := os.preadv(self._file.fileno(), [target[done - length : done]], offset)):
                offset += got
                length -= got
            changed = self._now() != self._stamp
        except OSError as error:
            raise TransientError(f"cannot read {self.name} at byte {offset}: {error}") from error
        if length or changed:
            raise TransientError(f"{self.name} changed while it was read")
        return done

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class StreamSource:
    """An open binary file that can seek, from its present position on. Reads take turns under a lock."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.name = name
        self._base = file.tell()
        self.size = file.seek(0, io.SEEK_END) - self._base

    def read_range(self, offset: int, length: int) -> bytes:
        """Seek, then read until the length is there or the file ends."""
        parts: list[bytes] = []
        try:
            with self._lock:
                self._file.seek(self._base + offset)
                while length > 0 and (part := self._file.read(length)):
                    parts.append(part)
                    length -= len(part)
        except OSError as error:
            raise TransientError(f"cannot read {self.name} at byte {offset}: {error}") from error
        return b"".join(parts)


def open_source(x: str | os.PathLike[str] | BinaryIO | bytes) -> Source:
    """Return a source for a path, an open binary file (one that cannot seek is read into memory) or bytes.

    Raises:
        TerminalError: there is no such file.
        TransientError: it could not be opened now.
    """
    if isinstance(x, bytes):
        return BytesSource(x)
    if isinstance(x, str | os.PathLike):
        return FileSource(x)
    name = str(getattr(x, "name", "<stream>"))
    if x.seekable():
        return StreamSource(x, name)
    try:
        return BytesSource(x.read(), name)
    except OSError as error:
        raise TransientError(f"cannot read {name}: {error}") from error
