"""Name a file's columns, and say what its contract wants of each. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TypeVar

from csvlake.engine.contract import ColumnRule, Contract, OnMisfit, find_date_fault
from csvlake.engine.kinds import EMPTY, TEXT, Kind, arrow_type
from csvlake.engine.layout import Layout
from csvlake.engine.model import Column, ConvertOptions
from csvlake.engine.names import clean_names
from csvlake.engine.numerals import find_number_fault
from csvlake.errors import TerminalError

__all__ = ["Field", "Fields", "name_fields", "obey"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Field:
    """One column of a file.

    Attributes:
        column: its names; the type is not known yet.
        rule: what the contract says of it, with the tokens that are null whatever the column's type is.
        tokens: what is null where the column is no string, those of the rule included.
        is_kept: whether the column is one of the table's; else its cells go to the rows' rescued data.
    """

    column: Column
    rule: ColumnRule
    tokens: tuple[str, ...] = ()
    is_kept: bool = True

    def format_for(self, type_: str) -> str:
        """Return the contract's format of the column as a type."""
        if type_ in {"date", "timestamp"}:
            return self.rule.date_format or ""
        return self.rule.number_format or "" if type_ not in {"string", "boolean"} else ""


@dataclass(frozen=True)
class Fields:
    """All columns of a file, in its order."""

    each: tuple[Field, ...]
    on_misfit: OnMisfit = "rescue"
    problems: tuple[str, ...] = ()  # sentences for a person
    is_text: bool = False  # nothing is to be typed

    def assume(self) -> list[Kind]:
        """Return what is known of the columns' kinds before a cell is looked at."""
        return [
            TEXT if self.is_text or not field.is_kept or field.rule.type == "string" else EMPTY for field in self.each
        ]

    def keep(self, values: Sequence[_T]) -> list[_T]:
        """Return those of the values, one a column, that belong to columns of the table."""
        return [value for value, field in zip(values, self.each, strict=True) if field.is_kept]


def obey(options: ConvertOptions) -> ConvertOptions:
    """Return options with what the contract says of the files' dialect, where they leave it open.

    Raises:
        TerminalError: the contract asks for what cannot be done.
    """
    if options.contract is None:
        return options
    contract = _contract(options)
    for rule in contract.columns:
        if fault := _find_fault(rule):
            raise TerminalError("bad_contract", f"in the contract, columns, {rule.name}: {fault}")
    names = ("delimiter", "quote", "escape", "encoding", "header", "on_misfit")
    said = {name: getattr(contract, name) for name in names if getattr(options, name) is None}
    return replace(options, **said)


def _contract(options: ConvertOptions) -> Contract:
    if isinstance(options.contract, str | PathLike):
        raise TypeError("the engine takes a Contract: see csvlake.files.read_contract")
    return options.contract or Contract()


def _find_fault(rule: ColumnRule) -> str | None:
    if rule.type is not None:
        arrow_type(rule.type)
    if rule.date_format is not None:
        if rule.type not in {"date", "timestamp"}:
            return "a date_format needs type: date or type: timestamp"
        if fault := find_date_fault(rule.date_format, rule.type):
            return f"date_format {rule.date_format!r}: {fault}"
    if rule.number_format is not None:
        if rule.type in {None, "string", "date", "timestamp", "boolean"}:
            return "a number_format needs type: bigint, double or decimal"
        if fault := find_number_fault(rule.number_format):
            return f"number_format {rule.number_format!r} {fault}"
    return None


def name_fields(layout: Layout, options: ConvertOptions) -> Fields:
    """Return the columns of a layout by the names that tables know, and what is wanted of each.

    A header's text means the column whose alias it is, else the one whose name it is once it is cleaned. Without a
    header, where that was said, the columns are the contract's in their order.

    Raises:
        TerminalError: the contract refuses files with other columns, or with fewer, or no column is left.
    """
    contract = _contract(options)
    where = f"line {layout.first_line - 1}" if layout.dialect.has_header else "no header"
    columns = _name_columns(layout, options, contract)
    rules = {rule.name: rule for rule in contract.columns}
    problems = []
    fields = []
    for column in columns:
        is_kept = not rules or column.name in rules or contract.on_new_column == "add"
        if not is_kept:
            problems.append(_tell_new(column, where, contract))
        rule = rules.get(column.name) or ColumnRule(column.name)
        fields.append(Field(column, rule, tuple({*rule.null_tokens, *contract.null_tokens}), is_kept))
    names = {column.name for column in columns}
    problems += [_tell_missing(rule, where, contract) for rule in contract.columns if rule.name not in names]
    if not any(field.is_kept for field in fields):
        raise TerminalError(
            "new_column",
            f"none of the file's columns ({where}) is in the contract: add aliases to its columns, or set "
            "header: false where files have none",
        )
    if options.types == "text":
        fields = [replace(field, rule=ColumnRule(field.column.name), tokens=()) for field in fields]
    return Fields(tuple(fields), options.on_misfit or "rescue", tuple(problems), options.types == "text")


def _name_columns(layout: Layout, options: ConvertOptions, contract: Contract) -> list[Column]:
    aliases = {alias.strip(): rule.name for rule in contract.columns for alias in rule.aliases}
    texts = layout.names
    has_header = layout.dialect.has_header
    if not has_header and options.header is False:
        texts = (*(rule.name for rule in contract.columns[: layout.width]), *texts[len(contract.columns) :])
    names = clean_names([aliases.get(text.strip(), text) for text in texts])
    return [Column(name, "string", text if has_header else "") for name, text in zip(names, texts, strict=True)]


def _tell_new(column: Column, where: str, contract: Contract) -> str:
    """Say what becomes of a column that the contract does not have.

    Raises:
        TerminalError: the file is refused for it.
    """
    title = column.source_name or column.name
    if contract.on_new_column == "reject_file":
        raise TerminalError(
            "new_column",
            f"the column {title!r} ({where}) is not in the contract, whose on_new_column: reject_file refuses the file "
            f"for it: add name: {column.name} to its columns, or set on_new_column: add or rescue",
        )
    return f"the column {title!r} is not in the contract: its cells are kept in _rescued_data"


def _tell_missing(rule: ColumnRule, where: str, contract: Contract) -> str:
    """Say what becomes of a column that a file lacks.

    Raises:
        TerminalError: the file is refused for it.
    """
    if rule.required or contract.on_missing_column == "reject_file":
        line = "required: true" if rule.required else "on_missing_column: reject_file"
        raise TerminalError(
            "missing_column",
            f"the file has no column {rule.name!r} ({where}), and the contract's {line} refuses it for that: change "
            "this, or add the header's text for it to the column's aliases",
        )
    return f"the file has no column {rule.name!r} of the contract: it is null in its rows"
