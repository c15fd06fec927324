"""Say what a cell's text looks like: enough to tell a header from values and a right cut from a wrong one."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

__all__ = ["Look", "is_value", "look_at", "look_at_all", "score_cells"]

Look = Literal["empty", "number", "date", "time", "boolean", "code", "word", "text", "broken"]

_NUMBER = re.compile(
    r"""\s*[-+(]?\s*[$€£¥]?\s*[-+]?
    (?:\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)
    (?:[eE][-+]?\d+)?\s*[%$€£¥)]?\s*""",
    re.VERBOSE,
)
_DATE = re.compile(
    r"""(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}
    |[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}|\d{4}-\d{2})(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?
    \s*(?:Z|[A-Z]{3,4}|[-+]\d{2}:?\d{2})?)?""",
    re.VERBOSE,
)
_TIME = re.compile(r"\d{1,3}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp][Mm])?")
_CODE = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|https?://\S+|[^\s@]+@[\w.-]+\.\w+|(?:\d{1,3}\.){3}\d{1,3}"
)
_DIGIT = re.compile("[0-9]")
_BYTE_DIGIT = re.compile(b"[0-9]")
_WORD = re.compile(r"[\w.'()/&#*%+°-]+(?: [\w.'()/&#*%+°-]+){0,7}")
# Each way begins with a sign, so that the search goes from sign to sign.
_LEFT_OVER = re.compile(r"[|\t]|;(?:(?<=^;)|$|(?<=\S;)(?=\S))|,(?<=[^\s\d],)(?=[^\s\d])")
# Cells of a column, each with a line feed behind it, as they mostly are; those that `look_at` says the same of.
_ALL: dict[Look, re.Pattern[bytes]] = {
    "number": re.compile(rb"(?:(?:[0-9]+\.?[0-9]*+)?\n)++"),
    "date": re.compile(rb"(?:(?:[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2})?)?\n)++"),
}
_BOOLEANS = {"true", "false", "yes", "no"}
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "--", ".", "\\n", "?"}
_VALUES: dict[Look, float] = {
    "empty": 0.8,
    "number": 1.0,
    "date": 1.0,
    "time": 1.0,
    "boolean": 1.0,
    "code": 1.0,
    "word": 0.85,
    "text": 0.6,
    "broken": 0.1,
}


@lru_cache(maxsize=1 << 13)
def look_at(cell: bytes) -> Look:
    """Return what a cell looks like; blanks around it do not count."""
    # What most cells are needs no regular expression: digits with a dot at most, and letters, of ASCII both.
    if cell.replace(b".", b"", 1).isdigit():
        return "number"
    if cell.isalpha():
        lower = cell.lower().decode()
        return "empty" if lower in _MISSING else "boolean" if lower in _BOOLEANS else "word"
    if cell[4:5] == b"-" == cell[7:8] and _is_plain_date(cell):
        return "date"
    text = cell[:400].decode("utf-8", "replace").strip()
    if text.lower() in _MISSING:
        return "empty"
    if not text.isascii() or _DIGIT.search(text):
        if _NUMBER.fullmatch(text):
            return "number"
        if _DATE.fullmatch(text):
            return "date"
        if _TIME.fullmatch(text):
            return "time"
    if text.lower() in _BOOLEANS:
        return "boolean"
    if _CODE.fullmatch(text):
        return "code"
    if _WORD.fullmatch(text):
        return "word"
    # Half a pair of quotes, or what other delimiters leave, is a sign of a wrong cut.
    return "broken" if text.count('"') % 2 or _LEFT_OVER.search(text) else "text"


def look_at_all(cells: Sequence[bytes]) -> Look | None:
    """Return the look of a column's cells, empty ones left out, where one glance tells it; else None.

    All are plain numbers, or dates; or "text": none of them is a value.
    """
    joined = b"\n".join(cells) + b"\n"
    if joined.isascii() and not _BYTE_DIGIT.search(joined):
        return "text" if _BOOLEANS.isdisjoint(joined.decode().lower().split()) else None
    if joined.count(b"\n") > len(cells):
        return None
    return next((look for look, pattern in _ALL.items() if pattern.fullmatch(joined)), None)


def _is_plain_date(cell: bytes) -> bool:
    """Whether a cell is ``2024-12-31``, maybe with a time in seconds."""
    marks = cell.translate(None, b"0123456789")
    if len(cell) == 10:
        return marks == b"--"
    is_time = len(cell) == 19 and cell[13:14] == b":" == cell[16:17] and cell[10:11] in {b" ", b"T"}
    return is_time and len(marks) == 5


def is_value(look: Look) -> bool:
    """Whether a look is one that names of columns do not have."""
    return look in {"number", "date", "time", "boolean"}


def score_cells(cells: Sequence[bytes]) -> float:
    """Return how much cells look like whole values, 0 to 1."""
    if not cells:
        return 0.0
    total = 0.0
    for cell in cells:
        value = _VALUES[look_at(cell)]
        if cell[:1] == b" " or cell[-1:] == b" ":
            value -= 0.1
        total += value
    return total / len(cells)
