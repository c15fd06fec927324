"""Turn a batch of records into one row group of a Parquet file. A plain function, to be run by many at once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from csvlake.engine.blocks import read_block
from csvlake.engine.cells import is_utf8
from csvlake.engine.chunks import take_chunks
from csvlake.engine.fields import Fields
from csvlake.engine.layout import Layout
from csvlake.engine.long_texts import encode_texts, leave_long_texts
from csvlake.engine.order import Bounds, Order, find_bounds
from csvlake.engine.pieces import Batch
from csvlake.engine.plan import Encodings, Plan, Watch, prove_columns
from csvlake.engine.rejects import Rejects
from csvlake.engine.rowgroups import Part
from csvlake.engine.store import Stored, store_block
from csvlake.engine.tally import Tally

__all__ = ["Encoded", "NotUtf8Error", "encode_batch"]


_MOST_TIMES = 2  # the bytes of a batch's text, in columns that are not encoded yet


@dataclass
class Encoded:
    """A batch's part of the file.

    Attributes:
        parts: a row group each, with the bounds of its columns that are in order; none where the plan did not hold, or
            no record became a row.
        tally: what became of the records; lines count from the batch's start.
    """

    number: int
    parts: list[tuple[Part, Bounds]]
    tally: Tally


class NotUtf8Error(Exception):
    """Bytes are not of the encoding that was assumed without a look at all of them."""


def encode_batch(
    batch: Batch,
    layout: Layout,
    fields: Fields,
    plan: Plan,
    watch: Watch,
    order: Order,
    *,
    is_proven: bool = True,
    is_long: bool = False,
    scratch_dir: Path | None = None,
) -> Encoded:
    """Read, prove and encode a batch, in several parts where its columns take much more memory than its text.

    Where the plan turns out not to hold, only the columns' kinds are collected, for the next pass.

    Args:
        is_proven: whether the encoding was decided over the whole text.
        is_long: whether the batch is so long that its text must go before its columns are encoded.
        scratch_dir: for rejects that are too many to hold; None: the system's temporary folder.

    Raises:
        NotUtf8Error: it was not, and the batch refutes it.
    """
    tally = Tally(rejects=Rejects(scratch_dir))
    tables: list[pa.Table] = []
    parts: list[tuple[Part, Bounds]] = []
    begun = batch.pieces[0].start
    most_bytes = _MOST_TIMES * (batch.pieces[-1].end - begun)
    for data, piece in batch.take():
        known, start = watch.kinds, batch.offset + piece.start
        block = read_block(data, layout, known, offset=start, counted=piece.known)
        if block.rejects and not is_proven and not is_utf8(np.frombuffer(data, np.uint8)):
            raise NotUtf8Error
        columns = prove_columns(block, fields, known)
        if not watch.see([column.kind for column in columns]):
            tables.clear()
            parts.clear()
            continue
        stored = store_block(block, data, layout, fields, columns, plan.wanted)
        if fields.on_misfit == "widen" and not watch.see([column.kind for column in columns], stored.misfits):
            continue
        tally.add(stored, block)
        tables.append(_table(stored, plan))
        is_last = piece is batch.pieces[-1]
        if watch.holds and (is_last or sum(table.nbytes for table in tables) > most_bytes):
            if is_last and is_long:
                del data, block, columns, stored
                batch.buffer = bytearray()
            parts += _encode(tables, plan.encodings, order, piece.end - begun, is_long)
            begun = piece.end
    return Encoded(batch.number, parts if watch.holds else [], tally)


def _encode(
    tables: list[pa.Table], encodings: Encodings, order: Order, text_bytes: int, is_long: bool
) -> list[tuple[Part, Bounds]]:
    """Make a row group of tables, which are taken out of their list, unless they have no rows."""
    table = pa.concat_tables(tables)
    tables.clear()
    if not table.num_rows:
        return []
    bounds, rows = find_bounds(table, order.columns), table.num_rows
    table, long = leave_long_texts(table) if is_long else (table, {})
    content = _write(_use_dictionaries(table, encodings), encodings)
    chunks = [
        encode_texts(long[index], chunk) if index in long else chunk for index, chunk in enumerate(take_chunks(content))
    ]
    return [(Part(chunks, rows, sum(len(one.data) for one in chunks), text_bytes), bounds)]


def _table(stored: Stored, plan: Plan) -> pa.Table:
    rescued = stored.rescued if stored.rescued is not None else pa.nulls(stored.rows, pa.string())
    return pa.Table.from_arrays([*stored.arrays, rescued], schema=plan.schema())


def _use_dictionaries(table: pa.Table, encodings: Encodings) -> pa.Table:
    """Give columns of few texts the file's dictionary, as long as all their texts are in it."""
    for name, dictionary in encodings.dictionaries.items():
        column = table.column(name)
        indices = pc.index_in(column, value_set=dictionary)
        if indices.null_count == column.null_count:
            arrays = [pa.DictionaryArray.from_arrays(chunk, dictionary) for chunk in indices.chunks]
            table = table.set_column(table.schema.get_field_index(name), name, pa.chunked_array(arrays))
    return table


def _write(table: pa.Table, encodings: Encodings) -> memoryview:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **encodings.writer) as writer:
        writer.write_table(table, row_group_size=table.num_rows)
    return memoryview(sink.getvalue())
