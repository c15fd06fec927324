"""Convert one source: read, decide, prove, agree, store."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from csvlake.engine.blocks import Block, join_blocks, read_block
from csvlake.engine.cutter import Cutter
from csvlake.engine.dialect import decide
from csvlake.engine.encode import NotUtf8Error
from csvlake.engine.fields import Fields, name_fields, obey
from csvlake.engine.grammar import count_lines
from csvlake.engine.kinds import Kind
from csvlake.engine.layout import Layout
from csvlake.engine.model import Agree, Converted, ConvertOptions, Output, Report, Source
from csvlake.engine.plan import prove_columns, settle, widen
from csvlake.engine.rejects import Rejects
from csvlake.engine.sizes import choose_sizes
from csvlake.engine.source import TextBytes, open_text
from csvlake.engine.store import store_block
from csvlake.engine.stream import stream
from csvlake.engine.tally import Tally
from csvlake.engine.writer import make_schema, writer_arguments

__all__ = ["convert", "inspect"]

_SMALL_BYTES = 64 << 10  # of a body that may be read record by record
_PIECE_BYTES = 4 << 20
_MANY_LINES = 200_000  # of a body: were all of them odd, they would take a thousand times their bytes at once


def convert(
    source: Source,
    options: ConvertOptions | None = None,
    agree: Agree | None = None,
    metadata: Mapping[str, str] | None = None,
    output: Output | None = None,
) -> Converted:
    """Convert one CSV source as a whole, without making it visible anywhere.

    Args:
        source: bytes in ranges.
        options: None for the defaults.
        agree: asked for the types to store, once those of the whole file are known; it may be asked again, and must
            give the same answer to the same question.
        metadata: for the Parquet file's key-value metadata.
        output: told of a scratch file while it grows; not asked for a file that is kept in memory.

    Raises:
        TerminalError: the file can never be converted as it is.
        TransientError: the source could not be read, or the records' counts do not agree.
    """
    options = obey(options or ConvertOptions())
    text = open_text(source, options)
    with suppress(NotUtf8Error):  # which holds what was read as long as it is handled
        return _convert_text(text, options, agree, metadata, output)
    text = open_text(source, options, whole=True)
    text.encoding_proven = True  # nothing more can be found out: what is not of it is rejected
    return _convert_text(text, options, agree, metadata, output)


def inspect(source: Source, options: ConvertOptions | None = None) -> Report:
    """Return what `convert` would report of a source."""
    converted = convert(source, options)
    if converted.path is not None:
        converted.path.unlink()
    return converted.report


def _convert_text(
    text: TextBytes,
    options: ConvertOptions,
    agree: Agree | None,
    metadata: Mapping[str, str] | None,
    output: Output | None,
) -> Converted:
    layout = decide(text, options)
    sizes = choose_sizes(options.memory_bytes, getattr(text.source, "held_bytes", 0), layout.width)
    end = layout.body_end if layout.body_end is not None else text.size
    if end is None or end - layout.body_start > sizes.batch_bytes:
        return stream(text, layout, options, agree, metadata, sizes, output)
    body = text.read_range(layout.body_start, end - layout.body_start)
    if count_lines(body, 0, len(body)) > _MANY_LINES:
        del body
        return stream(text, layout, options, agree, metadata, sizes, output)
    fields = name_fields(layout, options)
    block = _read_body(text, layout, body, fields.assume(), max(_PIECE_BYTES, sizes.piece_bytes))
    return _convert_at_once(block, body, layout, fields, agree, metadata, options.scratch_dir)


def _read_body(text: TextBytes, layout: Layout, body: bytes, known: Sequence[Kind], piece_bytes: int) -> Block:
    """Read all records; where quotes are odd only the stretches around them are read one by one."""
    if len(body) <= _SMALL_BYTES:
        return read_block(body, layout, known, offset=layout.body_start)
    cutter = Cutter(text, layout, len(body) + 1, piece_bytes)
    blocks = []
    while (batch := cutter.next(bytearray())) is not None:  # no buffer twice: texts may be looked at later
        blocks += [
            read_block(data, layout, known, offset=batch.offset + piece.start, counted=piece.known)
            for data, piece in batch.take()
        ]
    return join_blocks(blocks)


def _convert_at_once(
    block: Block,
    body: bytes,
    layout: Layout,
    fields: Fields,
    agree: Agree | None,
    metadata: Mapping[str, str] | None,
    scratch_dir: Path | None,
) -> Converted:
    """Convert a body that makes one row group, kept in memory."""
    proven = prove_columns(block, fields, fields.assume())
    wanted = settle(fields, [column.kind for column in proven], agree)
    stored = store_block(block, body, layout, fields, proven, wanted)
    widened: list[str] = []
    if fields.on_misfit == "widen" and (misfits := [misfit for misfit in stored.misfits if not misfit.is_empty]):
        widened = [misfit.describe_widened() for misfit in misfits]
        wanted = widen(wanted, {misfit.column.name for misfit in misfits})
        stored = store_block(block, body, layout, fields, proven, wanted)
    tally = Tally(rejects=Rejects(scratch_dir))
    tally.add(stored, block)
    report = tally.report(layout, wanted, fields, widened)
    arrays = stored.arrays if stored.rescued is None else [*stored.arrays, stored.rescued]
    schema = make_schema(report.schema, layout.dialect, metadata)
    # Decimals that were held in 64 bits; the others are of their type already.
    arrays = [a if a.type == type_ else a.cast(type_) for a, type_ in zip(arrays, schema.types, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=schema)
    return Converted(report, table, writer_arguments(report.schema), None)
