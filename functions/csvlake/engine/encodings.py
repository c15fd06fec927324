"""Decide in which encoding bytes are, from the bytes; whatever decides, all of them are decoded to check it."""

import codecs

from csvlake.engine.legacy import decide_legacy
from csvlake.engine.transcode import Chunks, Encoding, decodes
from csvlake.engine.wide import find_wide
from csvlake.errors import TerminalError

__all__ = ["decide_encoding", "given_encoding"]

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32 little-endian"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32 big-endian"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 little-endian"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 big-endian"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
)


def given_encoding(name: str) -> str:
    """Return the canonical Python name of an encoding that a person named.

    Raises:
        TerminalError: there is no such text encoding.
    """
    try:
        info = codecs.lookup(name)
    except LookupError:
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True):
        raise TerminalError("unknown_encoding", f"encoding={name!r} is not an encoding known here; try utf-8")
    return info.name


def decide_encoding(head: bytes, chunks: Chunks, whole: bool, name: str, given: str | None) -> Encoding:
    """Decide on the encoding of a file.

    Args:
        head: its first bytes.
        chunks: starts an iteration over all of it, or over samples of it if not ``whole``.
        whole: whether ``chunks`` gives everything.
        name: of the file, for messages.
        given: what the caller says it is; wins, but is checked as well.

    Raises:
        TerminalError: undecided, or the bytes contradict what was given.
    """
    mark = next(((bom, codec, text) for bom, codec, text in _BOMS if head.startswith(bom)), None)
    if given is not None:
        return _check_given(given_encoding(given), mark, chunks, whole, name)
    if mark is not None and decodes(chunks, mark[1], len(mark[0]), whole):
        return Encoding(mark[1], len(mark[0]), (f"it begins with the byte order mark of {mark[2]}",), whole)
    if mark is not None and mark[1] == "utf-8-sig":
        return Encoding(
            "utf-8-sig", 3, ("it begins with the byte order mark of UTF-8, but not all of it is valid",), False
        )
    wide = find_wide(head, name) if b"\0" in head else None
    if wide is not None and decodes(chunks, wide, 0, whole):
        return Encoding(
            wide, 0, (f"every second or fourth byte is zero as in {wide.upper()}; there is no mark",), whole
        )
    if b"\x1b$" in head and decodes(chunks, "iso2022_jp", 0, whole):
        return Encoding("iso2022_jp", 0, ("it has the escape sequences of ISO-2022-JP",), whole)
    good, bad = _count_utf8(chunks, whole)
    if not bad:
        what = "all bytes are ASCII" if not good else f"all bytes are valid UTF-8, with {good} characters outside ASCII"
        return Encoding("utf-8", 0, (what if whole else what + ", as far as samples of them show",), whole)
    if good >= 2 * bad:
        text = f"{good} characters are valid UTF-8 and {bad} sequences are not: those records are rejected"
        return Encoding("utf-8", 0, (text,), whole)
    return decide_legacy(chunks, whole, name, bad)


def _check_given(given: str, mark: tuple[bytes, str, str] | None, chunks: Chunks, whole: bool, name: str) -> Encoding:
    skip = 0
    if mark is not None and mark[1].startswith(given.replace("_", "-").removesuffix("-sig")):
        given, skip = mark[1], len(mark[0])
    evidence = (f"encoding {given} was given",)
    if given in {"utf-8", "utf-8-sig", "ascii"}:
        return Encoding(given, skip, evidence, False)
    if given in {"utf-16", "utf-32"}:
        given += "-le"
    if whole and not decodes(chunks, given, skip, whole):
        raise TerminalError("wrong_encoding", f"{name} is not in the encoding that was given, encoding={given!r}")
    return Encoding(given, skip, evidence, whole)


def _count_utf8(chunks: Chunks, whole: bool) -> tuple[int, int]:
    """Count characters outside ASCII that are valid UTF-8, and sequences that are not."""
    good = bad = 0
    rest = b""
    for piece in chunks():
        if piece.isascii() and not rest:
            continue
        data = rest + piece
        if not whole:
            data = data.lstrip(bytes(range(0x80, 0xC0))) if data is not piece or data[:1] >= b"\x80" else data
        text, used = codecs.utf_8_decode(data, "replace", False)
        rest = data[used:] if whole else b""
        wrong = text.count("\ufffd") - data.count("\ufffd".encode())
        bad += wrong
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return good, bad + bool(rest)
