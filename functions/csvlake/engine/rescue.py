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
    places[list(kept)] = len(ragged) + np.arange(len(kept))
    members = pa.concat_arrays(
        [ragged.members, pa.array([", ".join(members) for members in kept.values()], pa.string())]
    )
    return pc.binary_join_element_wise("{", members, "}", "").take(pa.array(places, mask=places < 0))
