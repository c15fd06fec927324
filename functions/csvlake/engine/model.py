"""What the engine takes and gives: options, dialect, columns, rejects, report. Plain values, no behaviour.

Types are named as the Glue Data Catalog names them: ``boolean``, ``bigint``, ``decimal(18,s)``, ``decimal(38,s)``,
``double``, ``date``, ``timestamp``, ``string``.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from csvlake.engine.contract import Contract, OnMisfit

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "RESCUED_COLUMN",
    "Agree",
    "Column",
    "Contract",
    "ConvertOptions",
    "Converted",
    "Dialect",
    "OnMisfit",
    "Reject",
    "Report",
    "Skipped",
    "SkippedKind",
    "Source",
]

RESCUED_COLUMN = "_rescued_data"

TypesMode = Literal["lossless", "text"]
SkippedKind = Literal["preamble", "comment", "blank", "footer", "header", "hint"]


class Source(Protocol):
    """Bytes that can be read in ranges: a local file, an open binary file, an S3 object at one ETag."""

    @property
    def name(self) -> str:
        """What messages call it: a path or an ``s3://`` URL."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read_range(self, offset: int, length: int) -> bytes:
        """Read exactly ``length`` bytes from ``offset``, fewer only at the end.

        Raises:
            TransientError: the bytes changed or could not be read.
        """


@dataclass(frozen=True)
class Column:
    """One column of a file or a table."""

    name: str  # as Glue and Athena know it: lower-case ASCII, unique
    type: str  # Glue type
    source_name: str = ""  # the header's own text, "" where the file had none
    format: str = ""  # how the file writes the type's values, where not plainly: csvlake.engine.kinds.choose_format
    digits: int | None = field(default=None, compare=False)  # of an inferred number: the most before the dot


@dataclass(frozen=True)
class ConvertOptions:
    """How to read one file. The defaults need no knowledge of it."""

    types: TypesMode = "lossless"  # "text": every column is a string with the cells' exact text
    contract: Contract | str | os.PathLike[str] | None = None  # wins over what is found out; a path: csvlake.files only
    on_misfit: OnMisfit | None = None  # what becomes of a cell that does not fit its type; None: the contract, "rescue"
    memory_bytes: int = 300 << 20  # bound for the whole process
    delimiter: str | None = None  # None: decided from the bytes
    quote: str | None = None  # "": quotes are text like any other
    escape: str | None = None  # a character that takes the meaning from the next one; "": none
    encoding: str | None = None
    header: bool | None = None
    scratch_dir: Path | None = None  # where large outputs and spills go; None: the system's temporary folder


@dataclass(frozen=True)
class Dialect:
    """How the file was written, and why we think so."""

    delimiter: str
    quote: str | None
    escape: str | None  # None: a quote inside a quoted cell is doubled
    encoding: str
    compression: str | None
    has_header: bool
    skipped_lines: int  # preamble lines above the header
    line_end: str  # "\n", "\r\n", "\r" or "mixed"
    evidence: tuple[str, ...] = ()  # sentences for a person

    def describe(self) -> str:
        """Return the choice in one line, for the ledger."""
        parts = [f"delimiter={self.delimiter!r}", f"quote={self.quote!r}", f"encoding={self.encoding}"]
        if self.compression:
            parts.append(f"compression={self.compression}")
        parts.append(f"header={'yes' if self.has_header else 'no'}")
        if self.skipped_lines:
            parts.append(f"skipped_lines={self.skipped_lines}")
        return " ".join(parts)


class Reject(NamedTuple):
    """A record that could not be placed in the table."""

    line: int  # 1-based physical line where the record starts
    byte_offset: int  # of the record's first byte, in the decompressed file
    reason: str
    raw: bytes

    def behind(self, lines: int) -> "Reject":
        """Return the same with so many lines before it."""
        return Reject(self.line + lines, self.byte_offset, self.reason, self.raw)


class Skipped(NamedTuple):
    """A line that is no record. None is dropped without one of these."""

    line: int  # 1-based physical line; below 0, counted from the end of a long file, whose last line is -1
    kind: SkippedKind
    text: bytes  # the line without its end

    def behind(self, lines: int) -> "Skipped":
        """Return the same with so many lines before it."""
        return Skipped(self.line + lines, self.kind, self.text)


@dataclass
class Report:
    """What became of every record of one file: records_read == rows_written + records_rejected, always."""

    dialect: Dialect
    schema: tuple[Column, ...]  # of the written file, in its column order, RESCUED_COLUMN last when present
    records_read: int = 0
    rows_written: int = 0
    records_rejected: int = 0
    rows_rescued: int = 0  # rows whose _rescued_data is not null
    rejects: Sequence[Reject] = ()  # by their place in the file; of many, most are in a scratch file
    problems: list[str] = field(default_factory=list)  # sentences for a person
    skipped: tuple[Skipped, ...] = ()  # lines that are no records; of comments between records the first 1,000


# Asked with a file's columns and the narrowest lossless type of each. Returns those to write: the same ones in the
# same order, names as they are and types as the table wants them. A cell that does not fit the returned type is handled
# as ConvertOptions.on_misfit says. Of a large file it is asked early, and again, by any thread but one at a time, when
# later cells change a type; what is written is the answer to the whole file's types. So it must depend on its argument
# alone. May raise TerminalError to refuse the file.
Agree = Callable[[Sequence[Column]], Sequence[Column]]


@dataclass(frozen=True)
class Output:
    """Follows a file that is too large to be kept in memory, so that it can be sent while it is made.

    Called by one thread at a time.

    Attributes:
        grow: told that the first so many bytes of a file stand as they will stay.
        drop: told that what was said of so far is no more: a later cell refuted what was assumed. Another file follows.
        describe: asked for what the file's key-value metadata are to hold besides, when all but its footer is written.
            May raise what `convert` then raises.
    """

    grow: Callable[[Path, int], None]
    drop: Callable[[], None]
    describe: Callable[[Report], Mapping[str, str]]


@dataclass
class Converted:
    """A conversion that is complete but not yet visible anywhere.

    Exactly one of ``table`` and ``path`` is set: a file that fits in one row group stays in memory, to be written by
    ``pyarrow.parquet.ParquetWriter(sink, table.schema, **writer_arguments)`` or by awswrangler with the same arguments;
    a larger one was streamed to a scratch file, which the caller removes.
    """

    report: Report
    table: "pa.Table | None"
    writer_arguments: Mapping[str, Any]
    path: Path | None
