"""Decide on quote and escape for one delimiter."""

import re
from functools import lru_cache

from csvlake.engine.choice import ENDS, Choice, Given
from csvlake.engine.grammar import compile_grammar
from csvlake.engine.sample import TRIAL_ROWS, Trial, read_rows
from csvlake.errors import TerminalError

__all__ = ["Kind", "best_quotes", "refuse_ambiguous"]

_NEARLY = 0.9
Kind = tuple[str | None, str | None]  # quote, escape


def best_quotes(data: bytes, final: bool, delimiter: str, given: Given) -> tuple[Trial, Kind]:
    """Return the best way of quoting with one delimiter: the double quote unless another one is plainly better.

    Args:
        data: the text's first bytes.
        final: whether they are all.
        delimiter: the delimiter; empty for a single column.
        given: what the caller says.
    """
    best: tuple[float, Trial, Kind] | None = None
    for quote, escape in _kinds(data, delimiter, given):
        trial = read_rows(data, compile_grammar(delimiter, quote, escape), final, TRIAL_ROWS)
        fit = trial.agreement - 0.5 * trial.oddity
        if quote is None and given.quote is None:
            fit -= _wrapped_share(trial) + (0.1 if best is None or best[1].oddity == 0 else 0.0)
        if best is None or fit > best[0] + 0.01 or (escape and not best[2][1] and _explains(trial, best[1])):
            best = (fit, trial, (quote, escape))
    assert best is not None  # noqa: S101 - there is always a kind
    return best[1], best[2]


def _explains(escaped: Trial, plain: Trial) -> bool:
    """Whether with the escape all quotes are in their places, and without it not, in as good a table."""
    return escaped.oddity == 0 < plain.oddity and escaped.agreement >= plain.agreement


def _kinds(data: bytes, delimiter: str, given: Given) -> list[Kind]:
    """Return the ways of quoting worth trying, the likeliest first."""
    if given.quote is not None:
        marks: list[str | None] = [given.quote or None]
    else:
        marks = ['"']
        if b'"' in data:
            marks.append(None)
        wrapped, begun = _count_wrapped(data, delimiter, b"'")
        if wrapped:
            sure = wrapped >= _NEARLY * begun and wrapped * 2 >= len(ENDS.findall(data)) and b'"' not in data
            marks.insert(0 if sure else 1, "'")
    if given.escape is not None:
        return [(mark, given.escape or None) for mark in marks]
    kinds: list[Kind] = [(mark, None) for mark in marks]
    if b"\\" in data:
        signs = re.escape(delimiter[:1].encode() + b"".join(m.encode() for m in marks if m))
        if re.search(rb"\\[\r\n\\" + signs + rb"]", data):
            kinds += [(mark, "\\") for mark in marks]
            if "'" in marks and given.quote is None and _has_escaped(data, delimiter, b"'"):
                kinds.insert(0, ("'", "\\"))
    return kinds


def _count_wrapped(data: bytes, delimiter: str, mark: bytes) -> tuple[int, int]:
    """Count the cells that stand in a mark, and the cells that begin with one."""
    if mark not in data:
        return 0, 0
    begins, *patterns = _compile_wrapped(delimiter, mark)
    # A mark that ends a cell may stand behind a line end that is in the cell: it begins nothing.
    rest, wrapped = max((pattern.subn(b"x", data) for pattern in patterns), key=lambda done: done[1])
    return wrapped, wrapped + len(begins.findall(rest))


def _has_escaped(data: bytes, delimiter: str, mark: bytes) -> bool:
    """Whether nearly all cells that begin with a mark stand in it, and some only if a backslash makes one text.

    Nobody escapes what has no meaning. Where double quotes are used, they may be those that have.
    """
    _, doubled, escaped = _compile_wrapped(delimiter, mark)
    wrapped, begun = _count_wrapped(data, delimiter, mark)
    is_quote = wrapped >= _NEARLY * begun and b'"' not in data
    return is_quote and len(escaped.findall(data)) > len(doubled.findall(data))


@lru_cache(maxsize=64)
def _compile_wrapped(delimiter: str, mark: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Compile where cells begin with a mark, and cells that stand in it: marks in them doubled, or escaped."""
    last = delimiter[:1] if delimiter == " +" else delimiter[-1:]
    begins = rb"(?:(?<=[\r\n" + re.escape(last.encode()) + rb"])|\A)" + mark
    ends = mark + rb"(?=[\r\n" + re.escape(delimiter[:1].encode()) + rb"]|\Z)"
    doubled = re.compile(begins + rb"(?:[^" + mark + rb"]|" + mark * 2 + rb")*+" + ends)
    escaped = re.compile(begins + rb"(?:[^\\" + mark + rb"]|\\[\s\S])*+" + ends)
    return re.compile(begins), doubled, escaped


def _wrapped_share(trial: Trial) -> float:
    """Share of the rows with a cell that stands in double quotes, seen when they are read as text."""
    rows = [row for row in trial.rows if row.cells]
    return (
        sum(any(len(c) > 1 and c[:1] == c[-1:] == b'"' for c in row.cells) for row in rows) / len(rows) if rows else 0.0
    )


def refuse_ambiguous(data: bytes, choice: Choice, given: Given, name: str) -> None:
    """Raise ``TerminalError`` where cells would read otherwise by a convention that nothing speaks against."""
    if given.quote is None and choice.quote != "'":
        wrapped, begun = _count_wrapped(data, choice.delimiter, b"'")
        enough = wrapped * 20 >= len(ENDS.findall(data))
        if wrapped and enough and wrapped >= _NEARLY * begun and not _count_wrapped(data, choice.delimiter, b'"')[0]:
            raise TerminalError(
                "undecided_quote",
                f"{wrapped} cells of {name} stand in single quotes, which may be quotes or text: "
                "set quote=\"'\" or quote='\"'",
            )
    doubled = b"\\\\" in data and b"\\" not in data.replace(b"\\\\", b"")
    if doubled and given.escape is None and choice.escape is None:
        raise TerminalError(
            "undecided_escape",
            f"every backslash in {name} is doubled, which may be an escape or text: set escape='\\\\' or escape=''",
        )
