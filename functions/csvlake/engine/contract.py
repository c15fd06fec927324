"""What a table's owner says of its files, as plain values: the engine obeys it, the lake parses and keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["ColumnRule", "Contract", "OnMissingColumn", "OnNewColumn"]

OnMisfit = Literal["rescue", "widen", "reject_record", "reject_file"]
OnNewColumn = Literal["add", "rescue", "reject_file"]
OnMissingColumn = Literal["null", "reject_file"]


@dataclass(frozen=True)
class ColumnRule:
    """What is known of one column; None or empty: nothing."""

    name: str  # as Glue and Athena know it
    aliases: tuple[str, ...] = ()  # header texts that mean this column, besides those that clean to its name
    type: str | None = None  # Glue type
    required: bool = False  # a file must have the column, and each of its cells a value
    date_format: str | None = None  # as in strptime, of a date or timestamp: "%d/%m/%Y"
    null_tokens: tuple[str, ...] = ()  # cells that are null, besides the empty one and the contract's own tokens
    description: str = ""


@dataclass(frozen=True)
class Contract:
    """What is known of a table's files. What it leaves open is found out file by file."""

    columns: tuple[ColumnRule, ...] = ()
    delimiter: str | None = None
    quote: str | None = None  # "": quotes are text like any other
    escape: str | None = None
    encoding: str | None = None
    header: bool | None = None  # False: the columns' names are the contract's, in their order
    null_tokens: tuple[str, ...] = ()
    on_misfit: OnMisfit | None = None  # None: ConvertOptions'
    on_new_column: OnNewColumn = "add"
    on_missing_column: OnMissingColumn = "null"
    partition_keys: Mapping[str, str] = field(default_factory=dict)  # name → Glue type, in the path's order
    description: str = ""

    def rule_for(self, name: str) -> ColumnRule | None:
        """Return the rule of a column by its cleaned name, None where the contract does not have it."""
        return next((rule for rule in self.columns if rule.name == name), None)
