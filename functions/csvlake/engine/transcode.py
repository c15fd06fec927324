"""Turn bytes of any encoding into UTF-8, strictly: a byte that the encoding does not know is an error."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from csvlake.errors import TerminalError

__all__ = ["Chunks", "Encoding", "decodes", "find_invalid", "is_utf8", "transcode"]

_LOOK_BYTES = 64 << 10
Chunks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Encoding:
    """A verdict."""

    name: str  # a name that Python knows
    skip: int  # bytes of byte order mark
    evidence: tuple[str, ...]
    proven: bool  # every byte was decoded


def decodes(chunks: Chunks, codec: str, skip: int, whole: bool) -> bool:
    """Whether all chunks are valid; samples are cut anywhere, so only code units' width can be seen of them."""
    try:
        for _ in transcode(chunks() if whole else iter([next(chunks(), b"")]), codec, skip, partial=not whole):
            pass
    except TerminalError:
        return False
    return True


def is_utf8(data: bytes, *, final: bool) -> bool:
    """Whether bytes are UTF-8, which unless ``final`` may end within a character. In little memory."""
    return find_invalid(data, final=final) is None


def find_invalid(data: bytes, *, final: bool = True) -> tuple[int, str] | None:
    """Return where bytes stop being UTF-8, and why; None where they do not. In little memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    start = 0
    try:
        while start < len(data):
            decoder.decode(data[start : start + _LOOK_BYTES])
            start += _LOOK_BYTES
        decoder.decode(b"", final)
    except UnicodeDecodeError as error:
        # What is decoded begins with what the decoder held of the chunk before.
        held = len(error.object) - len(data[start : start + _LOOK_BYTES])
        return min(start, len(data)) - held + error.start, error.reason
    return None


def transcode(
    chunks: Iterator[bytes], codec: str, skip: int, *, partial: bool = False, name: str = ""
) -> Iterator[bytes]:
    """Yield the same text in UTF-8.

    Raises:
        TerminalError: with the byte offset of the first byte that the encoding does not know.
    """
    if codec in {"utf-8", "utf-8-sig", "ascii"}:
        for chunk in chunks:
            yield chunk[skip:]
            skip = max(0, skip - len(chunk))
        return
    decoder = codecs.getincrementaldecoder(codec)()
    offset = 0
    try:
        for chunk in chunks:
            yield decoder.decode(chunk[skip:]).encode()
            offset += len(chunk)
            skip = max(0, skip - len(chunk))
        if not partial:
            yield decoder.decode(b"", True).encode()
    except UnicodeError as error:
        where = offset + getattr(error, "start", 0)
        raise TerminalError(
            "undecodable_bytes",
            f"{name} is read as {codec}, which does not know the bytes at about byte {where}: set encoding=",
        ) from error
