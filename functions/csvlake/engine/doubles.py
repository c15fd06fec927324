"""Read numbers with exponents, where a double gives each of them back.

That is so where a number's digits are the shortest that give its double: then no other digits stood there. How dot and
exponent were written is not kept. Whole numbers of more than 15 digits are none of these: one that ends with zeros
could have more digits than a double knows.
"""

import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Cells
from csvlake.engine.kinds import DOUBLE_DIGITS, Kind

__all__ = ["read_doubles"]

_PATTERN = r"^(?P<sign>-?)(?P<whole>0|[1-9][0-9]*)(?:\.(?P<fraction>[0-9]+))?(?P<exponent>(?:[eE][+-]?[0-9]{1,3})?)$"


def read_doubles(cells: Cells) -> tuple[Kind, pa.Array] | None:
    """Return the kind and the values of a column, None where they do not give every cell back.

    The kind is proven by a cell whose exponent has a sign or whose number has a dot besides; ``1e5`` alone may as well
    be a name for something.
    """
    texts = cells.as_text()
    fields = pc.extract_regex(texts, _PATTERN)
    if fields.null_count != cells.nulls:
        return None
    sign, whole, fraction, exponent = (pc.struct_field(fields, [place]) for place in range(4))
    is_plain = pc.equal(exponent, "")
    is_whole = pc.and_(is_plain, pc.equal(fraction, ""))
    digits = pc.if_else(pc.equal(whole, "0"), 0, pc.binary_length(whole))
    values = pc.cast(texts, pa.float64())
    if _any(pc.and_(is_whole, pc.greater(digits, DOUBLE_DIGITS))) or _any(_and_zero(sign, values)):
        return None
    shortest = pc.replace_substring_regex(pc.cast(values, pa.string()), r"[eE].*$|[-.]", "")
    written = pc.binary_join_element_wise(whole, fraction, "")
    if _any(pc.not_equal(pc.ascii_trim(shortest, "0"), pc.ascii_trim(written, "0"))):
        return None
    has_dot = pc.and_(pc.invert(is_plain), pc.not_equal(fraction, ""))
    return Kind(
        "double",
        digits=_most(digits, is_plain),
        scale=_most(pc.binary_length(fraction), is_plain),
        is_proven=_any(pc.or_(has_dot, pc.match_substring_regex(exponent, "[+-]"))),
    ), values


def _any(holds: pa.Array) -> bool:
    return bool(pc.any(holds).as_py())


def _and_zero(sign: pa.Array, values: pa.Array) -> pa.Array:
    return pc.and_(pc.equal(sign, "-"), pc.equal(values, 0.0))


def _most(lengths: pa.Array, where: pa.Array) -> int:
    return int(pc.max(pc.if_else(where, lengths, 0)).as_py() or 0)
