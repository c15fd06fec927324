"""Convert a file that is larger than one row group: threads encode batches, their row groups go to a scratch file.

A pass assumes what a plan says. When a cell refutes it, the rest of the pass only looks at the columns, and the next
one cannot be refuted, but for columns that the policy widens.
"""

import os
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from csvlake.engine import footer
from csvlake.engine.blocks import Block, read_block
from csvlake.engine.cutter import Cutter
from csvlake.engine.encode import Encoded, encode_batch
from csvlake.engine.fields import Fields, name_fields
from csvlake.engine.layout import Layout
from csvlake.engine.model import Agree, Column, Converted, ConvertOptions, Output, Report
from csvlake.engine.order import Order
from csvlake.engine.pieces import Batch
from csvlake.engine.plan import Plan, Watch, choose_encodings, make_plan
from csvlake.engine.rejects import Rejects
from csvlake.engine.rowgroups import RowGroups
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import TextBytes
from csvlake.engine.tally import Tally
from csvlake.engine.turns import Turns
from csvlake.engine.writer import make_schema, writer_arguments
from csvlake.errors import TransientError

__all__ = ["describe_empty", "read_sample", "stream"]

_MAX_PASSES = 6
_MAX_SAMPLES = 2  # looked for: of a text that begins with so many long records nothing is assumed
_SPARE = 2  # a piece of so many times what it should have holds a long record


def stream(
    text: TextBytes,
    layout: Layout,
    options: ConvertOptions,
    agree: Agree | None,
    metadata: Mapping[str, str] | None,
    sizes: Sizes,
    output: Output | None = None,
) -> Converted:
    """Convert a text of any length to a scratch file, in bounded memory.

    Raises:
        NotUtf8Error: the text's encoding was not proven, and is refuted.
        TransientError: the counts do not agree, or the scratch file could not be written.
    """
    fields = name_fields(layout, options)
    sample = read_sample(text, layout, fields, sizes.sample_bytes)
    plan = make_plan(sample, fields, agree)
    widened: Mapping[str, str] = {}
    for _ in range(_MAX_PASSES):
        watch = Watch(plan, agree, fields, widened)
        converted = _try(_Pass(text, layout, fields, plan, watch, options, sizes, output), metadata)
        if converted is not None:
            return converted
        widened = watch.widened
        encodings = choose_encodings(sample, fields, watch.wanted)
        plan = replace(plan, kinds=tuple(watch.kinds), wanted=watch.wanted, encodings=encodings)
    raise TransientError(f"the types of {text.source.name} did not settle in {_MAX_PASSES} passes")


def read_sample(text: TextBytes, layout: Layout, fields: Fields, size: int) -> Block:
    """Read the first records, about so many bytes."""
    known, cutter = fields.assume(), Cutter(text, layout, size, size)
    for _ in range(_MAX_SAMPLES):
        batch = cutter.next(bytearray())
        if batch is not None and batch.longest <= _SPARE * size:
            data, piece = next(batch.take())
            return read_block(data, layout, known, offset=batch.offset, counted=piece.known)
    return read_block(b"", layout, known, offset=layout.body_start)


def _try(current: "_Pass", metadata: Mapping[str, str] | None) -> Converted | None:
    """Run a pass into a scratch file, which is removed where the pass's plan did not hold."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".csvlake-", suffix=".parquet", dir=current.options.scratch_dir)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                report = current.run(path, file, metadata)
        except BaseException:
            current.drop(path)
            raise
    except OSError as error:
        raise TransientError(f"cannot write a scratch file: {error}") from error
    if report is None:
        current.drop(path)
        return None
    return Converted(report, None, writer_arguments(report.schema), path)


class _Pass:
    """One pass over a text: threads pull batches, encode them, and append their row groups in order."""

    def __init__(
        self,
        text: TextBytes,
        layout: Layout,
        fields: Fields,
        plan: Plan,
        watch: Watch,
        options: ConvertOptions,
        sizes: Sizes,
        output: Output | None,
    ) -> None:
        self.options = options
        self._output = output
        self._layout = layout
        self._fields = fields
        self._plan = plan
        self._watch = watch
        self._sizes = sizes
        self._is_proven = text.encoding_proven
        cutter = Cutter(text, layout, sizes.batch_bytes, sizes.piece_bytes, sizes.threads)
        self._turns = Turns(cutter, _SPARE * sizes.piece_bytes)
        self._turn = threading.Condition()
        self._next = 0  # the number of the batch to be appended next
        self._early: dict[int, Encoded] = {}  # by number: encoded before their turn
        self._failed = False
        self._order = Order(len(plan.wanted))
        self._tally = Tally(rejects=Rejects(options.scratch_dir))

    def run(self, path: Path, file: BinaryIO, metadata: Mapping[str, str] | None) -> Report | None:
        """Write the file and return its report, None where the plan did not hold."""
        file.write(footer.MAGIC)
        grow = partial(self._output.grow, path) if self._output is not None else None
        groups = RowGroups(file, self._sizes.held_bytes, self._sizes.group_bytes, grow)
        with ThreadPoolExecutor(self._sizes.threads) as pool:
            futures = deque(pool.submit(self._work, groups) for _ in range(self._sizes.threads))
            try:
                while futures:
                    futures.popleft().result()
            finally:
                futures.clear()  # an error holds this frame, which else would hold the error and its batch
        if not self._watch.holds:
            return None
        widened = [self._watch.widened[name] for name in sorted(self._watch.widened)]
        report = self._tally.report(self._layout, self._plan.wanted, self._fields, widened)
        groups.flush()
        if groups.rows != report.rows_written:
            raise TransientError(f"{report.rows_written} rows were made, {groups.rows} written: a fault of csvlake's")
        if self._output is not None:
            metadata = {**(metadata or {}), **self._output.describe(report)}
        base = describe_empty(make_schema(report.schema, report.dialect, metadata), report.schema)
        groups.finish(base, drops_last=not self._tally.rescued, sorted_columns=sorted(self._order.columns))
        return report

    def drop(self, path: Path) -> None:
        """Remove the file, and tell who followed it."""
        if self._output is not None:
            self._output.drop()
        path.unlink()

    def _work(self, groups: RowGroups) -> None:
        try:
            while not self._failed:
                with self._turns.take() as (batch, is_long):
                    if batch is None:
                        break
                    encoded = self._encode(batch, is_long)
                    del batch
                    if is_long:  # its memory is wanted for the next one
                        self._append(encoded, groups, most_early=0)
                if not is_long:
                    self._append(encoded, groups, most_early=self._sizes.threads)
                del encoded
        except BaseException:
            with self._turn:
                self._failed = True
                self._turn.notify_all()
            raise

    def _encode(self, batch: Batch, is_long: bool) -> Encoded:
        return encode_batch(
            *(batch, self._layout, self._fields, self._plan, self._watch, self._order),
            is_proven=self._is_proven,
            is_long=is_long,
            scratch_dir=self.options.scratch_dir,
        )

    def _append(self, encoded: Encoded, groups: RowGroups, most_early: int) -> None:
        """Append a batch when those before it are; while few others are early its thread leaves it and goes on."""
        with self._turn:
            self._early[encoded.number] = encoded
            self._turn.wait_for(lambda: self._failed or encoded.number <= self._next or len(self._early) < most_early)
            while not self._failed and (ready := self._early.pop(self._next, None)) is not None:
                self._next += 1
                self._tally.join(ready.tally)
                for part, bounds in ready.parts if self._watch.holds else ():
                    self._order.add(bounds)
                    groups.add(part)
            self._turn.notify_all()


def describe_empty(schema: pa.Schema, columns: Sequence[Column]) -> footer.Struct:
    """Return the metadata of a file without rows."""
    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema, **writer_arguments(columns)).close()
    return footer.split(memoryview(sink.getvalue()))[0]
