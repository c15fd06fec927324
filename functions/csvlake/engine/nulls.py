"""Make null what a contract names as such."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Cells
from csvlake.engine.fields import Field
from csvlake.engine.kinds import TEXT, Kind
from csvlake.engine.prove import classify
from csvlake.engine.proven import Proven

__all__ = ["take_nulls"]


def take_nulls(proven: Proven, field: Field, known: Kind) -> Proven:
    """Return a column without the cells that are null tokens.

    A token of the column itself is null whatever the column's type is; one of all columns is text in a column that is
    stored as string, so such a column keeps both.

    Args:
        proven: as read.
        field: what the contract says of it.
        known: the kind of other parts of the column.
    """
    if not field.tokens or not field.is_kept:
        return proven
    texts = _drop(proven.cells, field.rule.null_tokens)
    cells = _drop(texts, field.tokens)
    if cells is proven.cells:
        return proven
    kind, values = (TEXT, cells.as_text()) if known == TEXT else classify(cells, known)
    return Proven(cells, kind, values, texts)


def _drop(cells: Cells, tokens: Sequence[str]) -> Cells:
    if not tokens:
        return cells
    is_null = pc.is_in(cells.array, pa.array([token.encode() for token in tokens], pa.binary()))
    if not pc.any(is_null).as_py():
        return cells
    rows = pa.array(np.arange(cells.count), mask=is_null.to_numpy(zero_copy_only=False))
    return Cells(cells.array.take(rows))
