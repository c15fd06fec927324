"""Keep what does not fit a row's columns in the JSON text of its ``_rescued_data``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from csvlake.engine.records import Record

__all__ = ["Misfits", "rescue_rows"]

Misfits = Mapping[str, Mapping[int, str]]  # by column name, by row: the text that did not fit


def rescue_rows(rows: int, width: int, ragged: Mapping[int, Record], misfits: Misfits) -> pa.Array | None:
    """Return the ``_rescued_data`` column of a block, None where nothing has to be rescued.

    A row that lacks nothing is null. Keys, in this order: the columns whose cells did not fit, ``_extra_cells``,
    ``_missing_cells``, ``_raw`` (the whole record, where its number of cells is wrong).
    """
    kept: dict[int, dict[str, Any]] = {}
    for name, cells in misfits.items():
        for row, text in cells.items():
            kept.setdefault(row, {})[name] = text
    for row, record in ragged.items():
        kept.setdefault(row, {}).update(_describe(record, width))
    if not kept:
        return None
    texts: list[str | None] = [None] * rows
    for row, value in kept.items():
        texts[row] = json.dumps(value, ensure_ascii=False)
    return pa.array(texts, pa.string())


def _describe(record: Record, width: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if len(record.cells) > width:
        found["_extra_cells"] = _texts(record.cells[width:])
    if len(record.cells) < width:
        found["_missing_cells"] = width - len(record.cells)
    found["_raw"] = record.raw.decode()
    return found


def _texts(cells: Sequence[bytes]) -> list[str]:
    return [cell.decode() for cell in cells]
