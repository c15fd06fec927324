"""Trino's types and the values of its JSON, as the local Athena's results have them."""

import base64
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

Decode = Callable[[Any], Any]
SCALARS: dict[str, tuple[str, pa.DataType, Decode]] = {  # Trino's type: DuckDB's name, Arrow's type, from JSON
    "boolean": ("BOOLEAN", pa.bool_(), bool),
    "tinyint": ("TINYINT", pa.int8(), int),
    "smallint": ("SMALLINT", pa.int16(), int),
    "integer": ("INTEGER", pa.int32(), int),
    "bigint": ("BIGINT", pa.int64(), int),
    "real": ("FLOAT", pa.float32(), float),
    "double": ("DOUBLE", pa.float64(), float),  # NaN and the infinities come as texts
    "varbinary": ("BLOB", pa.binary(), base64.b64decode),
    "date": ("DATE", pa.date32(), datetime.date.fromisoformat),
    "timestamp": ("TIMESTAMP", pa.timestamp("ms"), datetime.datetime.fromisoformat),
    # What follows is shown as Trino writes it.
    "timestamp with time zone": ("TIMESTAMP WITH TIME ZONE", pa.string(), str),
    "time": ("TIME", pa.string(), str),
    "varchar": ("VARCHAR", pa.string(), str),
    "char": ("VARCHAR", pa.string(), str),
    "json": ("JSON", pa.string(), str),
    "unknown": ('"NULL"', pa.string(), str),
}


@dataclass(frozen=True)
class Kind:
    """A type: DuckDB's name of it, Arrow's type, and how a value comes out of JSON."""

    name: str
    arrow: pa.DataType
    decode: Decode

    def read(self, value: Any) -> Any:
        """Return a value for Arrow."""
        return None if value is None else self.decode(value)


def read_signature(signature: dict[str, Any]) -> Kind:
    """Return the type of a signature of Trino's protocol; one without a counterpart is text, as Trino writes it."""
    raw = signature["rawType"]
    arguments = [one["value"] for one in signature.get("arguments") or []]
    if raw in SCALARS:
        return Kind(*SCALARS[raw])
    if raw == "decimal":
        digits = f"DECIMAL({arguments[0]},{arguments[1]})"
        return Kind(digits, pa.decimal128(*arguments), Decimal)
    if raw == "array":
        item = read_signature(arguments[0])
        return Kind(f"{item.name}[]", pa.list_(item.arrow), lambda values: [item.read(value) for value in values])
    if raw == "map":
        key, value = read_signature(arguments[0]), read_signature(arguments[1])
        return Kind(
            f"MAP({key.name}, {value.name})",
            pa.map_(key.arrow, value.arrow),
            lambda pairs: [(key.read(_key(k, key)), value.read(v)) for k, v in pairs.items()],
        )
    if raw == "row":
        return _read_row(arguments)
    return Kind("VARCHAR", pa.string(), str)


def _key(text: str, kind: Kind) -> Any:
    """Return a map's key, which JSON has as a text whatever its type."""
    return text == "true" if kind.name == "BOOLEAN" else text


def _read_row(arguments: list[dict[str, Any]]) -> Kind:
    names = [(one.get("fieldName") or {}).get("name") or f"field{index}" for index, one in enumerate(arguments)]
    kinds = [read_signature(one["typeSignature"]) for one in arguments]
    inner = ", ".join(f'"{name}" {kind.name}' for name, kind in zip(names, kinds, strict=True))
    fields = [pa.field(name, kind.arrow) for name, kind in zip(names, kinds, strict=True)]
    return Kind(
        f"STRUCT({inner})",
        pa.struct(fields),
        lambda values: {name: kind.read(value) for name, kind, value in zip(names, kinds, values, strict=True)},
    )
