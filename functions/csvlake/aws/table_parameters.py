"""Keep what csvlake knows of a table in the parameters of its Glue table, beside those of others."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from csvlake.lake.ports import Table, TableChange

__all__ = ["read_parameters", "replace_parameters", "write_parameters"]

_TYPES_ID = "csvlake.types_id"
_CHANGE = "csvlake.converting"
_CONTRACT = "csvlake.contract"
_OURS = frozenset({_TYPES_ID, _CHANGE, _CONTRACT})
# Athena's own: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
_PROJECTION = ("projection.", "storage.location.template")


def read_parameters(table: Table, parameters: Mapping[str, str]) -> Table:
    """Return the table with what its parameters tell."""
    return replace(
        table,
        types_id=parameters.get(_TYPES_ID, ""),
        contract=parameters.get(_CONTRACT, ""),
        change=_read_change(parameters[_CHANGE]) if parameters.get(_CHANGE) else None,
        projection={name: value for name, value in parameters.items() if name.startswith(_PROJECTION)},
    )


def write_parameters(table: Table) -> dict[str, str]:
    """Return the parameters that tell it."""
    ours = {
        _TYPES_ID: table.types_id,
        _CONTRACT: table.contract,
        _CHANGE: json.dumps(asdict(table.change)) if table.change else "",
    }
    return {**{name: value for name, value in ours.items() if value}, **table.projection}


def replace_parameters(known: Mapping[str, str], table: Table) -> dict[str, str]:
    """Return a table's parameters with ours brought to what the table says."""
    others = {k: v for k, v in known.items() if k not in _OURS and not k.startswith(_PROJECTION)}
    return {**others, **write_parameters(table)}


def _read_change(text: str) -> TableChange:
    told = json.loads(text)
    stored = {name: tuple(types) for name, types in told["stored"].items()}
    return TableChange(told["id"], told["since"], stored, told["final"], told["is_contract"])
