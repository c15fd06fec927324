"""Column types: as Glue names them, as DuckDB names them, as Athena's API names them.

Glue's names are Hive's: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

import functools
import re
from dataclasses import dataclass

from local.athena.errors import QueryError

PLAIN = {  # Hive's name: DuckDB's
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
TRINO = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary", "timestamp": "timestamp(3)"}
FROM_DUCKDB = {duckdb: hive for hive, duckdb in PLAIN.items()} | {"HUGEINT": "bigint", "JSON": "json"}
PARAMETRIC = re.compile(r"(decimal|varchar|char)\((\d+)(?:,(\d+))?\)")
TOKEN = re.compile(r"[<>,:]|[^<>,:()]+(?:\([^)]*\))?")


@dataclass(frozen=True)
class HiveType:
    """A Glue column's type.

    Attributes:
        name: its Hive name without parameters: `decimal`, `array`, ...
        arguments: precision and scale, or a length.
        children: (field name, type); the name is empty in arrays and maps.
    """

    name: str
    arguments: tuple[int, ...] = ()
    children: "tuple[tuple[str, HiveType], ...]" = ()

    @property
    def duckdb(self) -> str:
        """Return DuckDB's name."""
        inner = [child.duckdb for _, child in self.children]
        if self.name == "array":
            return f"{inner[0]}[]"
        if self.name == "map":
            return f"MAP({inner[0]}, {inner[1]})"
        if self.name == "struct":
            return (
                "STRUCT("
                + ", ".join(f'"{name}" {kind}' for (name, _), kind in zip(self.children, inner, strict=True))
                + ")"
            )
        if self.name == "decimal":
            return f"DECIMAL({self.arguments[0]}, {self.arguments[1]})"
        return PLAIN.get(self.name, "VARCHAR")

    @property
    def trino(self) -> str:
        """Return Trino's name, as error texts and `information_schema` have it."""
        inner = [child.trino for _, child in self.children]
        if self.name == "struct":
            return "row(" + ", ".join(f"{n} {kind}" for (n, _), kind in zip(self.children, inner, strict=True)) + ")"
        if inner:
            return f"{self.name}({', '.join(inner)})"
        if self.arguments:
            return f"{self.name}({','.join(map(str, self.arguments))})"
        return TRINO.get(self.name, self.name)


@functools.lru_cache(maxsize=4096)
def parse_hive_type(text: str) -> HiveType:
    """Parse a Glue column's type.

    Raises:
        QueryError: Athena does not know the type: it then fails every query on the table, so this does too. `integer`,
            `text` and `Decimal(18, 2)` with a blank are such.
    """
    tokens = TOKEN.findall(text)
    kind, rest = _parse(tokens, text)
    if rest:
        raise _bad(text)
    return kind


def _parse(tokens: list[str], text: str) -> tuple[HiveType, list[str]]:
    if not tokens:
        raise _bad(text)
    name, rest = tokens[0], tokens[1:]
    if name in PLAIN:
        return HiveType(name), rest
    if match := PARAMETRIC.fullmatch(name):
        numbers = tuple(int(part) for part in match.groups()[1:] if part is not None)
        if match[1] == "decimal":
            numbers = (*numbers, 0)[:2]
            if not (1 <= numbers[0] <= 38 and numbers[1] <= numbers[0]):
                raise _bad(text)
        return HiveType(match[1], numbers), rest
    if name == "decimal":
        return HiveType("decimal", (10, 0)), rest
    if name in {"array", "map", "struct"} and rest[:1] == ["<"]:
        return _parse_nested(name, rest[1:], text)
    raise _bad(text)


def _parse_nested(name: str, rest: list[str], text: str) -> tuple[HiveType, list[str]]:
    children: list[tuple[str, HiveType]] = []
    while True:
        field = ""
        if name == "struct":
            if rest[1:2] != [":"]:
                raise _bad(text)
            field, rest = rest[0].strip(), rest[2:]
        child, rest = _parse(rest, text)
        children.append((field, child))
        if not rest or rest[0] not in {",", ">"}:
            raise _bad(text)
        end, rest = rest[0] == ">", rest[1:]
        if end:
            break
    if len(children) != {"array": 1, "map": 2}.get(name, len(children)):
        raise _bad(text)
    return HiveType(name, (), tuple(children)), rest


def _bad(text: str) -> QueryError:
    return QueryError(
        "HIVE_INVALID_METADATA", f"Error: type expected at the position 0 of '{text}' but '{text}' is found."
    )
