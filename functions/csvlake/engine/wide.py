"""Tell UTF-16 and UTF-32 that have no byte order mark from text that holds NUL characters."""

from csvlake.engine.transcode import is_utf8
from csvlake.errors import TerminalError

__all__ = ["find_wide"]

_CODECS = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
_HEAD_BYTES = 1 << 20  # a shorter head is the whole file
_CHARACTERS = 1 << 15  # looked at
_LINE_ENDS = "\r\n"
_SURE = 0.9  # of the characters besides line ends are of Latin-1: no other text has zero bytes just so
_FOREIGN = 0.2  # the same, where the bytes are no UTF-8: what delimiters and digits are among Chinese


def find_wide(head: bytes, name: str) -> str | None:
    """Return the UTF-16 or UTF-32 that zero bytes in a file's head point to, None where they are characters.

    Raises:
        TerminalError: they may be either.
    """
    found = [(share, codec) for codec, unit in _CODECS if (share := _share_plain(head, codec, unit)) is not None]
    if not found:
        return None
    share, codec = max(found, key=lambda f: f[0])
    if share >= _SURE:
        return codec
    could_be_utf8 = is_utf8(head, final=False)
    # No other text has a zero for each fourth byte and at most 0x10 before it, or behind it.
    is_utf32 = codec.startswith("utf-32") and not could_be_utf8
    if share <= _FOREIGN and not is_utf32 and not _has_wide_ends(head, codec):
        return None
    if could_be_utf8:
        raise TerminalError(
            "undecided_encoding",
            f"{name} may be {codec.upper()} or UTF-8 with NUL characters: set encoding={codec} or encoding=utf-8",
        )
    return codec


def _has_wide_ends(head: bytes, codec: str) -> bool:
    """Whether every line feed among the bytes is one of the codec's characters; there is one."""
    feeds = head.count(b"\n")
    return feeds > 0 and head.decode(codec, "replace").count("\n") == feeds


def _share_plain(head: bytes, codec: str, unit: int) -> float | None:
    """Return what part of the characters besides line ends is of Latin-1; None where bytes are of another codec."""
    if len(head) % unit and len(head) < _HEAD_BYTES:
        return None
    head = head[: len(head) // unit * unit]
    try:
        text = head.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return None  # not just a character that is cut off
        text = head[: error.start].decode(codec)
    text = text[:_CHARACTERS]
    plain = sum(" " <= character <= "\xff" or character == "\t" for character in text)
    total = len(text) - sum(text.count(end) for end in _LINE_ENDS)
    return plain / total if total else None
