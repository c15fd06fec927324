"""Read numbers that are written for people, with marks between thousands, signs of money or percent.

A format is written as in spreadsheets: ``#,##0.##`` has a comma between thousands and at most two digits after the
dot, ``#.##0,00`` is the same with dot and comma changed, ``$0.00``, ``0,## €`` and ``0%`` have what stands before or
behind each number. A minus sign stands before everything. The value of ``50%`` is 50.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Cells
from csvlake.engine.contract import MAX_FORMAT_CHARS

__all__ = ["Marks", "find_marks", "find_number_fault", "read_plain"]

_BLANKS = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_GROUPS = {".": f",'{_BLANKS}", ",": f".{_BLANKS}"}  # what may stand between thousands, by decimal mark
_THREE = 3  # digits between marks of thousands: behind a comma they may be either
_FORMAT = re.compile(
    rf"(?P<prefix>[^#0-9]*)(?:#(?P<group>[,.'{_BLANKS}])##)?0(?:(?P<mark>[.,])[0#]+)?(?P<suffix>[^#0-9]*)"
)
_SHAPE = re.compile(rf"-?[0-9]{{1,3}}(?:(?P<group>[,.'{_BLANKS}])[0-9]{{3}})*?(?:(?P<mark>[.,])(?P<fraction>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Marks:
    """How the numbers of a column are written."""

    group: str  # between thousands
    mark: str  # before the fraction
    prefix: str = ""
    suffix: str = ""
    fraction: str = "+"  # how many digits a fraction has, as in a regular expression
    is_optional: bool = True  # whether a number may do without a fraction

    def pattern(self) -> str:
        """Return a regular expression with three groups: sign, whole part, fraction."""
        group = re.escape(self.group)
        whole = f"0|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})*" if group else "0|[1-9][0-9]*"
        fraction = f"(?:{re.escape(self.mark)}(?P<fraction>[0-9]{self.fraction}))" if self.mark else "(?P<fraction>)"
        optional = "?" if self.is_optional and self.mark else ""
        number = f"(?P<sign>-?){re.escape(self.prefix)}(?P<whole>{whole}){fraction}{optional}"
        return f"^{number}{re.escape(self.suffix)}$"


def find_marks(cells: Cells, first: str) -> tuple[Marks, Cells, bool] | None:
    """Return how a column's numbers are written that are not plain, the same numbers plain, and if that is proven.

    A column with a decimal comma is one in which every number has the same number of digits behind it, but not three.
    A mark between thousands is proven by a cell with a fraction besides, and a comma or an apostrophe also by two
    marks behind one or two digits: ``1,234,567``. Lists of codes, addresses and telephone numbers look otherwise.

    Args:
        cells: of one column.
        first: the first of them that is not empty.

    Returns:
        None where not all cells are written in one such way.
    """
    found = _SHAPE.fullmatch(first)
    if not found:
        return None
    has_comma = found["mark"] == "," and len(found["fraction"]) != _THREE
    mark = "," if has_comma else "."
    content = cells.data.tobytes()
    groups = [group for group in _GROUPS[mark] if group.encode() in content]
    if len(groups) > 1 or not (groups or has_comma):
        return None
    group = groups[0] if groups else ""
    digits = f"{{{len(found['fraction'])}}}" if has_comma else "+"
    marks = Marks(group, mark, fraction=digits, is_optional=not has_comma)
    plain = _read(cells, marks)
    if plain.nulls != cells.nulls:
        return None
    return marks, plain, bool(group) and _is_proven(cells, group, mark)


def _is_proven(cells: Cells, group: str, mark: str) -> bool:
    g, m = re.escape(group), re.escape(mark)
    ways = [f"{g}[0-9]{{3}}{m}"] + ([f"^-?[0-9]{{1,2}}{g}[0-9]{{3}}{g}"] if group in ",'" else [])
    return bool(pc.any(pc.match_substring_regex(cells.as_text(), "|".join(ways))).as_py())


def read_plain(cells: Cells, number_format: str) -> Cells:
    """Return the numbers of a column in their plain spelling; a cell that does not have the format is null."""
    return _read(cells, _parse(number_format))


@lru_cache(maxsize=256)
def _parse(number_format: str) -> Marks:
    found = _FORMAT.fullmatch(number_format)
    if not found:
        raise ValueError(f"{number_format!r} is not the format of a number")
    return Marks(found["group"] or "", found["mark"] or "", found["prefix"], found["suffix"])


def find_number_fault(number_format: str) -> str | None:
    """Return what is wrong with a contract's ``number_format``, None where nothing is."""
    found = _FORMAT.fullmatch(number_format) if len(number_format) <= MAX_FORMAT_CHARS else None
    if not found:
        return "is not written as #,##0.## or 0,00 or $0.00 or 0%"
    if found["group"] and found["group"] == found["mark"]:
        return f"has {found['mark']!r} both between thousands and before the fraction"
    if "-" in found["prefix"] + found["suffix"]:
        return "has a minus sign: it is taken before every number anyway"
    return None


def _read(cells: Cells, marks: Marks) -> Cells:
    fields = pc.extract_regex(cells.as_text(), marks.pattern())
    sign, whole, fraction = (pc.struct_field(fields, [place]) for place in range(3))
    if marks.group:
        whole = pc.replace_substring(whole, marks.group, "")
    plain = pc.binary_join_element_wise(sign, whole, "")
    if marks.mark:
        plain = pc.ascii_rtrim(pc.binary_join_element_wise(plain, fraction, "."), ".")
    return Cells(pc.cast(plain, pa.binary()))
