"""Bring a block of texts to the columns that are stored, and everything that does not fit to where it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from csvlake.engine.blocks import Block
from csvlake.engine.fields import Field, Fields
from csvlake.engine.fit import fit_column
from csvlake.engine.layout import Layout
from csvlake.engine.misfits import Misfit
from csvlake.engine.model import Column, Reject
from csvlake.engine.places import find_places
from csvlake.engine.proven import Proven
from csvlake.engine.rescue import rescue_rows
from csvlake.errors import TerminalError

__all__ = ["Stored", "store_block"]


@dataclass
class Stored:
    """A block as it is written."""

    arrays: list[pa.Array]
    rescued: pa.Array | None  # the rows' _rescued_data, None where all are null
    rows: int
    records: int  # counted by the second means, rejected ones included
    rejects: list[Reject] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


@dataclass
class _Odd:
    """Texts of cells that have no place in their column, by row."""

    misfits: list[tuple[Misfit, dict[int, str]]] = field(default_factory=list)
    unknown: dict[str, dict[int, str]] = field(default_factory=dict)  # of columns that are not the table's

    def texts(self) -> dict[str, dict[int, str]]:
        """Return them by column."""
        found: dict[str, dict[int, str]] = {}
        for misfit, texts in self.misfits:
            found.setdefault(misfit.column.name, {}).update(texts)
        return found | self.unknown


def store_block(
    block: Block,
    data: bytes | memoryview,
    layout: Layout,
    fields: Fields,
    columns: Sequence[Proven],
    wanted: Sequence[Column],
) -> Stored:
    """Return a block in the types that are wanted.

    Under the policies ``rescue`` and ``widen`` the text of a cell that does not fit is kept; whoever widens looks at
    ``Stored.misfits`` and comes again.

    Args:
        block: as read.
        data: the bytes that it was read from.
        layout: how they are written.
        fields: all columns of the file.
        columns: the block's columns, proven.
        wanted: what to store, in the same order, without the columns that are not the table's.

    Raises:
        TerminalError: a cell does not fit and the policy is ``reject_file``.
        TransientError: two ways to read the block differ.
    """
    arrays: list[pa.Array] = []
    odd = _Odd()
    targets = iter(wanted)
    for proven, one in zip(columns, fields.each, strict=True):
        if not one.is_kept:
            odd.unknown[one.column.name] = {
                row: text for row, text in enumerate(proven.cells.texts()) if text is not None
            }
            continue
        array, misfits = _store_column(proven, one, next(targets))
        arrays.append(array)
        odd.misfits += misfits
    if odd.misfits and fields.on_misfit == "reject_file":
        raise _refuse(block, data, layout, odd)
    if odd.misfits and fields.on_misfit == "reject_record":
        return _reject(block, data, layout, arrays, odd)
    rescued = rescue_rows(block.rows, block.ragged, odd.texts())
    return Stored(
        arrays, rescued, block.rows, block.records, list(block.rejects), [misfit for misfit, _ in odd.misfits]
    )


def _store_column(proven: Proven, one: Field, column: Column) -> tuple[pa.Array, list[tuple[Misfit, dict[int, str]]]]:
    texts: dict[int, str] = {}
    if column.type == "string" and proven.texts is not None:
        array = proven.texts.as_text()
    else:
        array, texts = fit_column(proven.cells, proven.kind, proven.values, column.type, column.format)
    misfits = [(Misfit(column, len(texts), next(iter(texts.values()))), texts)] if texts else []
    if one.rule.required and array.null_count > len(texts):
        empty = {row: "" for row in np.flatnonzero(array.is_null()).tolist() if row not in texts}
        misfits.append((Misfit(column, len(empty), "", is_empty=True), empty))
    return array, misfits


def _refuse(block: Block, data: bytes | memoryview, layout: Layout, odd: _Odd) -> TerminalError:
    """Return the error that refuses a file for the first cell of a block that does not fit."""
    misfit, texts = min(odd.misfits, key=lambda pair: min(pair[1]))
    row = min(texts)
    place = find_places(block, data, layout, [row])[row]
    is_first = block.offset == layout.body_start
    where = f"line {layout.first_line + place.line - 1}" if is_first else f"byte {place.offset}"
    return TerminalError(
        "misfit",
        f"{misfit.describe_cell(texts[row])} ({where}), and the policy on_misfit: reject_file refuses the file for it; "
        f"{misfit.describe_remedy()}",
    )


def _reject(block: Block, data: bytes | memoryview, layout: Layout, arrays: Sequence[pa.Array], odd: _Odd) -> Stored:
    """Move the records that have a misfit from the rows to the rejects."""
    reasons: dict[int, str] = {}
    for misfit, texts in odd.misfits:
        for row, text in texts.items():
            reasons.setdefault(row, misfit.describe_cell(text))
    places = find_places(block, data, layout, list(reasons))
    rejects = [Reject(place.line, place.offset, reasons[row], place.raw) for row, place in places.items()]
    keep = np.ones(block.rows, np.bool_)
    keep[list(reasons)] = False
    rescued = rescue_rows(block.rows, block.ragged, odd.unknown)
    if rescued is not None:
        rescued = rescued.filter(pa.array(keep))
        if rescued.null_count == len(rescued):
            rescued = None
    kept = [array.filter(pa.array(keep)) for array in arrays]
    everything = sorted([*block.rejects, *rejects], key=lambda reject: reject.byte_offset)
    return Stored(kept, rescued, int(keep.sum()), block.records, everything, [misfit for misfit, _ in odd.misfits])
