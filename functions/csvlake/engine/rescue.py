"""Keep what does not fit a row's columns in the JSON text of its ``_rescued_data``."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.ragged import Ragged, encode

__all__ = ["Misfits", "rescue_rows"]

Misfits = Mapping[str, Mapping[int, str]]  # by column name, by row: the text that did not fit


def rescue_rows(rows: int, ragged: Ragged, misfits: Misfits) -> pa.Array | None:
    """Return the ``_rescued_data`` column of a block, None where nothing has to be rescued.

    A row that lacks nothing is null. Keys, in this order: the columns whose cells did not fit, ``_extra_cells``,
    ``_missing_cells``, ``_raw`` (the whole record, where its number of cells is wrong).
    """
    kept: dict[int, list[str]] = {}  # by row
    for name, cells in misfits.items():
        key = encode(name)
        for row, text in cells.items():
            kept.setdefault(row, []).append(f"{key}: {encode(text)}")
    if not kept and not len(ragged):
        return None
    places = np.full(rows, -1, np.int64)
    places[ragged.rows] = np.arange(len(ragged))
    for row, members in kept.items():
        if (place := places[row]) >= 0:
            members.append(ragged.members[place].as_py())
    others: list[str | None] = [None] * rows
    for row in list(kept):
        others[row] = f"{{{', '.join(kept.pop(row))}}}"  # one may be long, and is in memory once
        places[row] = -1
    if (places < 0).all():
        return pa.array(others, pa.string())
    texts = pc.binary_join_element_wise("{", ragged.members, "}", "").take(pa.array(places, mask=places < 0))
    return pc.coalesce(texts, pa.array(others, pa.string())) if any(others) else texts
