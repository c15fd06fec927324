"""Check the values of partition folders against the types and the projection that a contract gives their keys. Pure.

Athena fails every query on a table with a partition whose value is not of its key's type
(HIVE_INVALID_PARTITION_VALUE), and does not see a partition that its projection does not count out.
"""

import re
from collections.abc import Sequence
from datetime import date

from csvlake.engine.contract import Contract, Projection
from csvlake.engine.model import Column
from csvlake.errors import TerminalError
from csvlake.lake.partitions import NULL_VALUE, escape_value
from csvlake.lake.projection import read_date, read_moment

__all__ = ["KEY_TYPES", "check_partition_value", "check_partitions", "type_partitions"]

KEY_TYPES = ("string", "bigint", "int", "date")

_BITS = {"bigint": 63, "int": 31}
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def type_partitions(contract: Contract, partitions: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    """Return the partition keys of a path with the types that Glue is to be told.

    Args:
        contract: keys that it does not name are text.
        partitions: (key, value) in path order, values as Athena shows them.

    Raises:
        TerminalError: the keys are not the contract's, or a value is not one that Athena would find.
    """
    keys = [key for key, _ in partitions]
    wanted = list(contract.partition_keys)
    if wanted and keys != wanted:
        raise TerminalError(
            "partition_layout",
            f"the path has the partition keys {', '.join(keys) or '(none)'}, and the contract has {', '.join(wanted)}: "
            "move the file to such folders",
        )
    typed = tuple(Column(key, contract.partition_keys.get(key, "string")) for key in keys)
    check_partitions(typed, partitions, contract)
    return typed


def check_partitions(keys: Sequence[Column], partitions: Sequence[tuple[str, str]], contract: Contract | None) -> None:
    """Check a path's partition values against the keys of its table.

    Args:
        keys: of the table, in the path's order; of another type than `KEY_TYPES` any text will do.
        contract: whose projection counts the values out; None for none.

    Raises:
        TerminalError: a value is not one that Athena would find.
    """
    projection = contract.projection if contract is not None else {}
    for key, (_, value) in zip(keys, partitions, strict=True):
        fault = check_partition_value(value, key.type, projection.get(key.name))
        if fault is not None:
            raise TerminalError("partition_value", f"the folder {key.name}={escape_value(value)}: {fault}")


def check_partition_value(value: str, type_: str, projection: Projection | None = None) -> str | None:
    """Return why Athena would not find a partition's rows, or fail over its value; None where it does.

    Args:
        value: as Athena shows it, not as the path spells it.
        type_: one of `KEY_TYPES`.
        projection: of the key.
    """
    if value == NULL_VALUE:
        return "a projected key has no null" if projection else None
    if type_ in _BITS and not _is_whole(value, _BITS[type_]):
        return f"{value!r} is no {type_}"
    if type_ == "date" and read_date(value, "%Y-%m-%d") is None:
        return f"{value!r} is no date such as {date(2026, 1, 31)}"
    return _check_projected(value, projection) if projection else None


def _is_whole(value: str, bits: int) -> bool:
    return bool(_WHOLE.fullmatch(value)) and -(1 << bits) <= int(value) < 1 << bits


def _check_projected(value: str, projection: Projection) -> str | None:
    """Return why a projection does not count a value out; bounds that move with NOW are not looked at."""
    if escape_value(value) != value:
        return f"{value!r} is written with % in a path, where a projection does not find it"
    if projection.type == "enum" and value not in projection.values:
        return f"{value!r} is not among the projection's values"
    if projection.type == "integer":
        if not _WHOLE.fullmatch(value) or f"{int(value):0{projection.digits or 0}d}" != value:
            how = f"in {projection.digits} digits" if projection.digits else "without leading zeros"
            return f"{value!r} is no whole number {how}, as the projection has it"
        return _check_range(value, projection, int(value), [int(bound) for bound in projection.range or ()])
    if projection.type == "date":
        moment = read_date(value, projection.format or "%Y-%m-%d")
        if moment is None:
            return f"{value!r} is not of the projection's format {projection.format or '%Y-%m-%d'}"
        return _check_range(value, projection, moment, [read_moment(b, projection) for b in projection.range or ()])
    return None


def _check_range(value: str, projection: Projection, found: object, bounds: Sequence[object]) -> str | None:
    first, last = bounds
    if (first is not None and found < first) or (last is not None and found > last):  # type: ignore[operator]
        return f"{value!r} is outside the projection's range {','.join(projection.range or ())}"
    return None
