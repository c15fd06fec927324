"""Decide whether the first record names the columns, and whether more than one does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from csvlake.engine.looks import Look, is_value, look_at, look_at_all
from csvlake.engine.sample import Row

__all__ = ["Header", "decide_header", "is_header_like"]

_BODY_ROWS = 100
_TYPED_SHARE = 0.8  # of a column's cells that are not empty
_COMMON = frozenset(  # names that columns have in many files, and values hardly ever
    b"id name date time year month day state country county city region code type value count total amount price "
    b"quantity status title description category email phone address latitude longitude lat lon lng age gender sex "
    b"rank score team player timestamp url key user username uuid".split()
)
_YEARS = range(1500, 2200)


@dataclass(frozen=True)
class Header:
    """What names the columns."""

    rows: int  # records of the header: 0, 1 or 2
    names: tuple[str, ...]
    evidence: tuple[str, ...]


def is_header_like(row: Row) -> bool:
    """Whether a row could name columns: every cell filled, none of them a value, no two the same."""
    cells = [cell.strip() for cell in row.cells]
    return bool(cells) and all(cells) and len(set(cells)) == len(cells) and not any(is_value(look_at(c)) for c in cells)


def decide_header(rows: Sequence[Row], width: int, given: bool | None) -> Header:
    """Decide on the header of a table.

    Args:
        rows: its first records, blank lines left out, the first one being header or not.
        width: how many cells a record has.
        given: what the caller says of whether there is one; wins.
    """
    first, body = rows[0], [row for row in rows[1 : _BODY_ROWS + 1] if row.width == width]
    if given is False:
        return Header(0, _number(width), ("header=no was given",))
    names, why = _texts(first), "header=yes was given"
    if given is None:
        columns = [[row.cells[i] for row in body] for i in range(min(width, first.width))]
        over, same, hints = _compare(first, columns)
        values = sum(is_value(look_at(cell)) for cell in first.cells)
        if not body and values * 2 >= len(first.cells):
            return Header(0, _number(width), ("no header: the only record holds values",))
        if 2 * (over - same) + hints < 0 or (same and not over and hints <= 0):
            told = f"no header: {same} cells of the first record are values like those below"
            return Header(0, _number(width), (told,))
        why = (
            f"the first record is a header: {over} of its cells are names above values"
            if over
            else "the first record is taken for the header: nothing in it contradicts that"
        )
    second = _second_row(first, body)
    if second is not None:
        joined = tuple(" ".join(p for p in pair if p) for pair in zip(_spread(names), second, strict=True))
        return Header(2, joined, ("two records name the columns: the second fills the gaps of the first",))
    return Header(1, names, (why,))


def _compare(first: Row, columns: Sequence[Sequence[bytes]]) -> tuple[int, int, float]:
    """Count columns whose first cell is a name above values, those where it is a value as below; weigh hints."""
    over = same = 0
    hints = 0.0
    is_sequence = _is_sequence(first)
    for cell, column in zip(first.cells, columns, strict=False):
        top, look = look_at(cell), _value_look(column)
        hints += cell.strip().lower() in _COMMON
        if look is None:
            if cell.strip() and cell in column[:20]:
                hints -= 0.5
        elif top == look:
            if top == "number" and _is_year(cell) and not all(_is_year(c) for c in column[:20] if c.strip()):
                hints += 2 if is_sequence else 0.5
            else:
                same += 1
        elif top != "empty":
            over += 1
    return over, same, hints


def _is_year(cell: bytes) -> bool:
    text = cell.strip()
    return len(text) == 4 and text.isdigit() and int(text) in _YEARS


def _value_look(cells: Sequence[bytes]) -> Look | None:
    """Return the look of values that nearly all cells of a column have, or None."""
    best = look_at_all(cells)
    if best is None:
        looks = Counter(map(look_at, cells))
        del looks["empty"]
        if not looks:
            return None
        best, count = looks.most_common(1)[0]
        if count < _TYPED_SHARE * looks.total():
            return None
    return best if is_value(best) else None


def _is_sequence(first: Row) -> bool:
    """Whether the years in a record follow each other: names of columns, not values."""
    years = [int(cell) for cell in first.cells if _is_year(cell)]
    return len(years) > 1 and len({b - a for a, b in pairwise(years)}) == 1 and years[0] != years[1]


def _second_row(first: Row, body: Sequence[Row]) -> tuple[str, ...] | None:
    """Return the texts of a second header record: names in every gap of the first, over columns of values."""
    if len(body) < 3 or first.width != body[0].width:
        return None
    gaps = [i for i, cell in enumerate(first.cells) if not cell.strip()]
    second = body[0]
    if len(gaps) < 2 or not all(second.cells[i].strip() for i in gaps):
        return None
    if any(is_value(look_at(cell)) and not cell.strip().isdigit() for cell in second.cells):
        return None
    typed = [i for i in range(first.width) if _value_look([row.cells[i] for row in body[1:]])]
    contrast = sum(not is_value(look_at(second.cells[i])) for i in typed)
    if not typed or contrast < 0.8 * len(typed):
        return None
    return _texts(second)


def _spread(names: Sequence[str]) -> tuple[str, ...]:
    """Give the gaps of a first header record the name to their left, which spans them."""
    out: list[str] = []
    for name in names:
        out.append(name.strip() or (out[-1] if out else ""))
    return tuple(out)


def _texts(row: Row) -> tuple[str, ...]:
    return tuple(cell.decode("utf-8", "backslashreplace") for cell in row.cells)


def _number(width: int) -> tuple[str, ...]:
    return tuple(f"column_{i + 1}" for i in range(width))
