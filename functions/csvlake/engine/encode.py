"""Turn a batch of records into one row group of a Parquet file. A plain function, to be run by many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from csvlake.engine import footer
from csvlake.engine.blocks import read_block
from csvlake.engine.cells import is_utf8
from csvlake.engine.cutter import Batch
from csvlake.engine.fields import Fields
from csvlake.engine.layout import Layout
from csvlake.engine.plan import Plan, Watch, prove_columns
from csvlake.engine.store import Stored, store_block
from csvlake.engine.tally import Tally

__all__ = ["Encoded", "NotUtf8Error", "encode_batch"]

_TAIL_BYTES = 4 << 20


@dataclass
class Encoded:
    """A batch's part of the file.

    Attributes:
        body: row groups as bytes, without a file's head and footer; None where the plan did not hold.
        metadata: of the row groups, as if ``body`` stood behind a file's head.
        tally: what became of the records; lines count from the batch's start.
    """

    number: int
    body: memoryview | None
    metadata: footer.Struct
    tally: Tally


class NotUtf8Error(Exception):
    """Bytes are not of the encoding that was assumed without a look at all of them."""


def encode_batch(
    batch: Batch, layout: Layout, fields: Fields, plan: Plan, watch: Watch, *, is_proven: bool = True
) -> Encoded:
    """Read, prove and encode a batch.

    Where the plan turns out not to hold, only the columns' kinds are collected, for the next pass.

    Args:
        is_proven: whether the encoding was decided over the whole text.

    Raises:
        NotUtf8Error: it was not, and the batch refutes it.
    """
    tally = Tally()
    tables: list[pa.Table] = []
    for data, piece in batch.take():
        known, start = watch.kinds, batch.offset + piece.start
        block = read_block(data, layout, known, offset=start, counted=piece.known)
        if block.rejects and not is_proven and not is_utf8(np.frombuffer(data, np.uint8)):
            raise NotUtf8Error
        columns = prove_columns(block, fields, known)
        if not watch.see([column.kind for column in columns]):
            tables.clear()
            continue
        stored = store_block(block, data, layout, fields, columns, plan.wanted)
        if fields.on_misfit == "widen" and not watch.see([column.kind for column in columns], stored.misfits):
            continue
        tally.add(stored, block)
        tables.append(_table(stored, plan))
    if not watch.holds or not tables:
        return Encoded(batch.number, None, {}, tally)
    body, metadata = _write(tables, plan)
    return Encoded(batch.number, body, metadata, tally)


def _table(stored: Stored, plan: Plan) -> pa.Table:
    rescued = stored.rescued if stored.rescued is not None else pa.nulls(stored.rows, pa.string())
    return pa.Table.from_arrays([*stored.arrays, rescued], schema=plan.schema())


def _write(tables: Sequence[pa.Table], plan: Plan) -> tuple[memoryview, footer.Struct]:
    table = pa.concat_tables(tables)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, plan.schema(), **plan.writer) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    content = memoryview(sink.getvalue())
    metadata, size = footer.split(content[-min(len(content), _TAIL_BYTES) :])
    return content[len(footer.MAGIC) : len(content) - size], metadata
