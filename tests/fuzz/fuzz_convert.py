"""Convert what a fuzzer makes of CSV files: every input gives a report whose counts add up, or a refusal.

    python -m tests.fuzz.fuzz_convert CORPUS [libFuzzer's options]

The corpus is a folder: tables written in many dialects are put there first, and what reaches new code is added. Any
other exception ends the run, as do an input that takes seconds and one that takes the process over its memory
(``-timeout``, ``-rss_limit_mb``: https://llvm.org/docs/LibFuzzer.html#options). `make fuzz` runs it for ``SECONDS``.
"""

import itertools
import sys
from pathlib import Path

import atheris
import pandas  # noqa: F401 - pyarrow imports it at the first ragged record, which is to take no time here

with atheris.instrument_imports(include=["csvlake"]):
    from csvlake import engine
    from csvlake.errors import CsvlakeError
from tests.dialects import DELIMITERS, PACKINGS, Style, pack, write

TABLES = [
    [["id", "name", "price"], ["1", "Ann", "3.50"], ["2", 'Bob "B" Ray', "4.25"], ["3", "Cid\nDee", ""]],
    [["when", "städte"], ["2020-01-31", "Köln"], ["2020-02-29", "Zürich, CH"], ["2021-03-01", "\0"]],
    [["n"], ["1"], ["-2"], ["1e5"], ["007"]],
]
ODD = [b'a,b\n1,"2\n3,4\n', b"sep=;\na;b\n1;2\n", b"Sales\n\na,b\n1,2\nTotal,2\n", b"a,b\n1,2,3\n4\n\xff,5\n", bytes(9)]


def write_corpus(folder: Path) -> None:
    """Put files of every delimiter, quote, escape, line end, encoding and compression into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    styles = [
        Style(delimiter, quote, escape, (end,))
        for delimiter, (quote, escape), end in zip(
            DELIMITERS, itertools.cycle([('"', ""), ("'", ""), ('"', "\\")]), itertools.cycle(["\n", "\r\n", "\r"])
        )
    ]
    styles += [Style(encoding=encoding) for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252")]
    styles += [Style(packing=packing) for packing in PACKINGS]
    files = [write(table, style) for table in TABLES[:2] for style in styles]
    files += [write(TABLES[2], Style()), *ODD, *(pack(data, "gzip") for data in ODD)]
    for number, data in enumerate(files):
        (folder / f"seed-{number:03}").write_bytes(data)


def convert_one(data: bytes) -> None:
    """Convert one input."""
    try:
        converted = engine.convert(engine.open_source(data))
    except CsvlakeError:
        return
    report = converted.report
    if converted.path is not None:
        converted.path.unlink()
    rows = report.rows_written if converted.table is None else converted.table.num_rows
    if not report.records_read == report.rows_written + report.records_rejected == rows + len(report.rejects):
        raise AssertionError(f"{report.records_read} read, {rows} rows, {len(report.rejects)} rejects")


if __name__ == "__main__":
    write_corpus(Path(sys.argv[1]))
    atheris.Setup(sys.argv, convert_one)
    atheris.Fuzz()
