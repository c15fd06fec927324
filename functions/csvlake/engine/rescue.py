"""Keep what does not fit a row's columns in the JSON text of its ``_rescued_data``."""

import json
from collections.abc import Mapping

import pyarrow as pa

from csvlake.engine.records import Record

__all__ = ["Misfits", "rescue_rows"]

_encode = json.JSONEncoder(ensure_ascii=False).encode  # of a text; of what holds several it makes an encoder each time
Misfits = Mapping[str, Mapping[int, str]]  # by column name, by row: the text that did not fit


def rescue_rows(rows: int, width: int, ragged: Mapping[int, Record], misfits: Misfits) -> pa.Array | None:
    """Return the ``_rescued_data`` column of a block, None where nothing has to be rescued.

    A row that lacks nothing is null. Keys, in this order: the columns whose cells did not fit, ``_extra_cells``,
    ``_missing_cells``, ``_raw`` (the whole record, where its number of cells is wrong).
    """
    kept: dict[int, dict[str, str]] = {}  # by row: keys and values as JSON
    for name, cells in misfits.items():
        key = _encode(name)
        for row, text in cells.items():
            kept.setdefault(row, {})[key] = _encode(text)
    for row, record in ragged.items():
        kept.setdefault(row, {}).update(_describe(record, width))
    if not kept:
        return None
    texts: list[str | None] = [None] * rows
    for row, values in kept.items():
        texts[row] = "{" + ", ".join([f"{key}: {value}" for key, value in values.items()]) + "}"
    return pa.array(texts, pa.string())


def _describe(record: Record, width: int) -> dict[str, str]:
    found: dict[str, str] = {}
    cells = len(record.cells)
    if cells > width:
        found['"_extra_cells"'] = "[" + ", ".join([_encode(cell.decode()) for cell in record.cells[width:]]) + "]"
    if cells < width:
        found['"_missing_cells"'] = str(width - cells)
    found['"_raw"'] = _encode(record.raw.decode())
    return found
