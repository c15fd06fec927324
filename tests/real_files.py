"""Real CSV files that are not part of the project, and a reader of them that shares nothing with the engine.

The folder is ``$CSVLAKE_DATA``, or ``../shared/data`` beside the project.
"""

import bz2
import csv
import gzip
import io
import lzma
import os
import re
from pathlib import Path

from csvlake.engine.model import RESCUED_COLUMN, Report

__all__ = ["DATA", "NO_DATA", "UnreadableError", "read_records"]

DATA = Path(os.environ.get("CSVLAKE_DATA") or Path(__file__).parents[2] / "shared" / "data")
NO_DATA = f"no real files at {DATA}: set CSVLAKE_DATA to a folder of CSV files"
STAND_INS = "\x1e\x1d\ue000"  # Python's reader takes delimiters of one character
OPENERS = {"gzip": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}


class UnreadableError(Exception):
    """Python's csv module reads the file otherwise, because it is not written as that module wants it."""


def read_records(content: bytes, report: Report) -> list[list[str]]:
    """Read a file's records strictly: a quote where none belongs is an error.

    Lines that the report lists as no records or as rejected are left out; all others must be rows.

    Raises:
        UnreadableError: Python's reader cannot judge.
    """
    dialect = report.dialect
    if dialect.escape or dialect.delimiter == " +" or len(report.skipped) > 1000:
        raise UnreadableError
    if dialect.compression:
        content = OPENERS[dialect.compression](content)
    text = content.decode(dialect.encoding, "surrogateescape").removeprefix("\ufeff")
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n|$)", text)
    for line, raw in [(s.line, s.text) for s in report.skipped] + [(r.line, r.raw) for r in report.rejects]:
        for place in range(line - 1, line + len(re.findall(rb"\r\n|\r|\n", raw))):
            lines[place] = ""
    if any("\udc80" <= char <= "\udcff" for line in lines for char in line):
        raise UnreadableError
    body = "".join(lines)
    delimiter = dialect.delimiter if len(dialect.delimiter) == 1 else next(c for c in STAND_INS if c not in body)
    reader = csv.reader(
        io.StringIO(body.replace(dialect.delimiter, delimiter), newline=""),
        delimiter=delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=not dialect.escape,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    width = sum(column.name != RESCUED_COLUMN for column in report.schema)
    records = [record or [""] for record in reader if record or width == 1]
    return [[cell.replace(delimiter, dialect.delimiter) for cell in record] for record in records]
