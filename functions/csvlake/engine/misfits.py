"""Say in words which cells do not fit their column, and what would take them."""

from dataclasses import dataclass

from csvlake.engine.model import Column

__all__ = ["Misfit"]


@dataclass
class Misfit:
    """Cells of one column that are not of its type, or are empty where a value is required."""

    column: Column
    count: int
    example: str
    is_empty: bool = False

    def describe(self) -> str:
        """Return it in words."""
        noun, verb = ("cell", "is") if self.count == 1 else ("cells", "are")
        what = "empty, and the contract requires values" if self.is_empty else f"no {self.column.type}"
        example = "" if self.is_empty else f", as {self.example[:80]!r}"
        return f"{self.count} {noun} of column {self.column.name!r} {verb} {what}{example}"

    def describe_widened(self) -> str:
        """Return what came of it under the policy ``widen``."""
        return f"column {self.column.name!r} becomes string: {self.describe()}"

    def describe_cell(self, text: str) -> str:
        """Return what is wrong with one of the cells."""
        if self.is_empty:
            return f"column {self.column.name!r} is empty, and the contract requires a value"
        return f"{text[:80]!r} in column {self.column.name!r} is no {self.column.type}"

    def describe_remedy(self) -> str:
        """Return the lines of a contract that would take the cells."""
        if self.is_empty:
            lines = "required: false"
        elif self.column.type in {"date", "timestamp"}:
            lines = "date_format, null_tokens or type: string"
        elif self.column.type == "boolean":
            lines = "null_tokens or type: string"
        else:
            lines = "number_format, null_tokens or type: string"
        return f"in a contract, under columns, name: {self.column.name}, {lines} would change that"
