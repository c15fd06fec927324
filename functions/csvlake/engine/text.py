"""Give a source's content as UTF-8 bytes without a byte order mark, in ranges."""

from csvlake.engine.model import ConvertOptions, Source
from csvlake.errors import TerminalError

__all__ = ["TextBytes", "open_text"]

HEAD_BYTES = 1 << 20  # kept in memory: a smaller file is read once and never again
_BOM = b"\xef\xbb\xbf"


class TextBytes:
    """UTF-8 text that maps straight to a source's bytes, past its byte order mark.

    Attributes:
        encoding: of the source, as Python names it.
        compression: of the source, ``None`` when it is plain.
        size: length in bytes; ``None`` while it is not known (a compressed or transcoded source).
    """

    def __init__(self, source: Source, head: bytes, skip: int, encoding: str) -> None:
        self.source = source
        self.encoding = encoding
        self.compression: str | None = None
        self.size: int | None = source.size - skip
        self._skip = skip
        self._head = head[skip:] if skip else head

    def read_range(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes of the text from ``offset``, fewer only at its end."""
        if offset + length <= len(self._head) or len(self._head) == self.size:
            return self._head[offset : offset + length]
        return self.source.read_range(self._skip + offset, length)


def open_text(source: Source, options: ConvertOptions) -> TextBytes:
    """Find the compression and the encoding of a source and return its text.

    Raises:
        TerminalError: the source is empty, or its encoding is not decided by its bytes nor given.
    """
    head = source.read_range(0, HEAD_BYTES)
    if not head:
        raise TerminalError("empty_file", f"{source.name} is empty (0 bytes)")
    skip = len(_BOM) if head.startswith(_BOM) else 0
    return TextBytes(source, head, skip, "utf-8-sig" if skip else (options.encoding or "utf-8"))
