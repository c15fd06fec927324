"""Find what parts of a contract say against each other, each of them being right by itself. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from csvlake.engine.contract import find_date_fault
from csvlake.engine.numerals import find_number_fault
from csvlake.lake.projection import find_projection_faults

__all__ = ["find_contradictions"]

Fault = tuple[str, str]  # the path of what is wrong, and why


def find_contradictions(data: dict[str, Any]) -> Iterator[Fault]:
    """Yield them.

    Args:
        data: as the contract's form reads it: None where a part has a problem of its own.
    """
    columns = [(number, column) for number, column in enumerate(data.get("columns") or ()) if column is not None]
    yield from _check_names(columns)
    yield from _check_aliases(columns)
    for number, column in columns:
        yield from _check_column(f"columns[{number}]", column)
    yield from _check_dialect(data)
    keys = data.get("partition_keys") or {}
    names = {column.get("name") for _, column in columns}
    for key in keys:
        if key in names:
            yield f"partition_keys.{key}", "is a column too: rename one of them"
    if data.get("projection"):
        yield from _check_projection(keys, data["projection"])


def _check_names(columns: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, column in columns:
        name = column.get("name")
        if name is not None and first.setdefault(name, number) != number:
            yield f"columns[{number}].name", f"{name!r} is the name of columns[{first[name]}] already"


def _check_aliases(columns: Sequence[tuple[int, dict[str, Any]]]) -> Iterator[Fault]:
    """Yield header texts that would mean two columns."""
    names = {column.get("name"): number for number, column in columns}
    first: dict[str, int] = {}
    for number, column in columns:
        for place, alias in enumerate(column.get("aliases") or ()):
            if alias is None:
                continue
            owner = names.get(alias, first.setdefault(alias, number))
            if owner != number:
                yield f"columns[{number}].aliases[{place}]", f"{alias!r} means columns[{owner}] already"


def _check_column(path: str, column: dict[str, Any]) -> Iterator[Fault]:
    date_format, number_format, type_ = (column.get(name) for name in ("date_format", "number_format", "type"))
    if type_ is None and "type" in column:
        return
    if number_format is not None:
        if type_ in {None, "boolean", "date", "timestamp", "string"}:
            yield f"{path}.number_format", f"needs type bigint, double or decimal(…){f', not {type_}' if type_ else ''}"
        elif fault := find_number_fault(number_format):
            yield f"{path}.number_format", f"{number_format!r} {fault}"
    if date_format is None:
        return
    if type_ not in {"date", "timestamp"}:
        yield f"{path}.date_format", f"needs type date or timestamp{f', not {type_}' if type_ else ''}"
    elif fault := find_date_fault(date_format, type_):
        yield f"{path}.date_format", f"{date_format!r} is not a format of a {type_}: {fault}"


def _check_dialect(data: dict[str, Any]) -> Iterator[Fault]:
    delimiter, quote, escape = (data.get(name) for name in ("delimiter", "quote", "escape"))
    for name, sign in (("quote", quote), ("escape", escape)):
        if sign and delimiter and sign in delimiter:
            yield name, f"{sign!r} is part of the delimiter {delimiter!r}"
    if escape and quote == "":
        yield "escape", "there are no quotes to escape: quote is empty"
    if data.get("header") is False and data.get("columns", []) == []:
        yield "header", "false needs columns, whose names the files' columns get"


def _check_projection(keys: dict[str, str | None], projection: dict[str, dict[str, Any] | None]) -> Iterator[Fault]:
    for key, given in projection.items():
        path = f"projection.{key}"
        if key not in keys:
            yield path, f"is not among the partition keys {', '.join(keys) or '(none)'}"
        if given is not None and given.get("type") is not None:
            for field, fault in find_projection_faults(keys.get(key), given):
                yield (f"{path}.{field}" if field else path), fault
    for key in keys:
        if key not in projection:
            yield "projection", f"has no {key}: Athena wants all partition keys or none"
