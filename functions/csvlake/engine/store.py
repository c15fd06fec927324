"""Bring a block of texts to the columns that are stored, and everything that does not fit to where it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from csvlake.engine.blocks import Block
from csvlake.engine.cells import Cells
from csvlake.engine.fit import fit_column
from csvlake.engine.kinds import Kind
from csvlake.engine.layout import Layout
from csvlake.engine.model import Column, OnMisfit, Reject
from csvlake.engine.records import read_records
from csvlake.engine.rescue import rescue_rows
from csvlake.errors import TerminalError, TransientError

__all__ = ["Misfit", "Proven", "Stored", "store_block"]


@dataclass(frozen=True, slots=True)
class Proven:
    """A column of a block with what was proven of it; ``values`` are in the Arrow type of the kind's Glue type."""

    cells: Cells
    kind: Kind
    values: pa.Array


@dataclass
class Misfit:
    """Cells of one column that are not of its type."""

    column: Column
    count: int
    example: str

    def describe(self) -> str:
        """Return it in words."""
        noun = "cell" if self.count == 1 else "cells"
        return f"{self.count} {noun} of column {self.column.name!r} are no {self.column.type}, as {self.example[:80]!r}"

    def describe_widened(self) -> str:
        """Return what came of it under the policy ``widen``."""
        return f"column {self.column.name!r} becomes string: {self.describe()}"


@dataclass
class Stored:
    """A block as it is written."""

    arrays: list[pa.Array]
    rescued: pa.Array | None  # the rows' _rescued_data, None where all are null
    rows: int
    records: int  # counted by the second means, rejected ones included
    rejects: list[Reject] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


def store_block(
    block: Block,
    data: bytes | memoryview,
    layout: Layout,
    columns: Sequence[Proven],
    wanted: Sequence[Column],
    on_misfit: OnMisfit,
) -> Stored:
    """Return a block in the types that are wanted.

    Args:
        block: as read.
        data: the bytes that it was read from.
        layout: how they are written.
        columns: the block's columns, proven.
        wanted: what to store, in the same order.
        on_misfit: ``rescue`` and ``widen`` keep the text of a cell that does not fit; whoever widens looks at
            ``Stored.misfits`` and comes again.

    Raises:
        TerminalError: a cell does not fit and the policy is ``reject_file``.
        TransientError: two ways to read the block differ.
    """
    arrays: list[pa.Array] = []
    odd: dict[str, dict[int, str]] = {}
    misfits = []
    for proven, column in zip(columns, wanted, strict=True):
        array, texts = fit_column(proven.cells, proven.kind, proven.values, column.type, column.format)
        arrays.append(array)
        if texts:
            odd[column.name] = texts
            misfits.append(Misfit(column, len(texts), next(iter(texts.values()))))
    if misfits and on_misfit == "reject_file":
        raise TerminalError("misfit", f"{misfits[0].describe()}, and the policy reject_file refuses the file for it")
    if misfits and on_misfit == "reject_record":
        return _reject(block, data, layout, arrays, misfits, odd)
    rescued = rescue_rows(block.rows, layout.width, block.ragged, odd)
    return Stored(arrays, rescued, block.rows, block.records, list(block.rejects), misfits)


def _reject(
    block: Block,
    data: bytes | memoryview,
    layout: Layout,
    arrays: Sequence[pa.Array],
    misfits: list[Misfit],
    odd: Mapping[str, Mapping[int, str]],
) -> Stored:
    """Move the records that have a misfit from the rows to the rejects."""
    records = read_records(bytes(data), layout, offset=block.offset, line=1, final=True).records
    if len(records) != block.rows:
        raise TransientError(f"{block.rows} records were read first and {len(records)} then: a fault of csvlake's")
    reasons: dict[int, str] = {}
    types = {misfit.column.name: misfit.column.type for misfit in misfits}
    for name, cells in odd.items():
        for row, text in cells.items():
            reasons.setdefault(row, f"{text[:80]!r} in column {name!r} is no {types[name]}")
    rejects = [
        Reject(records[row].line, records[row].offset, reason, records[row].raw) for row, reason in reasons.items()
    ]
    keep = np.ones(block.rows, np.bool_)
    keep[list(reasons)] = False
    rescued = rescue_rows(block.rows, layout.width, block.ragged, {})
    if rescued is not None:
        rescued = rescued.filter(pa.array(keep))
        if rescued.null_count == len(rescued):
            rescued = None
    kept = [array.filter(pa.array(keep)) for array in arrays]
    everything = sorted([*block.rejects, *rejects], key=lambda reject: reject.byte_offset)
    return Stored(kept, rescued, int(keep.sum()), block.records, everything, misfits)
