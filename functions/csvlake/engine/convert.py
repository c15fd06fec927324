"""Convert one source: read, decide, prove, agree, store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from csvlake.engine.blocks import Block, read_block
from csvlake.engine.cells import Cells
from csvlake.engine.dialect import decide
from csvlake.engine.kinds import TEXT, glue_type
from csvlake.engine.layout import Layout
from csvlake.engine.model import RESCUED_COLUMN, Agree, Column, Converted, ConvertOptions, Reject, Report, Source
from csvlake.engine.names import clean_names
from csvlake.engine.prove import classify
from csvlake.engine.source import TextBytes, open_text
from csvlake.engine.store import Proven, Stored, store_block
from csvlake.engine.writer import make_schema, writer_arguments
from csvlake.errors import TransientError

__all__ = ["convert", "inspect"]

_OUTCOMES = {"rescue": f"kept in {RESCUED_COLUMN}", "reject_record": "their records are rejected"}


def convert(
    source: Source,
    options: ConvertOptions | None = None,
    agree: Agree | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Converted:
    """Convert one CSV source as a whole, without making it visible anywhere.

    Args:
        source: bytes in ranges.
        options: None for the defaults.
        agree: asked for the types to store, once those of the whole file are known; it may be asked again, and must
            give the same answer to the same question.
        metadata: for the Parquet file's key-value metadata.

    Raises:
        TerminalError: the file can never be converted as it is.
        TransientError: the source could not be read, or the records' counts do not agree.
    """
    options = options or ConvertOptions()
    text = open_text(source, options)
    layout = decide(text, options)
    body = _read_body(text, layout)
    block = read_block(body, layout, offset=layout.body_start, line=layout.first_line)
    columns, proven = _prove(block, layout, options)
    wanted = _agree(columns, agree)
    stored = store_block(block, body, layout, proven, wanted, options.on_misfit)
    problems = _describe_problems(block, layout)
    if stored.misfits and options.on_misfit == "widen":
        misfits = {misfit.column.name for misfit in stored.misfits}
        problems += [f"{misfit.describe()}: the column becomes string" for misfit in stored.misfits]
        wanted = [replace(column, type="string") if column.name in misfits else column for column in wanted]
        stored = store_block(block, body, layout, proven, wanted, options.on_misfit)
    problems += [f"{misfit.describe()}: {_OUTCOMES[options.on_misfit]}" for misfit in stored.misfits]
    return _finish(stored, layout, wanted, metadata, problems)


def inspect(source: Source, options: ConvertOptions | None = None) -> Report:
    """Return what `convert` would report of a source."""
    converted = convert(source, options)
    if converted.path is not None:
        converted.path.unlink()
    return converted.report


def _read_body(text: TextBytes, layout: Layout) -> bytes:
    if layout.body_end is not None:
        return text.read_range(layout.body_start, layout.body_end - layout.body_start)
    size = text.size if text.size is not None else 1 << 62
    return text.read_range(layout.body_start, size - layout.body_start)


def _prove(block: Block, layout: Layout, options: ConvertOptions) -> tuple[list[Column], list[Proven]]:
    has_header = layout.dialect.has_header
    columns, everything = [], []
    for name, raw, array in zip(clean_names(layout.names), layout.names, block.columns, strict=True):
        cells = Cells(array)
        kind, values = (TEXT, cells.as_text()) if options.types == "text" else classify(cells)
        columns.append(Column(name, glue_type(kind), raw if has_header else ""))
        everything.append(Proven(cells, kind, values))
    return columns, everything


def _agree(inferred: Sequence[Column], agree: Agree | None) -> list[Column]:
    if agree is None:
        return list(inferred)
    wanted = list(agree(inferred))
    if [column.name for column in wanted] != [column.name for column in inferred]:
        raise ValueError("agree must return the columns that it was given, in their order")
    return wanted


def _finish(
    stored: Stored, layout: Layout, wanted: Sequence[Column], metadata: Mapping[str, str] | None, problems: list[str]
) -> Converted:
    """Put the stored block and its report together, if their counts agree."""
    schema, arrays, rescued = tuple(wanted), stored.arrays, 0
    if stored.rescued is not None:
        schema += (Column(RESCUED_COLUMN, "string"),)
        arrays = [*arrays, stored.rescued]
        rescued = stored.rows - stored.rescued.null_count
    table = pa.Table.from_arrays(arrays, schema=make_schema(schema, layout.dialect, metadata))
    report = Report(
        layout.dialect, schema, stored.records, table.num_rows, len(stored.rejects), rescued, stored.rejects, problems
    )
    return Converted(_check(report), table, writer_arguments(schema), None)


def _describe_problems(block: Block, layout: Layout) -> list[str]:
    problems = []
    if block.ragged:
        row, record = next(iter(sorted(block.ragged.items())))
        problems.append(
            f"{len(block.ragged)} records have not {layout.width} cells, the first in row {row + 1} has "
            f"{len(record.cells)}: kept in {RESCUED_COLUMN}"
        )
    if block.blank:
        problems.append(f"{block.blank} blank lines between records are no rows")
    if block.comments:
        problems.append(f"{block.comments} comment lines are no rows")
    if block.rejects:
        first: Reject = block.rejects[0]
        problems.append(f"{len(block.rejects)} records were rejected, the first at line {first.line}: {first.reason}")
    return problems


def _check(report: Report) -> Report:
    if report.records_read != report.rows_written + report.records_rejected:
        raise TransientError(
            f"{report.records_read} records were counted, {report.rows_written} rows written and "
            f"{report.records_rejected} rejected: these do not add up, so nothing is written"
        )
    return report
