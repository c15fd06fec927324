"""The one DuckDB of the process; each query has a connection of its own to it."""

import math
import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Any

from local.athena.errors import QueryError
from local.athena.sql.macros import MACROS

SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL ieee_floating_point_ops = true",  # Trino's double division by zero is Infinity
    "SET GLOBAL default_null_order = 'nulls_last'",
)
CONFIG = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": "2GB",
}
MESSAGES = (  # DuckDB's message → Athena's code and message
    (r"Referenced (?:column|table) \"(?P<x>[^\"]+)\" (?:was )?not found", "COLUMN_NOT_FOUND",
     "Column '{x}' cannot be resolved or requester is not authorized to access requested resources"),
    (r"does not have a column named \"(?P<x>[^\"]+)\"", "COLUMN_NOT_FOUND",
     "Column '{x}' cannot be resolved or requester is not authorized to access requested resources"),
    (r"Ambiguous reference to column name \"(?P<x>[^\"]+)\"", "AMBIGUOUS_NAME", "Column '{x}' is ambiguous"),
    (r"column \"?(?P<x>[^\"]+?)\"? must appear in the GROUP BY", "EXPRESSION_NOT_AGGREGATE",
     "'{x}' must be an aggregate expression or appear in GROUP BY clause"),
    (r"Division by zero", "DIVISION_BY_ZERO", "Division by zero"),
    (r"INVALID_CAST_ARGUMENT: (?P<x>.*)", "INVALID_CAST_ARGUMENT", "{x}"),
    (r"Conversion Error: (?P<x>.*)", "INVALID_CAST_ARGUMENT", "{x}"),
    (r"(?:Out of Range Error|Overflow)[^:]*: (?P<x>.*)", "NUMERIC_VALUE_OUT_OF_RANGE", "{x}"),
    (r"No function matches[^']*'(?P<x>.*?)'\.", "FUNCTION_NOT_FOUND",
     "Unexpected parameters for function: {x}"),
    (r"UNNEST requires a single list", "NOT_SUPPORTED", "UNNEST of a map is not supported by the local Athena"),
    (r"Out of Memory Error", "EXCEEDED_MEMORY_LIMIT", "Query exhausted resources at this scale factor"),
)  # fmt: skip


class Database:
    """An in-memory DuckDB with Trino's functions."""

    def __init__(self) -> None:
        import duckdb  # takes long, and whoever never asks a query never waits for it

        self._duckdb = duckdb
        spill = Path(tempfile.gettempdir(), f"athena-duckdb-{os.getpid()}")  # made only when a query needs it
        self._database = duckdb.connect(":memory:", config={**CONFIG, "temp_directory": str(spill)})
        for statement in SETTINGS:
            self._database.execute(statement)
        for name, function in (("athena_double", java_double), ("athena_real", java_real)):
            kind = duckdb.sqltypes.DOUBLE if name == "athena_double" else duckdb.sqltypes.FLOAT
            self._database.create_function(name, function, [kind], duckdb.sqltypes.VARCHAR)
        for macro in MACROS:
            self._database.execute(macro)
        self._lock = threading.Lock()

    @property
    def error(self) -> type[Exception]:
        """Return the class of DuckDB's errors."""
        return self._duckdb.Error  # type: ignore[no-any-return]

    @property
    def interrupted(self) -> type[Exception]:
        """Return the class of the error of an interrupted statement."""
        return self._duckdb.InterruptException  # type: ignore[no-any-return]

    def connect(self) -> Any:
        """Return a connection with temporary tables of its own."""
        with self._lock:
            return self._database.cursor()

    def translate(self, error: Exception) -> QueryError:
        """Return an error of DuckDB's in Athena's words."""
        text = str(error)
        for pattern, code, message in MESSAGES:
            if match := re.search(pattern, text):
                return QueryError(code, message.format(**match.groupdict()))
        first_line = text.split("\n", 1)[0]
        if first_line.startswith(("Binder Error", "Catalog Error", "Parser Error")):
            return QueryError("SYNTAX_ERROR", first_line.partition(": ")[2])
        return QueryError("GENERIC_INTERNAL_ERROR", first_line)


def java_double(value: float) -> str:
    """Write a double as Java's Double.toString does, which is what Athena shows."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return _java_digits(repr(value), value)


def java_real(value: float) -> str:
    """Write a float (32 bits) as Java's Float.toString does."""
    import numpy as np

    if math.isnan(value) or math.isinf(value):
        return java_double(value)
    return _java_digits(np.format_float_scientific(np.float32(value)), value)


def _java_digits(shortest: str, value: float) -> str:
    sign = "-" if shortest.startswith("-") else ""
    mantissa, _, exponent = shortest.lstrip("-").partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    power = len(whole) + int(exponent or 0) - 1 - (len(whole + part) - len(digits))
    digits = digits.rstrip("0") or "0"
    if value == 0:
        return f"{sign}0.0"
    if -3 <= power < 7:
        if power < 0:
            return f"{sign}0.{'0' * (-power - 1)}{digits}"
        digits = digits.ljust(power + 2, "0")
        return f"{sign}{digits[: power + 1]}.{digits[power + 1 :]}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"
