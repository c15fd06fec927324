"""Say which type holds a table's column and a file's, where one does and nothing is lost. Pure.

bigint → decimal, more precision, more scale, decimal → double, date → timestamp. A column's type says only what its
values may be, not what they are, so the narrowest type that holds the file's is taken; where an older file needs more,
its own conversion finds that out and widens again.
"""

import re

from csvlake.engine.model import Column

__all__ = ["widen_type"]

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_PRECISIONS = (18, 38)
_BIGINT_DIGITS = 19


def widen_type(known: str, inferred: Column) -> str | None:
    """Return the type of a table's column from now on; ``known`` where it holds the file's as well.

    Args:
        known: Glue type of the table's column.
        inferred: the file's column with the narrowest type for it.

    Returns:
        None where no type holds both but ``string``: that is a misfit, and the table's policy decides.
    """
    if inferred.type == known or known == "string":
        return known
    if {known, inferred.type} == {"date", "timestamp"}:
        return "timestamp"
    table, file = _read(known), _read(inferred.type)
    if table is not None and file is not None:
        return _join(table, file, inferred.digits)
    if table is not None and table != _BIGINT and inferred.type == "double":
        return "double"
    return None


_BIGINT = (0, 0)  # precision and scale, as a decimal of no digits to begin with


def _read(type_: str) -> tuple[int, int] | None:
    found = _DECIMAL.fullmatch(type_)
    if found is not None:
        return int(found[1]), int(found[2])
    return _BIGINT if type_ == "bigint" else None


def _join(table: tuple[int, int], file: tuple[int, int], digits: int | None) -> str | None:
    if file == _BIGINT and table == _BIGINT:
        return "bigint"
    scale = max(table[1], file[1])
    if digits is None:
        digits = file[0] - file[1] if file != _BIGINT else _BIGINT_DIGITS
    needed = max(digits + scale, table[0])
    precision = next((precision for precision in _PRECISIONS if precision >= needed), None)
    return f"decimal({precision},{scale})" if precision is not None else None
