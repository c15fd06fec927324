"""Say of each column what its cells are, and what they would be without a few of them: evidence for a contract.

Every cell of a file is looked at. Nothing is decided here: what may stand for null and what most cells are is counted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from csvlake.engine.cells import Cells
from csvlake.engine.convert import convert
from csvlake.engine.kinds import EMPTY, Kind, join
from csvlake.engine.model import RESCUED_COLUMN, Converted, ConvertOptions, Report, Source
from csvlake.engine.prove import classify

__all__ = ["Fit", "Sight", "Survey", "survey"]

# What people write for a value that they do not have; each of them may as well be a value, as NA is Namibia's code.
_NULLS = (
    "NA N/A n/a na NaN nan NULL Null null None none nil NIL - -- --- . ? \\N #N/A #NA #NULL! (null) <NA> <null> "
    "missing Missing unknown Unknown"
)
_WORDS = _NULLS.split()
_SHAPES = (
    r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?$",
    r"^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}$",
    r"^(?:true|false|True|False|TRUE|FALSE)$",
)
_EXAMPLES = 5


@dataclass
class Fit:
    """The cells of a column that have one shape: how many, what they are, and examples of those that have it not."""

    cells: int = 0
    kind: Kind = EMPTY
    misfits: list[str] = field(default_factory=list)

    def see(self, texts: pa.Array, counts: pa.Array, shape: str) -> None:
        """Look at texts and how often each occurs."""
        fits = pc.match_substring_regex(texts, shape)
        self.cells += pc.sum(counts.filter(fits)).as_py() or 0
        self.kind = _join_cells(self.kind, texts.filter(fits))
        if len(self.misfits) < _EXAMPLES:
            others = texts.filter(pc.invert(fits)).slice(0, _EXAMPLES).to_pylist()
            self.misfits = list(dict.fromkeys(self.misfits + others))[:_EXAMPLES]


@dataclass
class Sight:
    """What was seen of one column."""

    cells: int = 0  # that are not empty
    empty: int = 0
    kind: Kind = EMPTY  # of all of them
    words: Counter[str] = field(default_factory=Counter)  # cells that may stand for null
    rest: Kind = EMPTY  # of the others
    fits: list[Fit] = field(default_factory=lambda: [Fit() for _ in _SHAPES])  # among the others, by shape

    def see(self, texts: pa.Array) -> None:
        """Look at cells, null where they are empty."""
        present = texts.drop_null()
        self.cells += len(present)
        self.empty += len(texts) - len(present)
        self.kind = _join_cells(self.kind, present)
        is_word = pc.is_in(present, pa.array(_WORDS))
        for word in present.filter(is_word).value_counts():
            self.words[word["values"].as_py()] += word["counts"].as_py()
        rest = present.filter(pc.invert(is_word))
        self.rest = _join_cells(self.rest, rest)
        values, counts = rest.value_counts().flatten()
        for fit, shape in zip(self.fits, _SHAPES, strict=True):
            fit.see(values, counts, shape)

    def add(self, other: "Sight") -> None:
        """Add what was seen of the same column elsewhere."""
        self.cells += other.cells
        self.empty += other.empty
        self.kind = join(self.kind, other.kind)
        self.words += other.words
        self.rest = join(self.rest, other.rest)
        self.fits = [
            Fit(
                one.cells + two.cells,
                join(one.kind, two.kind),
                list(dict.fromkeys(one.misfits + two.misfits))[:_EXAMPLES],
            )
            for one, two in zip(self.fits, other.fits, strict=True)
        ]


@dataclass(frozen=True)
class Survey:
    """What was seen of one file: how it reads, and its columns by name."""

    report: Report
    columns: dict[str, Sight]


def survey(source: Source, options: ConvertOptions | None = None) -> Survey:
    """Look at every cell of a source.

    Args:
        source: bytes in ranges.
        options: how to read it; types and contract do not matter.

    Raises:
        TerminalError: as `convert`.
        TransientError: as `convert`.
    """
    options = replace(options or ConvertOptions(), types="text", contract=None)
    converted = convert(source, options)
    names = [column.name for column in converted.report.schema if column.name != RESCUED_COLUMN]
    columns = {name: Sight() for name in names}
    try:
        for batch in _batches(converted, names):
            for name in names:
                columns[name].see(pa.concat_arrays([batch.column(name)]))
    finally:
        if converted.path is not None:
            converted.path.unlink()
    return Survey(converted.report, columns)


def _batches(converted: Converted, names: list[str]) -> Iterator[pa.RecordBatch]:
    if converted.table is not None:
        yield from converted.table.select(names).to_batches()
    elif converted.path is not None:
        with pq.ParquetFile(converted.path) as file:
            yield from file.iter_batches(columns=names, use_threads=False)


def _join_cells(known: Kind, texts: pa.Array) -> Kind:
    return join(known, classify(Cells(texts.cast(pa.binary())), known)[0])
